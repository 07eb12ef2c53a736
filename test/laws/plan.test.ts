import * as fc from 'fast-check'
import { describe } from 'vitest'
import { planMutants, plannerMutants } from '../../laws/mutants/plan.ts'
import { plan, planner, type Layout, type Use } from '../../laws/plan.ts'
import { program } from '../../src/compile/Program.ts'
import { compileWgsl, scheduled } from '../../src/compile/wgsl/emit.ts'
import type { Value } from '../../src/compile/wgsl/Kernel.ts'
import { plan as planned } from '../../src/compile/wgsl/plan.ts'
import { portable } from '../../src/compile/wgsl/Target.ts'
import type { WgslProgram } from '../../src/compile/wgsl/WgslProgram.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { range } from '../../src/core/Shape.ts'
import { show } from '../../src/interpret/show.ts'
import { kernelSources } from '../../src/runtime/webgpu/sources.ts'
import { graphs } from '../compile/graphs.ts'
import { right } from '../runtime/running.ts'
import { covered, hold, reject } from './hold.ts'

type Roots = ReadonlyArray<Expr>

const nameOf = (value: Value): unknown => (value._tag === 'Node' ? value.node : `scratch of ${value.group.id}`)

/** Where every value of a compiled program lies, by what its kernels say that they read and write. */
const layout: Layout<Roots> = (roots) => {
  const made = right(program(Object.fromEntries(roots.map((root, i) => [`root${i}`, root]))))
  const { kernels, outputs } = scheduled(kernelSources(), portable)(made)
  const compiled = right(compileWgsl(kernelSources(), portable)(made))
  const steps = compiled.launches.map(({ bindings }, i) => {
    const values = [...(kernels[i]?.reads ?? []), ...(kernels[i]?.writes ?? [])]
    const uses = bindings.map(({ buffer, bytes }, k): Use => ({ value: nameOf(values[k]!), buffer, bytes }))
    const reads = kernels[i]?.reads.length ?? 0
    return { reads: uses.slice(0, reads), writes: uses.slice(reads) }
  })
  const all = [...steps, copying(compiled, outputs)]
  return {
    buffers: compiled.buffers.map(({ bytes }) => bytes),
    peak: compiled.peakBytes,
    given: given(
      compiled,
      all.flatMap(({ reads }) => reads)
    ),
    steps: all,
    results: compiled.outputs.map(({ name }, i) => ({
      value: outputs[i],
      buffer: outputBuffer(compiled, name),
      bytes: 0
    }))
  }
}

const outputBuffer = ({ buffers }: WgslProgram, name: string): number =>
  buffers.findIndex(({ role }) => role._tag === 'Output' && role.name === name)

/** Inputs and constants are there from the beginning: whatever the first reader of their buffers expects. */
const given = ({ buffers }: WgslProgram, reads: ReadonlyArray<Use>): ReadonlyArray<Use> => {
  return range(buffers.length).flatMap((buffer) => {
    const there = ['Input', 'Constant'].includes(buffers[buffer]?.role._tag ?? '')
    const use = reads.find((read) => read.buffer === buffer)
    return there && use !== undefined ? [use] : []
  })
}

const copying = (compiled: WgslProgram, outputs: Roots) => {
  const moved = compiled.copies.flatMap(({ from, to, bytes }) => {
    const i = compiled.outputs.findIndex(({ name }) => outputBuffer(compiled, name) === to)
    return outputs[i] === undefined ? [] : [{ value: outputs[i], from, to, bytes }]
  })
  return {
    reads: moved.map(({ value, from, bytes }) => ({ value, buffer: from, bytes })),
    writes: moved.map(({ value, to, bytes }) => ({ value, buffer: to, bytes }))
  }
}

/** As text, so that a counterexample can be read. */
const legible = (roots: Roots): Roots & { readonly [fc.toStringMethod]: () => string } =>
  Object.assign([...roots], { [fc.toStringMethod]: () => `\n${show(roots)}\n` })

/** Several graphs at once, so that values live beside each other; an operation at the root, so that there is a step. */
const programs = fc
  .array(graphs, { minLength: 2, maxLength: 5 })
  .filter((roots) => roots.every(({ term }) => term._tag === 'Apply'))
  .map(legible)

describe('memory', () => {
  const laws = plan(layout, programs)
  const mutants = planMutants(layout, programs)

  hold(laws, 40)
  reject(mutants)
  covered(laws, mutants)
})

describe('planners', () => {
  hold(planner(planned))
  reject(plannerMutants)
  covered(planner(planned), plannerMutants)
})
