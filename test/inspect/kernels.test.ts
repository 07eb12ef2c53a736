import { describe, expect, it } from 'vitest'
import { program } from '../../src/compile/Program.ts'
import { portable } from '../../src/compile/wgsl/Target.ts'
import { compileWgsl } from '../../src/compile/wgsl/emit.ts'
import { checkpoint } from '../../src/autodiff/checkpoint.ts'
import { iterate } from '../../src/autodiff/scan.ts'
import { kernelTable, kernelTexts, type KernelTable } from '../../src/inspect/kernels.ts'
import { operationTable, showBytes, showFlops, toOperationTable, toTable } from '../../src/inspect/table.ts'
import { flopsOf, totalFlops } from '../../src/inspect/work.ts'
import {
  add,
  input,
  matmul,
  relu,
  reshape,
  scale,
  sin,
  softmax,
  sum,
  transpose,
  where,
  less,
  type Expr
} from '../../src/ops/api.ts'
import { $ } from '../../src/ops/registry.ts'
import { kernelSources } from '../../src/runtime/webgpu/sources.ts'
import { right, type Outputs } from '../runtime/running.ts'

const x = input('x', 'f32', [32, 16])
const w = input('w', 'f32', [16, 16])
const b = input('b', 'f32', [16])

const layer = (y: Expr<'f32'>): Expr<'f32'> => relu(add(matmul(y, w), b))

const tableOf = (outputs: Outputs): KernelTable =>
  right(kernelTable(kernelSources(), portable)(right(program(outputs))))

describe('floating-point operations', () => {
  it('of a contraction are twice its products', () => {
    expect(flopsOf(matmul(x, w))).toBe(2 * 32 * 16 * 16)
    expect(flopsOf($.contract(x, x, { left: { batch: [0], over: [1] }, right: { batch: [0], over: [1] } }))).toBe(
      2 * 32 * 16
    )
  })

  it('of an elementwise operation are one for each element, of a reduction one for each operand', () => {
    expect(flopsOf(sin(x))).toBe(512)
    expect(flopsOf(less(x, x))).toBe(512)
    expect(flopsOf(sum([1])(x))).toBe(512)
  })

  it('of moving and choosing elements are none', () => {
    const moved = [transpose([1, 0])(x), reshape([512])(x), where(less(x, x), x, x), $.fill(2, x), x]

    expect(moved.map(flopsOf)).toEqual([0, 0, 0, 0, 0])
  })

  it('of a composite are those of its definition, each operand left out', () => {
    // The greatest of a row, the difference to it, its exponential, their sum, the quotient.
    expect(flopsOf(softmax(-1)(x))).toBe(5 * 512)
    expect(flopsOf(softmax(-1)(sin(x)))).toBe(5 * 512)
  })

  it('of a loop are those of its body, as many times as it runs', () => {
    const looped = iterate(7, (y: Expr<'f32'>) => sin(layer(y)))(x)
    const once = totalFlops([sin(layer(x))])

    // A step's number is counted along.
    expect(totalFlops([looped]) - 7 * once).toBe(0)
  })

  it('of what is computed again in the backward pass count where it is computed', () => {
    expect(flopsOf(checkpoint((y: Expr<'f32'>) => sin(sin(y)))(x) as Expr)).toBe(1024)
  })
})

describe('the table of kernels', () => {
  const deep = tableOf({ y: sum('all')(layer(layer(layer(x)))), z: transpose([1, 0])(x) })

  it('has a row for launches that are alike, in the order of the first', () => {
    expect(toTable(deep)).toBe(
      [
        'kernel            computes           writes            work   traffic  times      in all',
        '00-contract-relu  contract add relu  f32[32,16]  17.4 kFLOP  5.06 KiB     ×3  52.2 kFLOP',
        '01-sum            sum                f32[]         512 FLOP     2 KiB     ×1    512 FLOP',
        '02-transpose      transpose          f32[16,32]           0     4 KiB     ×1           0',
        '',
        '5 launches of 3 kernels, 52.7 kFLOP, 21.2 KiB read and written',
        'peak memory 9.08 KiB: inputs 3.06 KiB, outputs 2.02 KiB, constants 0 B, between 4 KiB'
      ].join('\n')
    )
  })

  it('counts what the graph counts, where nothing is computed twice', () => {
    expect(deep.flops).toBe(totalFlops([sum('all')(layer(layer(layer(x))))]))
    expect(deep.flops).toBe(deep.rows.reduce((total, { flops, count }) => total + flops * count, 0))
    expect(deep.bytes).toBe(deep.launches.reduce((total, { bytes }) => total + bytes, 0))
  })

  it('is of the program that the device runs', () => {
    const outputs = { y: softmax(-1)(layer(x)) }
    const made = right(compileWgsl(kernelSources(), portable)(right(program(outputs))))

    expect(tableOf(outputs).program).toEqual(made)
  })

  it('has the memory of the plan, all of it', () => {
    const { inputs, outputs, constants, scratch, peak } = deep.memory

    expect(inputs + outputs + constants + scratch).toBe(peak)
    expect(peak).toBe(deep.program.peakBytes)
  })

  it('counts a sum in two launches once', () => {
    const long = input('long', 'f32', [2, 100_000])
    const { launches, flops } = tableOf({ y: sum([1])(long) })

    expect(launches.length).toBeGreaterThan(1)
    expect(flops).toBe(200_000)
  })

  it('names the text of every kernel', () => {
    const texts = kernelTexts(deep)

    expect([...texts.keys()]).toEqual(['00-contract-relu', '01-sum', '02-transpose'])
    expect([...texts.values()]).toEqual(deep.program.kernels.map(({ wgsl }) => wgsl))
  })
})

describe('the table of operations', () => {
  it('is of the graph as it is written, most arithmetic first', () => {
    expect(toOperationTable(operationTable({ y: scale(2)(layer(layer(x))) }))).toBe(
      [
        'operation  nodes        work',
        'contract       2  32.8 kFLOP',
        'add            2  1.02 kFLOP',
        'relu           2  1.02 kFLOP',
        'mul            1    512 FLOP',
        'broadcast      2           0',
        '',
        '9 operations, 35.3 kFLOP'
      ].join('\n')
    )
  })
})

describe('numbers in tables', () => {
  it('have three digits and a prefix', () => {
    expect([0, 1, 999, 1000, 123_456, 2.5e12].map(showFlops)).toEqual([
      '0',
      '1 FLOP',
      '999 FLOP',
      '1 kFLOP',
      '123 kFLOP',
      '2.5 TFLOP'
    ])
    expect([0, 1023, 1024, 5 * 2 ** 30].map(showBytes)).toEqual(['0 B', '1023 B', '1 KiB', '5 GiB'])
  })
})
