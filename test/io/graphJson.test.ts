import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codec, type Codec } from '../../laws/codec.ts'
import { allOps, graphs } from '../../laws/graph.ts'
import { codecMutants } from '../../laws/mutants/graph.ts'
import { customJvp } from '../../src/autodiff/custom.ts'
import { gradOf } from '../../src/autodiff/grad.ts'
import { checkpoint } from '../../src/autodiff/checkpoint.ts'
import { iterate } from '../../src/autodiff/scan.ts'
import { apply, literal } from '../../src/core/Expr.ts'
import { E } from '../../src/core/fp.ts'
import { floats } from '../../src/core/Tensor.ts'
import { operationsOf } from '../../src/interpret/listing.ts'
import { fromJson, fromJsonWith, showNotAGraph, toJson, type NotAGraph, type Outputs } from '../../src/io/graphJson.ts'
import { add, exp, input, log, sin, sum, type Expr } from '../../src/ops/api.ts'
import { $, ops } from '../../src/ops/registry.ts'
import { covered, hold, reject } from '../laws/hold.ts'

const x = input('x', 'f32', [2])

const same = (a: Outputs, b: Outputs): boolean =>
  Object.keys(a).join() === Object.keys(b).join() && Object.keys(a).every((name) => a[name] === b[name])

const through = (outputs: Outputs): ReturnType<typeof fromJson> => fromJson(JSON.parse(JSON.stringify(toJson(outputs))))

const isBack = (outputs: Outputs): boolean => {
  const read = through(outputs)
  return E.isRight(read) && same(read.right, outputs)
}

const why = (json: unknown): ReadonlyArray<string> => {
  const read = fromJson(json)
  return E.isLeft(read) ? read.left.map(showNotAGraph) : ['was read']
}

/** A JSON that anything may be done to. */
interface Loose {
  version: unknown
  nodes: Array<Record<string, unknown> & { inputs: Array<unknown> }>
  functions: Array<{ results: Array<unknown> }>
  outputs: Record<string, unknown>
}

/** The JSON of a small graph, changed. */
const changed = (change: (json: Loose) => void, outputs: Outputs = { y: sin(x) }): ReadonlyArray<string> => {
  const json = JSON.parse(JSON.stringify(toJson(outputs))) as Loose
  change(json)
  return why(json)
}

describe('the JSON of a graph', () => {
  const texts: Codec<Outputs, string, ReadonlyArray<NotAGraph>> = {
    encode: (outputs) => JSON.stringify(toJson(outputs)),
    decode: (text) => fromJson(JSON.parse(text)),
    equal: same,
    show: (text) => (typeof text === 'string' ? text : text.map(showNotAGraph).join('\n'))
  }
  const outputs = graphs({ ops: allOps, size: 12 }).map(
    ({ roots }): Outputs => Object.fromEntries(roots.map((root, i) => [`y${i}`, root]))
  )
  const damages = [
    ['"version":1', '"version":19'],
    ['"nodes":[{', '"nodes":[{},{'],
    ['"shape":', '"shape":[-1],"was":'],
    ['"outputs":{"y0":', '"outputs":{"y0":999']
  ] as const
  const damaged = fc
    .tuple(outputs, fc.constantFrom(...damages))
    .map(([graph, [part, other]]) => texts.encode(graph).replace(part, other))
  const mutants = codecMutants(texts, outputs, damaged, { other: x })

  hold(codec(texts, outputs, damaged))
  reject(mutants)
  covered(codec(texts, outputs, damaged), mutants)

  it('has every node once, under a version', () => {
    expect(toJson({ y: sin(x), z: add(sin(x), x) })).toEqual({
      fluxion: 'graph',
      version: 1,
      functions: [],
      nodes: [
        { node: 'input', name: 'x', dtype: 'f32', shape: [2] },
        { node: 'apply', op: 'sin', inputs: [0], params: {}, dtype: 'f32', shape: [2] },
        { node: 'apply', op: 'add', inputs: [1, 0], params: {}, dtype: 'f32', shape: [2] }
      ],
      outputs: { y: 1, z: 2 }
    })
  })

  it('keeps every number and every kind of parameter', () => {
    const params = { '@': 1, '@number': 'x', none: undefined, numbers: [NaN, -0, -Infinity, 1e21], text: 'NaN' }
    const y = add(literal(floats([2], [-0, NaN])) as Expr<'f32'>, x)

    expect(isBack({ y, z: apply(ops['sin']!, [x], params) })).toBe(true)
  })

  it('keeps functions within functions, and their gradients', () => {
    const nested = iterate(2, (y: Expr<'f32'>) => checkpoint((z: Expr<'f32'>) => sin(exp(z)))(add(y, x)) as Expr<'f32'>)
    const y = nested(x)

    expect(isBack({ y, slope: gradOf(sum('all')(y))({ x }).x })).toBe(true)
  })

  it('keeps every example of every operation', () => {
    const nodes = Object.values(ops).flatMap((op) =>
      op.examples.map(({ params, inputs }, k) => {
        const operands = inputs.map(({ dtype, shape }, i) => input(`x${i}`, dtype, shape))
        return [`${op.name} ${k}`, apply(op, operands, params)] as const
      })
    )

    expect(isBack(Object.fromEntries(nodes))).toBe(true)
  })

  it('keeps faults', () => {
    expect(isBack({ y: $.add(x, input('w', 'f32', [3])) })).toBe(true)
  })

  it('is read with the operations of the graph, where some are its own', () => {
    const gentle = customJvp(
      (y: Expr<'f32'>) => log(y),
      ({ tangents: [v] }) => v
    )
    const outputs = { y: gentle(x) }
    const json: unknown = JSON.parse(JSON.stringify(toJson(outputs)))

    const read = fromJsonWith(operationsOf([outputs.y]))(json)

    expect(E.isRight(read) && same(read.right, outputs)).toBe(true)
    expect(why(json)).toEqual([
      "nodes[1].op: the derivative of 'customJvp' is a function, which is not written down; read it with operationsOf the graph, or with the operation itself"
    ])
  })
})

describe('a JSON that is not of a graph', () => {
  it('is refused as a whole where it is of another kind or version', () => {
    expect(why([])).toEqual(['this is no graph of Fluxion, which begins with "fluxion": "graph"'])
    expect(changed((json) => (json.version = 2))).toEqual([
      'version: is 2, and this version of Fluxion reads 1; read it with the one that wrote it'
    ])
  })

  it('is refused at every place where its form is wrong', () => {
    expect(
      changed((json) => {
        json.nodes[0]!['dtype'] = 'f64'
        json.nodes[1]!.inputs[0] = -1
        delete json.nodes[1]!['op']
        json.outputs['y'] = 'last'
      })
    ).toEqual([
      'nodes[0].dtype: should be one of f32, f16, bf16, i32, u32, bool, is "f64"',
      'nodes[1].op: should be string, is missing',
      'nodes[1].inputs[0]: should be a whole number that is not negative, is -1',
      'outputs.y: should be a whole number that is not negative, is "last"'
    ])
    expect(changed((json) => (json.nodes[0]!['node'] = 'leaf'))).toEqual([
      'nodes[0]: should be a node: { "node": "input", "constant" or "apply", … }, is {"node":"leaf","name":"x","dtype":"f32","shape":[2]}'
    ])
  })

  it('is refused at the first place where what it says does not hold', () => {
    expect(changed((json) => (json.nodes[1]!.inputs[0] = 1))).toEqual([
      'nodes[1].inputs[0]: there is no node 1 before it'
    ])
    expect(changed((json) => (json.nodes[1]!['shape'] = [3]))).toEqual([
      'nodes[1]: it says f32[3], and the operation gives f32[2]'
    ])
    expect(changed((json) => (json.outputs['y'] = 7))).toEqual(['outputs.y: there is no node 7; there are 2'])
    expect(changed((json) => (json.nodes[1]!['params'] = { '@': 0 }))).toEqual([
      'nodes[1].params: there is no function @0 before it'
    ])
    expect(
      changed((json) => (json.functions[0]!.results[0] = 9), { y: iterate(2, (y: Expr<'f32'>) => sin(y))(x) })
    ).toEqual(['functions[0].results[0]: there is no node 9; there are 3'])
  })
})
