/** What users of NumPy look for: values by closed forms, at the edges too, and gradients by finite differences. */
import { describe, expect, expectTypeOf, it } from 'vitest'
import { gradOf } from '../../src/autodiff/grad.ts'
import { hessian } from '../../src/autodiff/jacobian.ts'
import type { DType } from '../../src/core/DType.ts'
import type { Shape } from '../../src/core/Shape.ts'
import { floats, tensor, type Tensor } from '../../src/core/Tensor.ts'
import * as f from '../../src/ops/api.ts'
import type { Expr } from '../../src/ops/api.ts'
import { numbers as exactly } from './evaluated.ts'
import { onEveryTarget } from './onTargets.ts'

type F = Expr<'f32'>
type Values = ReadonlyArray<number>

const near =
  (digits: number) =>
  (values: Values): ReadonlyArray<unknown> =>
    values.map((v) => (Number.isFinite(v) ? expect.closeTo(v, digits) : v))

const held = (dtype: DType, shape: Shape, values: Values): Tensor => tensor(dtype, shape, Float64Array.from(values))

/** An input of a name, which no compiler knows, and its value. */
const given = (values: Values, dtype: DType = 'f32', shape: Shape = [values.length], name = 'x') => ({
  x: f.input(name, dtype, shape) as Expr,
  values: new Map([[name, held(dtype, shape, values)]])
})

const slope = (y: Expr, x: Expr): Expr => gradOf(f.sum('all')(y as F))({ x }).x

/** Central differences of a sum, in double precision. */
const differences = (g: (x: F) => Expr, shape: Shape, values: Values): Values => {
  const at = (v: Values): number => exactly(f.sum('all')(g(f.constant(shape, v)) as F))[0] ?? NaN
  const h = 1e-5
  return values.map((v, i) => (at(values.with(i, v + h)) - at(values.with(i, v - h))) / (2 * h))
}

const { NaN: none, POSITIVE_INFINITY: infinite } = Number
const edges = [none, infinite, -infinite, 0, -0, 1, -1]

// elements ---------------------------------------------------------------------------------

/** Half to even, and zeros with a sign. */
const rounded: ReadonlyArray<readonly [x: number, to: number]> = [
  [0.5, 0],
  [1.5, 2],
  [2.5, 2],
  [3.5, 4],
  [-0.5, -0],
  [-1.5, -2],
  [-2.5, -2],
  [0.49999997, 0],
  [-0.3, -0],
  [8388609, 8388609],
  [-4194304.5, -4194304],
  [4194305.5, 4194306],
  [0, 0],
  [infinite, infinite],
  [-infinite, -infinite],
  [none, none]
]

const ceilings: ReadonlyArray<readonly [x: number, to: number]> = [
  [0.1, 1],
  [1, 1],
  [-0.1, -0],
  [-1.5, -1],
  [-0, -0],
  [0, 0],
  [infinite, infinite],
  [-infinite, -infinite],
  [none, none]
]

/** Functions of one number, and where they are to be right. Near 1 the logarithm of WGSL is right to 2⁻²¹ only. */
const functions: Readonly<Record<string, readonly [f: (x: F) => Expr, exact: (x: number) => number, at: Values]>> = {
  exp2: [f.exp2, (x) => 2 ** x, [-120, -3.5, 0, 0.3, 10, 100.25]],
  log2: [f.log2, Math.log2, [1e-30, 0.3, 0.9, 1.5, 8, 1e30]],
  tan: [f.tan, Math.tan, [-1.5, -0.3, 1e-6, 0.7, 1.4, 20]],
  atan: [f.atan, Math.atan, [-1e6, -3, -1, -0.5, -1e-6, 1e-6, 0.4, 0.42, 1.1, 2.4, 2.42, 50]],
  asin: [f.asin, Math.asin, [-1, -0.99, -0.5, 1e-6, 0.3, 0.9, 0.9999]],
  acos: [f.acos, Math.acos, [-1, -0.99, -0.5, 1e-6, 0.3, 0.9, 0.9999]],
  logSigmoid: [
    f.logSigmoid,
    (x) => (x < 0 ? x - Math.log1p(Math.exp(x)) : -Math.log1p(Math.exp(-x))),
    [-1000, -30, -1, 0, 1, 12, 30]
  ],
  elu: [f.elu(1.5), (x) => (x < 0 ? 1.5 * Math.expm1(x) : x), [-100, -2, -1e-6, 1e-6, 3]]
}

/** At what is no number, infinite, or a zero with a sign. */
const atEdges: Readonly<Record<string, Values>> = {
  exp2: [none, infinite, 0, 1, 1, 2, 0.5],
  log2: [none, infinite, none, -infinite, -infinite, 0, none],
  atan: [none, Math.PI / 2, -Math.PI / 2, 0, 0, Math.PI / 4, -Math.PI / 4],
  asin: [none, none, none, 0, 0, Math.PI / 2, -Math.PI / 2],
  acos: [none, none, none, Math.PI / 2, Math.PI / 2, 0, Math.PI],
  logSigmoid: [none, 0, -infinite, -Math.LN2, -Math.LN2, -Math.log1p(Math.exp(-1)), -1 - Math.log1p(Math.exp(-1))],
  elu: [none, infinite, -1.5, 0, 0, 1, 1.5 * Math.expm1(-1)]
}

await onEveryTarget('functions of elements', (numbers) => {
  const of = (g: (x: F) => Expr, v: Values): Promise<Values> => {
    const { x, values } = given(v)
    return numbers(g(x as F), values)
  }

  it('round is to the nearest, of two to the even one, and keeps the sign of zero', async () => {
    expect(
      await of(
        f.round,
        rounded.map(([x]) => x)
      )
    ).toEqual(rounded.map(([, to]) => to))
  })

  it('ceil is the smallest integer not below', async () => {
    expect(
      await of(
        f.ceil,
        ceilings.map(([x]) => x)
      )
    ).toEqual(ceilings.map(([, to]) => to))
  })

  for (const [name, [g, exact, at]] of Object.entries(functions)) {
    it(`${name} is right to single precision`, async () => {
      const points = at.map(Math.fround)
      const got = await of(g, points)

      got.forEach((y, i) => expect(Math.abs(y - exact(points[i] ?? none))).toBeLessThanOrEqual(2e-6 * Math.abs(exact(points[i] ?? none)))) // prettier-ignore
    })

    it(`${name} has the slope of its differences`, async () => {
      const points = [-0.9, -0.4, 0.3, 0.8].map((x) => (name === 'log2' ? Math.abs(x) : x)).map(Math.fround)
      const { x, values } = given(points)

      expect(await numbers(slope(g(x as F), x), values)).toEqual(near(4)(differences(g, [4], points)))
    })
  }

  for (const [name, wanted] of Object.entries(atEdges))
    it(`${name} at what is not finite, and at zeros`, async () => {
      const got = await of(functions[name]![0], edges)

      expect(got.map((y) => y + 0)).toEqual(near(6)(wanted))
    })

  it('waves are right over many turns', async () => {
    const points = Array.from({ length: 2000 }, (_, i) => Math.fround(1e5 * (0.5 + i / 4000)))

    for (const [wave, exact] of [[f.sin, Math.sin] as const, [f.cos, Math.cos] as const]) {
      const got = await of(wave, points)
      expect(Math.max(...got.map((y, i) => Math.abs(y - exact(points[i] ?? none))))).toBeLessThan(1e-6)
    }
  })

  it('rounding has gradient 0', async () => {
    const { x, values } = given([0.3, -1.5])

    for (const g of [f.round, f.ceil]) expect(await numbers(slope(g(x as F), x), values)).toEqual([0, 0])
  })

  it('isNaN and isFinite see what is no number, computed or given', async () => {
    const { x, values } = given([...edges, 3.4e38, 1e-38])

    expect(await numbers(f.isNaN(x as F), values)).toEqual([1, 0, 0, 0, 0, 0, 0, 0, 0])
    expect(await numbers(f.isFinite(x as F), values)).toEqual([0, 0, 0, 1, 1, 1, 1, 1, 1])
    const some = given([infinite, -infinite, 0, 1, -1])
    expect(await numbers(f.isNaN(f.log(some.x as F)), some.values)).toEqual([0, 1, 0, 0, 1])
    expect(await numbers(f.isFinite(f.reciprocal(some.x as F)), some.values)).toEqual([1, 1, 0, 1, 1])
  })
})

await onEveryTarget('what is no number', (numbers) => {
  it('is larger than any number, where elements are put in order', async () => {
    const { x, values } = given([3, none, -infinite, infinite, none, 3, -none, 0])
    const numbered = x as F

    expect(await numbers(f.argsort(0)(numbered), values)).toEqual([2, 7, 0, 5, 3, 1, 4, 6])
    expect(await numbers(f.argsort(0, 'descending')(numbered), values)).toEqual([1, 4, 6, 3, 0, 5, 7, 2])
    expect(await numbers(f.sort(0)(numbered), values)).toEqual([-infinite, 0, 3, 3, infinite, none, none, none])
  })

  it('is what extrema and activations make of it, on any axis', async () => {
    const { x, values } = given([none, 1, 2, 3, 4, none], 'f32', [2, 3])

    expect(await numbers(f.max([0])(x as F), values)).toEqual([none, 4, none])
    expect(await numbers(f.min([1])(x as F), values)).toEqual([none, none])
    expect(await numbers(f.relu(x as F), values)).toEqual([none, 1, 2, 3, 4, none])
  })

  it('is no power of 1 or to 0, as IEEE 754 has it', async () => {
    const [x, y] = [given([1, 1, -1, -1, none, none]), given([none, infinite, -infinite, none, 0, 1], 'f32', [6], 'y')]
    const values = new Map([...x.values, ...y.values])

    expect(await numbers(f.pow(x.x as F, y.x as F), values)).toEqual([1, 1, 1, none, 1, none])
  })
})

const remainderOf = (x: number, y: number): number => x - Math.floor(x / y) * y

await onEveryTarget('functions of two', (numbers) => {
  const of = (g: (x: never, y: never) => Expr, dtype: DType, a: Values, b: Values): Promise<Values> => {
    const [x, y] = [given(a, dtype), given(b, dtype, [b.length], 'y')]
    return numbers(g(x.x as never, y.x as never), new Map([...x.values, ...y.values]))
  }

  it('comparisons are those of numbers; no number compares with none', async () => {
    const [a, b] = [
      [1, 2, 3, none, none, infinite, -0],
      [2, 2, 2, none, 0, infinite, 0]
    ] as const

    expect(await of(f.greater, 'f32', a, b)).toEqual([0, 0, 1, 0, 0, 0, 0])
    expect(await of(f.greaterEqual, 'f32', a, b)).toEqual([0, 1, 1, 0, 0, 1, 1])
    expect(await of(f.notEqual, 'f32', a, b)).toEqual([1, 0, 1, 1, 1, 0, 0])
    expect(await of(f.greater, 'u32', [3_000_000_000, 1], [1, 3_000_000_000])).toEqual([1, 0])
    expect(await of(f.notEqual, 'bool', [1, 0, 1], [1, 1, 0])).toEqual([0, 1, 1])
  })

  it('mod has the sign of the divisor', async () => {
    const [a, b] = [
      [7, -7, 7, -7, 5.5, -5.5, 6, -6, 0.25],
      [3, 3, -3, -3, 2, 2, 3, -3, 1e6]
    ] as const

    expect((await of(f.mod, 'f32', a, b)).map((r) => r + 0)).toEqual(
      near(6)(a.map((x, i) => remainderOf(x, b[i] ?? none) + 0))
    )
  })

  it('mod by nothing is no number, and so is that of what is infinite', async () => {
    expect(await of(f.mod, 'f32', [1, none, infinite, 1], [0, 1, 1, none])).toEqual([none, none, none, none])
  })

  it('mod by what is infinite leaves what is divided, or the divisor where the signs differ', async () => {
    const got = await of(f.mod, 'f32', [5, -5, 5, -5], [infinite, infinite, -infinite, -infinite])

    expect(got).toEqual([5, infinite, -infinite, -5])
  })

  it('mod lies between 0 and the divisor, where the quotient is rounded up too', async () => {
    const a = Array.from({ length: 200 }, (_, i) => Math.fround((i - 100) * 0.7))
    const b = a.map((_, i) => Math.fround(i % 2 === 0 ? 0.1 : -0.3))

    const got = await of(f.mod, 'f32', a, b)

    expect(got.filter((r, i) => r / (b[i] ?? none) < 0 || Math.abs(r) > Math.abs(b[i] ?? none))).toEqual([])
    got.forEach((r, i) => {
      const off = (r - (a[i] ?? none)) / (b[i] ?? none)
      expect(Math.abs(off - Math.round(off)) * Math.abs(b[i] ?? none)).toBeLessThan(1e-5)
    })
  })

  it('mod of integers is exact, and leaves what is divided by 0', async () => {
    const least = -(2 ** 31)

    expect(await of(f.mod, 'i32', [7, -7, 7, -7, 5, -5, least, least], [3, 3, -3, -3, 0, 0, -1, 7])).toEqual([1, 2, -2, -1, 5, -5, 0, 5]) // prettier-ignore
    expect(await of(f.mod, 'u32', [4_294_967_295, 7], [10, 0])).toEqual([5, 7])
  })

  it('atan2 is the angle of a point, with its gradient, on the axes too', async () => {
    const points = [0, 1, 2, 3, 4, 5, 6, 7]
      .map((i) => (i * Math.PI) / 4)
      .map((t) => [Math.sin(t), Math.cos(t)] as const)
    const exactAxes = points.map((p) => p.map((c) => (Math.abs(c) < 1e-9 ? 0 : Math.fround(3 * c))) as [number, number])
    const [y, x] = [
      given(
        exactAxes.map(([s]) => s),
        'f32',
        [8],
        'y'
      ),
      given(exactAxes.map(([, c]) => c))
    ]
    const values = new Map([...x.values, ...y.values])
    const angle = f.atan2(y.x as F, x.x as F)

    expect((await numbers(angle, values)).map((a) => a + 0)).toEqual(
      near(6)(exactAxes.map(([s, c]) => Math.atan2(s, c)))
    )
    expect(await numbers(slope(angle, y.x), values)).toEqual(near(6)(exactAxes.map(([, c]) => c / 9)))
    expect(await numbers(slope(angle, x.x), values)).toEqual(near(6)(exactAxes.map(([s]) => -s / 9)))
  })

  it('atan2 of the origin is 0 with gradient 0, and none of no number', async () => {
    const [y, x] = [given([0, none, 1], 'f32', [3], 'y'), given([0, 1, none])]
    const values = new Map([...x.values, ...y.values])
    const angle = f.atan2(y.x as F, x.x as F)

    expect(await numbers(angle, values)).toEqual([0, none, none])
    expect((await numbers(slope(angle, y.x), values))[0]).toBe(0)
    expect((await numbers(slope(angle, x.x), values))[0]! + 0).toBe(0)
  })

  it('mod has gradient 1 by what is divided, and less the whole quotient by the divisor', async () => {
    const [x, y] = [given([7.5, -7.5]), given([2, 2], 'f32', [2], 'y')]
    const values = new Map([...x.values, ...y.values])
    const r = f.mod(x.x as F, y.x as F)

    expect(await numbers(slope(r, x.x), values)).toEqual([1, 1])
    expect(await numbers(slope(r, y.x), values)).toEqual([-3, 4])
  })
})

describe('round', () => {
  it('leaves a negative zero; WGSL does not promise its sign', () => {
    expect(exactly(f.round(f.constant([2], [-0, 0])))).toEqual([-0, 0])
  })
})

// folds ------------------------------------------------------------------------------------

await onEveryTarget('folds', (numbers) => {
  it('any and all hold along axes', async () => {
    const { x, values } = given([1, 0, 0, 0, 1, 1], 'bool', [3, 2])
    const flags = x as Expr<'bool'>

    expect(await numbers(f.any([1])(flags), values)).toEqual([1, 0, 1])
    expect(await numbers(f.all([1], 'kept')(flags), values)).toEqual([0, 0, 1])
    expect(await numbers(f.any('all')(flags), values)).toEqual([1])
    expect(await numbers(f.all([])(flags), values)).toEqual([1, 0, 0, 0, 1, 1])
    expect(f.all([1], 'kept')(flags).shape).toEqual([3, 1])
  })

  it('of nothing, any is false and all is true; its norm is 0', async () => {
    const flags = given([], 'bool', [2, 0])
    const reals = given([], 'f32', [2, 0])

    expect(await numbers(f.any([1])(flags.x as Expr<'bool'>), flags.values)).toEqual([0, 0])
    expect(await numbers(f.all([1])(flags.x as Expr<'bool'>), flags.values)).toEqual([1, 1])
    expect(await numbers(f.norm([1])(reals.x as F), reals.values)).toEqual([0, 0])
  })

  it('std and norm are roots of squares', async () => {
    const { x, values } = given([3, 4, 1, 1, -5, 12], 'f32', [3, 2])

    expect(await numbers(f.norm([1])(x as F), values)).toEqual(near(5)([5, Math.SQRT2, 13]))
    expect(await numbers(f.norm('all', 'kept')(x as F), values)).toEqual(near(4)([14]))
    expect(await numbers(f.std([1])(x as F), values)).toEqual(near(5)([0.5, 0, 8.5]))
  })

  it('std and norm have gradient 0 where they are 0, and elsewhere that of differences', async () => {
    const points = [3, 4, 0, 0, -5, 12]
    const { x, values } = given(points, 'f32', [3, 2])
    const lengths = (v: F): Expr => f.norm([1])(v)
    const [, , , , , ...rest] = differences(lengths, [3, 2], points)

    expect(await numbers(slope(lengths(x as F), x), values)).toEqual(
      near(4)([0.6, 0.8, 0, 0, -5 / 13, rest[0] ?? none])
    )
    expect(await numbers(slope(f.std([1])(x as F), x), values)).toEqual(near(4)([-0.5, 0.5, 0, 0, -0.5, 0.5]))
  })

  it('std and norm of what is no number are none; of what is infinite the norm is', async () => {
    const { x, values } = given([none, 1, -infinite, 1], 'f32', [2, 2])

    expect(await numbers(f.norm([1])(x as F), values)).toEqual([none, infinite])
    expect((await numbers(f.std([1])(x as F), values))[0]).toBeNaN()
  })
})

await onEveryTarget('places of extrema', (numbers) => {
  it('are that of the first NaN where there is one', async () => {
    const { x, values } = given([1, none, 3, none, 7, 7, 2, 0, none, 5, -infinite, infinite], 'f32', [4, 3])

    expect(await numbers(f.argmax(1)(x as F), values)).toEqual([1, 0, 2, 2])
    expect(await numbers(f.argmin(1)(x as F), values)).toEqual([1, 0, 2, 1])
    expect(await numbers(f.argmax(0)(x as F), values)).toEqual([1, 0, 2])
  })
})

// shapes -----------------------------------------------------------------------------------

describe('shapes', () => {
  const x = f.input('x', 'f32', [2, 1, 3])

  it('are known where axes are counted from the first', () => {
    expectTypeOf(f.squeeze(1)(x)).toEqualTypeOf<Expr<'f32', readonly [2, 3]>>()
    expectTypeOf(f.swapAxes(0, 2)(x)).toEqualTypeOf<Expr<'f32', readonly [3, 1, 2]>>()
    expectTypeOf(f.swapAxes(0, -1)(x)).toEqualTypeOf<Expr<'f32', Shape>>()
    expectTypeOf(f.unstack(0)(x)).toEqualTypeOf<ReadonlyArray<Expr<'f32', readonly [1, 3]>>>()
    expectTypeOf(f.trace(x)).toEqualTypeOf<Expr<'f32', readonly [2]>>()
    expectTypeOf(f.eye(3)).toEqualTypeOf<Expr<'f32', readonly [3, 3]>>()
    expectTypeOf(f.eye(3, 2)).toEqualTypeOf<Expr<'f32', readonly [3, 2]>>()
    expectTypeOf(f.linspace(0, 1, 5)).toEqualTypeOf<Expr<'f32', readonly [5]>>()
    expect([f.squeeze(1)(x), f.squeeze(-2)(x), f.swapAxes(0, 2)(x), f.trace(x)].map(({ shape }) => shape)).toEqual([
      [2, 3],
      [2, 3],
      [3, 1, 2],
      [2]
    ])
  })

  it('of axes made one, of a number, and of parts', () => {
    expect(f.flatten()(x).shape).toEqual([6])
    expect(f.flatten(1)(x).shape).toEqual([2, 3])
    expect(f.flatten(-1)(x).shape).toEqual([2, 1, 3])
    expect(f.flatten()(f.scalar(1)).shape).toEqual([1])
    expect(f.unstack(2)(x).map(({ shape }) => shape)).toEqual([[2, 1], [2, 1], [2, 1]]) // prettier-ignore
    expect(f.unstack(0)(f.input('none', 'f32', [0, 3]))).toEqual([])
  })
})

await onEveryTarget('parts of matrices', (numbers) => {
  const { x, values } = given([1, 2, 3, 4, none, 6], 'f32', [2, 3])

  it('hold what is on one side of a diagonal, whatever is on the other', async () => {
    expect(await numbers(f.tril()(x), values)).toEqual([1, 0, 0, 4, none, 0])
    expect(await numbers(f.tril(-1)(x), values)).toEqual([0, 0, 0, 4, 0, 0])
    expect(await numbers(f.triu(1)(x), values)).toEqual([0, 2, 3, 0, 0, 6])
    expect(await numbers(f.triu(-1)(x), values)).toEqual([1, 2, 3, 4, none, 6])
  })

  it('have gradients there alone', async () => {
    expect(await numbers(slope(f.triu(1)(x), x), values)).toEqual([0, 1, 1, 0, 0, 1])
    expect(await numbers(slope(f.trace(x as F), x), values)).toEqual([1, 0, 0, 0, 1, 0])
  })

  it('are swapped, unstacked and stacked again', async () => {
    const flipped = given([1, 2, 3, 4, 5, 6], 'f32', [2, 3])
    const rows = f.unstack(0)(flipped.x)

    expect(await numbers(f.swapAxes(0, 1)(flipped.x), flipped.values)).toEqual([1, 4, 2, 5, 3, 6])
    expect(await numbers(rows[1]!, flipped.values)).toEqual([4, 5, 6])
    expect(await numbers(f.stack(0)(rows), flipped.values)).toEqual([1, 2, 3, 4, 5, 6])
  })

  it('trace adds up the diagonal of each, integers too', async () => {
    const stacked = given([1, 2, 3, 4, 100_003, 6, 7, 8], 'i32', [2, 2, 2])

    expect(await numbers(f.trace(stacked.x as Expr<'i32'>), stacked.values)).toEqual([5, 100_011])
  })

  it('eye and linspace are what they say', async () => {
    expect(await numbers(f.eye(2, 3))).toEqual([1, 0, 0, 0, 1, 0])
    expect(await numbers(f.linspace(-1, 1, 5))).toEqual([-1, -0.5, 0, 0.5, 1])
    expect(await numbers(f.linspace(0, 0.3, 4))).toEqual(near(6)([0, 0.1, 0.2, 0.3]))
    expect(await numbers(f.linspace(3, 7, 1))).toEqual([3])
  })
})

await onEveryTarget('systems of equations', (numbers) => {
  const entries = [0, 2, 1, 1, 0, 3, 4, 1, 0]
  const right = [1, 2, 3, 4, 5, 6]
  const a = given(entries, 'f32', [3, 3], 'a')
  const b = given(right, 'f32', [3, 2], 'b')
  const values = new Map([...a.values, ...b.values])
  const x = f.solve(a.x as F, b.x as F)

  it('are solved, with pivots of 0', async () => {
    expect(await numbers(f.matmul(a.x as F, x), values)).toEqual(near(4)(right))
  })

  it('for each of a stack', async () => {
    const stacks = given([2, 0, 0, 4, 1, 1, 0, 1], 'f32', [2, 2, 2])
    const sides = given([2, 4, 3, 1], 'f32', [2, 2, 1], 'y')
    const found = f.solve(stacks.x as F, sides.x as F)

    expect(await numbers(found, new Map([...stacks.values, ...sides.values]))).toEqual(near(5)([1, 1, 2, 1]))
  })

  it('have gradients by both sides', async () => {
    const byMatrix = differences((m) => f.solve(m, f.constant([3, 2], right)), [3, 3], entries)
    const bySide = differences((side) => f.solve(f.constant([3, 3], entries), side), [3, 2], right)

    expect(await numbers(slope(x, a.x), values)).toEqual(near(3)(byMatrix))
    expect(await numbers(slope(x, b.x), values)).toEqual(near(4)(bySide))
  })
})

// losses, noise, curvature -----------------------------------------------------------------

await onEveryTarget('binaryCrossEntropy', (numbers) => {
  const of = async (logits: Values, labels: Values) => {
    const [x, z] = [given(logits), given(labels, 'f32', [labels.length], 'z')]
    const values = new Map([...x.values, ...z.values])
    const loss = f.binaryCrossEntropy(x.x as F, z.x as F)
    return { loss: await numbers(loss, values), slope: await numbers(slope(loss, x.x), values) }
  }
  const sigma = (x: number): number => 1 / (1 + Math.exp(-x))

  it('is the mean cost of the labels, and its gradient what the probabilities are off', async () => {
    const [logits, labels] = [
      [0.5, -2, 3],
      [1, 0, 0.25]
    ] as const
    const cost = (x: number, z: number): number => -z * Math.log(sigma(x)) - (1 - z) * Math.log(1 - sigma(x))
    const got = await of(logits, labels)

    expect(got.loss).toEqual(near(6)([logits.reduce((s, x, i) => s + cost(x, labels[i] ?? none), 0) / 3]))
    expect(got.slope).toEqual(near(6)(logits.map((x, i) => (sigma(x) - (labels[i] ?? none)) / 3)))
  })

  it('is accurate where the logits are sure, and finite where they are wrong', async () => {
    const sure = await of([20], [1])

    expect((sure.loss[0] ?? none) / Math.log1p(Math.exp(-20))).toBeCloseTo(1, 5)
    expect((await of([1000, -1000], [0, 1])).loss).toEqual([1000])
    expect(await of([1000, -1000], [1, 0])).toEqual({ loss: [0], slope: [0, expect.closeTo(0, 6)] })
  })

  it('costs nothing where a logit is infinite and right, and infinitely much where it is wrong', async () => {
    expect((await of([infinite, -infinite], [1, 0])).loss).toEqual([0])
    expect((await of([infinite], [0])).loss).toEqual([infinite])
  })

  it('of no number is none', async () => {
    expect((await of([none], [1])).loss).toEqual([none])
  })
})

await onEveryTarget('Gumbel noise', (numbers) => {
  it('is finite, with the mean and the variance of its distribution', async () => {
    const key = new Map([['key', held('u32', [2], [7, 8])]])
    const noise = await numbers(f.gumbel([20_000])(f.input('key', 'u32', [2])), key)
    const mean = noise.reduce((s, x) => s + x, 0) / noise.length
    const spread = noise.reduce((s, x) => s + (x - mean) ** 2, 0) / noise.length

    expect(noise.every(Number.isFinite)).toBe(true)
    // Five standard errors: of the mean π / √(6 n), of the variance √(4.4 / n) of itself.
    expect(Math.abs(mean - 0.5772156649)).toBeLessThan((5 * Math.PI) / Math.sqrt(6 * 20_000))
    expect(Math.abs(spread / (Math.PI ** 2 / 6) - 1)).toBeLessThan(5 * Math.sqrt(4.4 / 20_000))
  })
})

await onEveryTarget('the hessian', (numbers) => {
  it('holds the second derivatives', async () => {
    const x = f.input('x', 'f32', [2])
    const values = new Map([['x', floats([2], [2, 3])]])
    // x² y³: 2y³, 6xy², 6x²y
    const h = hessian((v) => {
      const [a, b] = f.unstack(0)(v as F)
      return f.mul(f.square(a!), f.mul(b!, f.square(b!)))
    })(x)

    expect(h.shape).toEqual([2, 2])
    expect(await numbers(h, values)).toEqual(near(3)([54, 108, 108, 72]))
  })
})
