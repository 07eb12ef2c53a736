import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkpoint } from '../../src/autodiff/checkpoint.ts'
import { customVjp } from '../../src/autodiff/custom.ts'
import { gradOf } from '../../src/autodiff/grad.ts'
import { jvp } from '../../src/autodiff/jvp.ts'
import { iterate, scan } from '../../src/autodiff/scan.ts'
import { vmap } from '../../src/autodiff/vmap.ts'
import { emit } from '../../src/compile/onnx/emit.ts'
import { program } from '../../src/compile/Program.ts'
import { compileWgsl } from '../../src/compile/wgsl/emit.ts'
import { portable } from '../../src/compile/wgsl/Target.ts'
import { difference } from '../../src/measure/Close.ts'
import { isApply, topological } from '../../src/core/Expr.ts'
import { key, normal } from '../../src/core/Key.ts'
import { size, type Shape } from '../../src/core/Shape.ts'
import { floats } from '../../src/core/Tensor.ts'
import {
  add,
  cast,
  constant,
  embed,
  input,
  matmul,
  mul,
  scale,
  scalar,
  sin,
  square,
  sum,
  tanh,
  type Expr
} from '../../src/ops/api.ts'
import { tensor, type Tensor } from '../../src/core/Tensor.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import type { Device } from '../../src/runtime/device.ts'
import { kernelSources } from '../../src/runtime/webgpu/sources.ts'
import { software } from '../device/software.ts'
import { $ } from '../../src/ops/registry.ts'
import { faultsOf, numbers } from '../ops/evaluated.ts'
import { done, right, runOn, type Outputs } from '../runtime/running.ts'

type Real<S extends Shape = Shape> = Expr<'f32', S>
type Number = Real<readonly []>

const xs = constant([4], [1, 2, 3, 4])
const zero = scalar(0)
const total = (x: Expr): Real => sum('all')(x as Real)
const running = (carry: Number, x: Number) => ({ carry: add(carry, x), output: carry })

describe('scan', () => {
  it('hands the carry from step to step, and stacks what the steps give', () => {
    const { carry, outputs } = scan(running)(zero, xs)

    expect(outputs.shape).toEqual([4])
    expect([numbers(carry), numbers(outputs)]).toEqual([[10], [0, 1, 3, 6]])
  })

  it('takes trees and gives trees, of several element types', () => {
    const start = { at: embed(tensor('i32', [], Float64Array.of(0))) as Expr<'i32', readonly []>, sum: zero }
    const step = ({ at, sum: before }: typeof start, { x }: { readonly x: Number }) => ({
      carry: { at: add(at, embed(tensor('i32', [], Float64Array.of(1))) as typeof at), sum: add(before, x) },
      output: [at, mul(x, cast('f32')(at) as Number)] as const
    })
    const { carry, outputs } = scan(step)(start, { x: xs })

    expect([carry.at.dtype, outputs[0].dtype]).toEqual(['i32', 'i32'])
    expect([carry.at, carry.sum, ...outputs].map(numbers)).toEqual([[4], [10], [0, 1, 2, 3], [0, 2, 6, 12]])
  })

  it('of no steps gives the carry it began with', () => {
    const { carry, outputs } = scan(running)(scalar(3), constant([0], []))

    expect(numbers(carry)).toEqual([3])
    expect(outputs.shape).toEqual([0])
  })

  it('says that it has nothing to step along', () => {
    const { carry } = scan((c: Number) => ({ carry: add(c, c), output: c }))(scalar(3), {})

    expect(faultsOf(carry)).toEqual(['scan: takes 1 operand, got 0'])
  })

  it('has a gradient through results of several floating types', () => {
    const narrow = (c: Number, row: Number) => ({ carry: add(c, row), output: cast('f16')(mul(c, row)) })
    const { carry, outputs } = scan(narrow)(zero, xs)
    const gradient = (y: Expr): ReadonlyArray<number> => numbers(gradOf(total(cast('f32')(y)))({ xs }).xs)

    expect([gradient(carry), gradient(outputs)]).toEqual([
      [1, 1, 1, 1],
      [9, 8, 7, 6]
    ])
  })

  it('of rows captures what differs from row to row', () => {
    const weights = constant([2], [2, 3])
    const sums = vmap(
      (weight: Number) =>
        scan((c: Number, row: Number) => {
          const sum = add(c, mul(weight, row))
          return { carry: sum, output: sum }
        })(zero, xs).outputs
    )(weights)

    expect(numbers(sums as Expr)).toEqual([2, 6, 12, 20, 3, 9, 18, 30])
  })

  it('says what is wrong within a step', () => {
    const { carry } = scan((c: Number, row: Number) => ({ carry: $.add(c, xs) as Expr as Number, output: row }))(
      zero,
      xs
    )

    expect(faultsOf(carry)[0]).toBe('add: shapes differ, [] and [4]')
  })

  it('is a graph of one body, its gradient too, however many steps there are', () => {
    const nodes = (steps: number): number => {
      const x = input('x', 'f32', [steps])
      const { carry } = scan((c: Number, row: Number) => ({ carry: sin(add(c, row)), output: c }))(zero, x)
      return topological([carry, gradOf(carry)({ x }).x]).length
    }

    expect(nodes(1000)).toBe(nodes(2))
  })

  it('runs forward once where the gradient is asked for too', () => {
    const x = input('x', 'f32', [5])
    const { carry, outputs } = scan((c: Number, row: Number) => ({ carry: sin(add(c, row)), output: c }))(zero, x)
    const roots = [carry, outputs, gradOf(add(carry, total(outputs)))({ x }).x]

    expect(topological(roots).filter((node) => isApply(node) && node.term.op.name === 'scan')).toHaveLength(2)
  })

  it('keeps the rule of a function with its own derivative, and recomputes what is to be', () => {
    const odd = customVjp(
      (a: Number) => sin(a),
      ({ cotangent }) => [scale(2)(cotangent)]
    )
    const through = (f: (a: Number) => Number) => {
      const { outputs } = scan((c: Number, row: Number) => ({ carry: c, output: f(row) }))(zero, xs)
      return numbers(gradOf(total(outputs))({ xs }).xs)
    }

    expect(through(odd)).toEqual([2, 2, 2, 2])
    expect(through(checkpoint(square) as (a: Number) => Number)).toEqual([2, 4, 6, 8])
  })

  it('says what does not fit', () => {
    const wider = scan((c: Number) => ({ carry: constant([2], [1, 1]) as never as typeof c, output: c }))(zero, xs)
    const other = scan((c: Number) => ({ carry: cast('i32')(c) as never as typeof c, output: c }))(zero, xs)
    const lost = scan((c: { readonly a: Number }) => ({ carry: {} as typeof c, output: c.a }))({ a: zero }, xs)
    const uneven = scan((c: Number, _: readonly [Number, Number]) => ({ carry: c, output: c }))(zero, [
      xs,
      constant([3], [1, 2, 3])
    ] as never)

    expect([wider.carry, other.carry, lost.carry.a, uneven.carry].map((x) => faultsOf(x)[0])).toEqual([
      'scan: shapes differ, [] and [2]',
      'scan: element types differ, f32 and i32; convert one with cast',
      'scan: a step does not give back every part of the carry',
      'scan: shapes differ, [4] and [3]'
    ])
  })
})

describe('iterate', () => {
  it('applies a function so many times, and tells it the number of the step', () => {
    const doubled = iterate(5, (c: Number) => add(c, c))(scalar(3))
    const counted = iterate(5, (c: Number, step) => add(c, cast('f32')(step) as Number))(zero)

    expect([numbers(doubled), numbers(counted)]).toEqual([[96], [10]])
  })
})

// targets --------------------------------------------------------------------------------

const [steps, batch, width] = [5, 2, 3] as const
const x = input('x', 'f32', [steps, batch, width])
const w = input('w', 'f32', [width, width])
const h = input('h', 'f32', [batch, width])
const cell = (before: Real<readonly [2, 3]>, row: Real<readonly [2, 3]>) => {
  const after = tanh(add(matmul(before, w), row))
  return { carry: after, output: { energy: total(square(after)) as Number, after } }
}

/** A recurrent network, its gradients, a gradient of a gradient, tangents, and several starts at once. */
const network = (): Outputs => {
  const { carry, outputs } = scan(cell)(h, x)
  const loss = add(total(carry), add(total(outputs.energy), total(mul(outputs.after, x))))
  const first = gradOf(loss)({ x, w, h })
  const starts = vmap((start: typeof h) => scan(cell)(start, x).outputs.energy)
  return {
    carry,
    energy: outputs.energy,
    ...first,
    second: gradOf(total(square(first.w)))({ w }).w,
    tangent: jvp([loss], [w, h])([w, h])[0] as Expr,
    starts: starts(input('starts', 'f32', [4, batch, width])),
    untouched: scan(running)(total(h) as Number, constant([0], [])).carry
  }
}

const values = new Map<string, Tensor>(
  Object.entries({ x: x.shape, w: w.shape, h: h.shape, starts: [4, batch, width] }).map(([name, shape], i) => [
    name,
    floats(shape, normal(key(i), size(shape)))
  ])
)

const devices: Readonly<Record<string, () => Promise<Device | undefined>>> = {
  'ONNX as it is written': () => done(onnx({ optimization: 'disabled', threads: 1 })),
  'ONNX optimised': () => done(onnx({ optimization: 'all', threads: 1 })),
  WGSL: () => software()
}

describe.each(Object.entries(devices))('a loop on %s', (_, open) => {
  let device: Device | undefined
  beforeAll(async () => {
    device = await open()
  })
  afterAll(async () => {
    if (device !== undefined) await done(device.dispose())
  })

  it('means what it means', async (context) => {
    if (device === undefined) return context.skip('no software adapter')
    const outputs = network()
    const expected = await runOn(reference(), outputs, values)
    const found = await runOn(device, outputs, values)

    for (const [name, value] of expected)
      expect([name, difference({ absolute: 1e-5, relative: 1e-4 }, found.get(name) as Tensor, value)]).toEqual([
        name,
        undefined
      ])
  })
})

describe('the kernels of a loop', () => {
  const kernelsOf = (count: number): number => {
    const sequence = input('x', 'f32', [count, batch, width])
    const { carry } = scan(cell)(h, sequence)
    const outputs = { carry, slope: gradOf(total(carry))({ w }).w }
    return right(compileWgsl(kernelSources(), portable)(right(program(outputs)))).kernels.length
  }

  it('are those of one step, however many there are', () => {
    expect(kernelsOf(24)).toBe(kernelsOf(12))
  })
})

describe('the ONNX file of a loop', () => {
  const fileOf = (count: number) => {
    const sequence = input('x', 'f32', [count])
    const { carry } = scan((c: Number, row: Number) => ({ carry: sin(add(c, row)), output: c }))(zero, sequence)
    return emit(right(program({ carry, slope: gradOf(carry)({ sequence }).sequence })))
  }

  it('has one body, and the gradient one more, however many steps there are', () => {
    const [short, long] = [fileOf(3), fileOf(3000)]

    expect(long.nodes).toBe(short.nodes)
    expect(long.bytes.length).toBeLessThan(short.bytes.length + 100)
  })

  it('is the same bytes for the same loop', () => {
    expect(fileOf(4).bytes).toEqual(fileOf(4).bytes)
  })
})
