import { describe, expect, it } from 'vitest'
import { grad } from '../../src/autodiff/grad.ts'
import { vmap } from '../../src/autodiff/vmap.ts'
import { apply, isApply, topological } from '../../src/core/Expr.ts'
import { show } from '../../src/core/Fault.ts'
import { key } from '../../src/core/Key.ts'
import { size, type Shape } from '../../src/core/Shape.ts'
import {
  add,
  constant,
  embed,
  input,
  matmul,
  mul,
  randomBits,
  scale,
  sin,
  square,
  sum,
  type Expr
} from '../../src/ops/api.ts'
import { difference } from '../../src/measure/Close.ts'
import type { Draw } from '../../src/core/Op.ts'
import { tensor, type Tensor } from '../../src/core/Tensor.ts'
import { batched } from '../../src/autodiff/batched.ts'
import { ops } from '../../src/ops/registry.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { done, runOn } from '../runtime/running.ts'
import { evaluated, faultsOf, numbers } from '../ops/evaluated.ts'

type Real<S extends Shape = Shape> = Expr<'f32', S>

const rows = constant([2, 3], [1, 2, 3, 4, 5, 6])
const total = (x: Expr): Real => sum('all')(x as Real)

describe('vmap', () => {
  it('gives every row what the function gives it alone', () => {
    const norms = vmap((row: Real<readonly [3]>) => total(square(row)))(rows)

    expect(norms.shape).toEqual([2])
    expect(numbers(norms)).toEqual([14, 77])
  })

  it('maps trees to trees', () => {
    const f = ({ a, b }: { readonly a: Real<readonly [3]>; readonly b: Real<readonly []> }) => ({
      both: [mul(a, b), b] as const
    })
    const { both } = vmap(f)({ a: rows, b: constant([2], [10, 100]) })

    expect(numbers(both[0])).toEqual([10, 20, 30, 400, 500, 600])
    expect(numbers(both[1])).toEqual([10, 100])
  })

  it('holds what is captured the same for every row', () => {
    const weights = constant([3, 2], [1, 0, 0, 1, 1, 1])
    const mapped = vmap((row: Real<readonly [1, 3]>) => matmul(row, weights))(constant([2, 1, 3], [1, 2, 3, 4, 5, 6]))

    expect(numbers(mapped)).toEqual([4, 5, 10, 11])
  })

  it('repeats what no row has a part in', () => {
    expect(numbers(vmap(() => constant([2], [7, 8]))(rows))).toEqual([7, 8, 7, 8])
  })

  it('of vmap tells the rows of one from those of the other, also where both are of one stack', () => {
    const x = constant([3], [1, 2, 3])
    const table = vmap((a: Real<readonly []>) => vmap((b: Real<readonly []>) => add(scale(10)(a), b))(x))(x)

    expect(table.shape).toEqual([3, 3])
    expect(numbers(table)).toEqual([11, 12, 13, 21, 22, 23, 31, 32, 33])
  })

  it('of a gradient is the gradient of every row, in one contraction', () => {
    const weights = input('w', 'f32', [3, 3])
    const each = vmap(grad((row: Real<readonly [1, 3]>) => total(sin(matmul(row, weights)))))(
      input('x', 'f32', [5, 1, 3])
    )
    const products = topological([each]).filter((node) => isApply(node) && node.term.op.name === 'contract')

    expect(each.shape).toEqual([5, 1, 3])
    expect(products).toHaveLength(2)
  })

  it('of random bits gives every key its own', () => {
    const keys = embed(tensor('u32', [2, 2], Float64Array.from([...key(1), ...key(2)])))
    const words = vmap((one: Expr<'u32', readonly [2]>) => randomBits([3])(one))(keys as Expr<'u32', readonly [2, 2]>)
    const alone = [key(1), key(2)].map((one) =>
      numbers(randomBits([3])(embed(tensor('u32', [2], Float64Array.from(one))) as Expr<'u32', readonly [2]>))
    )

    expect(numbers(words)).toEqual(alone.flat())
  })

  it('of no rows has none', () => {
    const none = vmap((row: Real<readonly [3]>) => total(row))(constant([0, 3], []))

    expect(size(evaluated(none).shape)).toBe(0)
  })

  it('says which stacks do not have the same rows', () => {
    const f = ([a]: readonly [Real, Real]): Real => a

    expect(faultsOf(vmap(f)([rows, constant([3], [1, 2, 3])] as never) as Expr)).toEqual([
      'vmap: shapes differ, [2,3] and [3]'
    ])
    expect(faultsOf(vmap((x: Real) => x)(constant([], [1]) as never) as Expr)).toEqual([
      'vmap: axis 0 is out of range for []'
    ])
    expect(faultsOf(vmap(() => rows)({} as never) as Expr)).toEqual(['vmap: takes 1 operand, got 0'])
  })

  it('gives the faults of the function and of its operand', () => {
    const bad = matmul(rows as Real, rows as Real)

    expect(bad.faults.map(show)).toHaveLength(1)
    expect(faultsOf(vmap((x: Real) => x)(bad as never) as Expr)).toEqual(bad.faults.map(show))
    expect(faultsOf(vmap((x: Real) => matmul(x, x))(constant([2, 2, 3], Array(12).fill(1)) as never) as Expr)).toEqual(
      bad.faults.map(show)
    )
  })
})

// targets --------------------------------------------------------------------------------

/** Numbers of the operand's range, spread so that no two of them are equal. */
const drawn = ({ dtype, shape, min, max }: Draw, rows: number): Tensor => {
  const n = rows * size(shape)
  const place = (i: number): number => ((i * 37 + 11) % 97) / 97
  const at = (i: number): number => min + (max - min) * place(i)
  const values = Float64Array.from({ length: n }, (_, i) => (dtype === 'f32' ? at(i) : Math.round(at(i))))
  return tensor(dtype, [rows, ...shape], values)
}

describe('every operation for a stack of rows', () => {
  it('is on ONNX what it means', async () => {
    const device = await done(onnx({ optimization: 'all', threads: 1 }))
    const values = new Map<string, Tensor>()
    const outputs = Object.values(ops).flatMap((op) =>
      op.examples.flatMap(({ params, inputs }, k) => {
        if (inputs.length === 0) return []
        const name = `${op.name}.${k}`
        const row = inputs.map(({ dtype, shape }, i) => input(`row${i}`, dtype, shape))
        const stacks = inputs.map(({ dtype, shape }, i) => input(`${name}.${i}`, dtype, [2, ...shape]))
        inputs.forEach((draw, i) => values.set(`${name}.${i}`, drawn(draw, 2)))
        return batched([apply(op, row, params)], row, stacks, 2).map((y) => [name, y] as const)
      })
    )
    const expected = await runOn(reference(), Object.fromEntries(outputs), values)
    const found = await runOn(device, Object.fromEntries(outputs), values)
    await done(device.dispose())

    const wrong = [...expected].flatMap(([name, value]) => {
      const gap = difference({ absolute: 1e-4, relative: 1e-4 }, found.get(name) as Tensor, value)
      return gap === undefined ? [] : [`${name}: ${gap}`]
    })
    expect(expected.size).toBeGreaterThan(100)
    expect(wrong).toEqual([])
  })
})
