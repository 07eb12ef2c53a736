import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { apply, input, isApply, topological, type Expr } from '../../../src/core/Expr.ts'
import { show } from '../../../src/core/Fault.ts'
import { E } from '../../../src/core/fp.ts'
import { program } from '../../../src/compile/Program.ts'
import { compileWgsl } from '../../../src/compile/wgsl/emit.ts'
import { portable, type Target } from '../../../src/compile/wgsl/Target.ts'
import type { WgslProgram } from '../../../src/compile/wgsl/WgslProgram.ts'
import { $ } from '../../../src/ops/registry.ts'
import { kernelSources } from '../../../src/runtime/webgpu/sources.ts'
import { right } from '../../runtime/running.ts'
import { graphs } from '../graphs.ts'

const cpu: Target = { ...portable, schedule: 'subgroup', lanes: 8 }

const compiled = (value: Expr, target: Target): WgslProgram =>
  right(compileWgsl(kernelSources(), target)(right(program({ value }))))

const textOf = (value: Expr): string =>
  compiled(value, portable)
    .kernels.map(({ wgsl }) => wgsl)
    .join('\n')

/** The same graph of other inputs: other nodes, with other identities, made in another order. */
const renamed = (root: Expr): Expr => {
  const image = new Map<Expr, Expr>() // local
  for (const node of topological([root])) {
    const { term } = node
    if (term._tag === 'Input') image.set(node, input(`${term.name} renamed`, node.dtype, node.shape))
    else if (isApply(node)) {
      const inputs = node.term.inputs.map((x) => image.get(x) as Expr)
      image.set(node, apply(node.term.op, inputs, node.term.params))
    } else image.set(node, node)
  }
  return image.get(root) as Expr
}

const x = input('x', 'f32', [48, 64])
const w = input('w', 'f32', [64, 96])
const bias = $.broadcast(input('bias', 'f32', [96]), { shape: [48, 96], axes: [1] })
const product = $.contract(x, w, { left: { batch: [], over: [1] }, right: { batch: [], over: [0] } })

const golden: Readonly<Record<string, readonly [Expr, Target]>> = {
  elementwise: [$.tanh($.add($.exp(x), $.mul(x, $.fill(0.5, x)))), cpu],
  row: [$.rsqrt($.sum($.mul(x, x), { axes: [1] })), cpu],
  rowOnGpu: [$.rsqrt($.sum($.mul(x, x), { axes: [1] })), portable],
  sumOfAll: [$.sum(input('long', 'f32', [256, 256]), { axes: [0, 1] }), cpu],
  views: [
    $.pad($.flip($.transpose(x, { order: [1, 0] }), { axes: [1] }), {
      low: [1, 0],
      high: [0, 2],
      interior: [0, 1],
      value: 1
    }),
    cpu
  ],
  linear: [$.add(x, $.slice($.tanh($.add(product, bias)), { start: [0, 0], stop: [48, 64], step: [1, 1] })), cpu],
  linearOnGpu: [$.tanh($.add(product, bias)), portable],
  softmax: [$.softmax(x, { axis: 1 }), { ...cpu, fewest: { rows: 1, columns: 2 } }],
  softmaxOnGpu: [$.softmax(x, { axis: 1 }), { ...portable, fewest: { rows: 1, columns: 2 } }],
  randomBits: [$.randomBits(input('key', 'u32', [2]), { shape: [12] }), cpu]
}

describe('emission', () => {
  it('gives equal texts for equal graphs, whatever their nodes are', () =>
    fc.assert(
      fc.property(graphs, (root) => {
        for (const target of [portable, cpu])
          expect(compiled(renamed(root), target).kernels).toEqual(compiled(root, target).kernels)
      })
    ))

  it('gives a program that is a value: it survives being written and read', () => {
    const made = compiled(golden['linear']![0], cpu)

    expect(JSON.parse(JSON.stringify(made))).toEqual(made)
  })

  it('writes the text of equal kernels once', () => {
    const layer = (value: Expr): Expr => $.tanh($.sum($.mul(value, value), { axes: [1] }))
    const root = $.concat([layer(x), layer($.neg(x)), layer(input('z', 'f32', [48, 64]))], { axis: 0 })

    expect(compiled(root, cpu).kernels.length).toBeLessThan(compiled(root, cpu).launches.length)
  })

  it('refuses what one binding cannot hold', () => {
    const large = input('large', 'f32', [2 ** 13, 2 ** 13])
    const outcome = compileWgsl(kernelSources(), portable)(right(program({ value: $.neg(large) })))

    expect(E.isLeft(outcome) && outcome.left.map(show)).toEqual([
      'an operand of neg needs 268435456 bytes, the limit is 134217728; split it along its first axis'
    ])
  })

  it('refuses a kernel that binds more than the adapter allows', () => {
    const parts = Array.from({ length: 6 }, (_, i) => input(`part${i}`, 'f32', [4]))
    const few: Target = { ...portable, storageBuffers: 4 }
    const outcome = compileWgsl(kernelSources(), few)(right(program({ value: $.concat(parts, { axis: 0 }) })))

    expect(E.isLeft(outcome) && outcome.left.map(show)).toEqual([
      'concat: not available on WGSL; its kernel binds 7 buffers, the adapter allows 4'
    ])
  })

  it('tells parameters apart that JSON does not', () => {
    const by = (value: number): Expr => $.pad(x, { low: [1, 0], high: [0, 0], interior: [0, 0], value })
    const texts = [Infinity, -Infinity, NaN, 0, -0].map((value) => compiled(by(value), portable).kernels[0]?.wgsl)
    const together = $.concat([Infinity, -Infinity, NaN].map(by), { axis: 0 })

    expect(new Set(texts.slice(0, 4)).size).toBe(4)
    for (const infinite of ['(-infinity())', ' infinity()']) expect(textOf(together)).toContain(infinite)
  })

  for (const [name, [root, target]] of Object.entries(golden))
    it(`writes ${name} as it has been read and approved`, async () => {
      const text = compiled(root, target)
        .kernels.map(({ wgsl }) => wgsl)
        .join('\n// -----\n\n')

      await expect(text).toMatchFileSnapshot(`../../golden/${name}.wgsl`)
    })
})
