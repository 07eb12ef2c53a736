/** A program as launches of WGSL kernels: `expand → arrange → fuse → emit → plan`. */
import { isApply, topological, type Expr } from '../../core/Expr.ts'
import type { Fault, Faults } from '../../core/Fault.ts'
import { E } from '../../core/fp.ts'
import { size } from '../../core/Shape.ts'
import { fromLinear } from '../../ops/place.ts'
import type { Program } from '../Program.ts'
import { arrange } from './arrange.ts'
import { emitContract } from './contract.ts'
import { expand } from './expand.ts'
import { fuse, type Fused, type Group } from './fuse.ts'
import type { Context, Kernel, Value } from './Kernel.ts'
import type { KernelSources } from './kernels.ts'
import { layout } from './layout.ts'
import { loweringOf } from './lowering.ts'
import { emitMap } from './map.ts'
import { emitFold } from './reduce.ts'
import { signatureOf, sites, type Sites } from './signature.ts'
import type { Target } from './Target.ts'
import type { WgslProgram } from './WgslProgram.ts'

/** The operations of a group, from the core to the root, for people. */
const labelOf = ({ root, core }: Group): string => {
  const tail = root === core ? [] : [root.term.op.name]
  return [core.term.op.name, ...tail].join(' … ')
}

const emitGroup = (context: Context): ReadonlyArray<Kernel> => {
  const { core } = context.group
  const lowered = loweringOf(core)
  if (lowered === undefined) return []
  switch (lowered._tag) {
    case 'Map':
      return [emitMap(context)]
    case 'Contract':
      return emitContract(context)
    case 'Reduce':
      return emitFold(context, {
        core,
        count: lowered.count(core.term.inputs, core.term.params),
        identity: lowered.identity(core),
        combine: lowered.combine,
        body: ({ value, bind }, linear, k) =>
          lowered.body(
            {
              params: core.term.params,
              inputs: core.term.inputs,
              type: core,
              at: fromLinear(core.shape, linear),
              load: (i, place) => value(core.term.inputs[i] ?? core, place),
              bind
            },
            k
          )
      })
  }
}

const withoutLowering = (nodes: ReadonlyArray<Expr>): Faults =>
  nodes.flatMap(
    (node): ReadonlyArray<Fault> =>
      isApply(node) && loweringOf(node) === undefined
        ? [
            {
              _tag: 'NotLowered',
              op: node.term.op.name,
              target: 'WGSL',
              why: 'it has neither a lowering nor a definition'
            }
          ]
        : []
  )

/** The value of one group in the place of that of another, whose kernels are the same. */
const moved =
  (from: Group, to: Group, leaves: ReadonlyMap<Expr, Expr>) =>
  (value: Value): Value =>
    value._tag === 'Scratch'
      ? { ...value, group: to.root }
      : { _tag: 'Node', node: value.node === from.root ? to.root : (leaves.get(value.node) ?? value.node) }

const emit = (fused: Fused, sources: KernelSources, target: Target, seen: Sites): ReadonlyArray<Kernel> => {
  const stored = (x: Expr): boolean => fused.stored.has(x)
  // local
  const known = new Map<
    string,
    { readonly group: Group; readonly leaves: ReadonlyArray<Expr>; readonly kernels: ReadonlyArray<Kernel> }
  >()
  return fused.groups
    .filter(({ root }) => size(root.shape) > 0)
    .flatMap((group) => {
      const { text, leaves } = signatureOf(seen, group, stored)
      const found = known.get(text)
      if (found === undefined) {
        const kernels = emitGroup({ group, sources, target, stored, label: labelOf(group) })
        known.set(text, { group, leaves, kernels })
        return kernels
      }
      const move = moved(found.group, group, new Map(found.leaves.map((leaf, i) => [leaf, leaves[i] ?? leaf])))
      return found.kernels.map((kernel) => ({
        ...kernel,
        reads: kernel.reads.map(move),
        writes: kernel.writes.map(move)
      }))
    })
}

/** Compiles a program for an adapter. Pure: the hand-written kernels come in as texts. */
export const compileWgsl =
  (sources: KernelSources, target: Target) =>
  (program: Program): E.Either<Faults, WgslProgram> => {
    const outputs = arrange(expand(program.outputs.map(({ node }) => node)), target)
    const nodes = topological(outputs)
    const faults = withoutLowering(nodes)
    if (faults.length > 0) return E.left(faults)
    const known = sites()
    const fused = fuse(nodes, new Set(outputs), target, known)
    return layout(program, outputs, emit(fused, sources, target, known), target)
  }
