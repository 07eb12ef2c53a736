/**
 * Random graphs over the whole registry: every pass, every target and both derivatives agree on them with the reference.
 * `FLUXION_GRAPHS=2000` tries more of them. What fails is printed with its seed and path: `FC_SEED=… FC_PATH=…` (and `-t`
 * with the name of the test) tries that one again; its text can be given to `read` of `fluxion/laws`.
 */
import * as fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { transformations } from '../../laws/composition.ts'
import { allOps, graphs } from '../../laws/graph.ts'
import { graphDerivative, withDerivatives } from '../../laws/graphDerivative.ts'
import { graphText, read, write, type Given } from '../../laws/graphText.ts'
import { graphDerivativeMutants, graphTextMutants, onDeviceMutants } from '../../laws/mutants/random.ts'
import { onDevice } from '../../laws/onDevice.ts'
import { pass, type Pass } from '../../laws/pass.ts'
import { expandFor, simplify } from '../../src/compile/simplify.ts'
import { arrange } from '../../src/compile/wgsl/arrange.ts'
import { expand } from '../../src/compile/wgsl/expand.ts'
import { portable } from '../../src/compile/wgsl/Target.ts'
import type { Close } from '../../src/measure/Close.ts'
import { E } from '../../src/core/fp.ts'
import { $, ops } from '../../src/ops/registry.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { software } from '../device/software.ts'
import { onDevice as targetOf } from './device.ts'
import { covered, hold, reject } from './hold.ts'

const asked = process.env['FLUXION_GRAPHS']
const count = Number(asked ?? 100)
/** Shaders of a software adapter take most of a second for each graph. */
const shaded = Number(asked ?? 25)
/** Long enough for a device and many graphs, on a machine that does other things besides. */
const patience = 60_000 + 10_000 * count

const all = graphs({ ops: allOps, size: 60 })
const differentiated = graphs({ ops: allOps, size: 30 }).map(withDerivatives(transformations))

/** A maximum of equal elements. */
const tied = `
%0 = input "x0" : f32[2,3]
%1 = max(%0) {"axes":[1]} : f32[2]
return %1
with
"x0" f32[2,3] 0 0 0 0 0 0
`

/** Two numbers that are one in single precision. */
const nearlyEqual = `
%0 = input "x0" : f32[2]
%1 = sin(%0) : f32[2]
%2 = equal(%1, %0) : bool[2]
return %2
with
"x0" f32[2] 0 0.0000019073486328125
`

/** Graphs of dozens of operations, in double precision. */
const close: Close = { absolute: 1e-7, relative: 1e-7 }

describe('the registry', () => {
  it('is drawn from as a whole, but for what has no derivative to agree on', () => {
    expect(Object.keys(ops).filter((name) => !allOps.some((op) => op.name === name))).toEqual(['stopGradient'])
  })
})

const passes: Readonly<Record<string, Pass>> = {
  simplify: simplify.run,
  'expand for ONNX': expandFor('onnx').run,
  'expand for WGSL': expandFor('wgsl').run,
  expand,
  'arrange for GPUs': (roots) => arrange(roots, portable),
  'arrange for CPU drivers': (roots) => arrange(roots, { ...portable, schedule: 'subgroup' })
}

for (const [name, run] of Object.entries(passes))
  describe(`${name}, on random graphs`, () => {
    const { 'preserves meaning': meaning, 'preserves types': types } = pass(run, all, close)

    hold({ 'preserves meaning': meaning! }, count, patience)
    hold({ 'preserves types': types! }, Math.ceil(count / 4), patience)
  })

describe('the text of random graphs', () => {
  const laws = graphText({ write, read }, all)

  hold(laws, count, patience)
  reject(graphTextMutants(all))
  covered(laws, graphTextMutants(all))
})

describe('derivatives of random graphs', () => {
  const laws = graphDerivative(transformations, all, close)

  hold(laws, count, patience)
  reject(graphDerivativeMutants(all))
  covered(laws, graphDerivativeMutants(all))

  const quotients = 'jvp of a graph agrees with finite differences'
  const failsOn = (modes: typeof transformations, graph: Given): boolean =>
    fc.check(graphDerivative(modes, fc.constant(graph), close)[quotients] as fc.IProperty<unknown>, { numRuns: 1 })
      .failed

  it('are not compared at a corner, though the mean of its slopes is the same at every distance', () => {
    expect(E.map((graph: Given) => failsOn(transformations, graph))(read(tied))).toEqual(E.right(false))
  })

  it('are compared on most graphs', () => {
    const twice: typeof transformations = {
      ...transformations,
      jvp: (outputs, wrt) => (v) =>
        transformations
          .jvp(
            outputs,
            wrt
          )(v)
          .map((x) => $.add(x, x))
    }
    const wrong = fc.sample(all, { numRuns: 100, seed: 1 }).filter((graph) => failsOn(twice, graph))
    expect(wrong.length).toBeGreaterThan(50)
  })
})

describe('the reference, on random graphs and their derivatives', () => {
  const laws = onDevice(targetOf(reference()), differentiated)

  hold(laws, count, patience)
  reject(onDeviceMutants(all))
  covered(laws, onDeviceMutants(all))
})

const cpu = await onnx({ optimization: 'auto', threads: 1 })()
const gpu = await software()

describe.skipIf(E.isLeft(cpu))('ONNX, on random graphs and their derivatives', () => {
  if (E.isLeft(cpu)) return
  afterAll(() => cpu.right.dispose()())

  const { right: device } = cpu
  hold(onDevice(targetOf(device), differentiated), count, patience)

  it('are not compared where a comparison comes out otherwise in single precision', async () => {
    const graph = read(nearlyEqual)
    if (E.isLeft(graph)) throw new Error(graph.left)
    const [law] = Object.values(onDevice(targetOf(device), fc.constant(graph.right)))

    expect(await fc.check(law as fc.IProperty<unknown>, { numRuns: 1 })).toMatchObject({ failed: false })
  })
})

describe.skipIf(gpu === undefined)('WGSL, on random graphs and their derivatives', () => {
  if (gpu === undefined) return
  afterAll(() => gpu.dispose()())

  hold(onDevice(targetOf(gpu), differentiated), shaded, patience)
})
