/** Kernels of elementwise work: every thread computes a few strips in a row, or on GPUs one. */
import { isNarrow } from '../../core/DType.ts'
import type { Expr } from '../../core/Expr.ts'
import { size } from '../../core/Shape.ts'
import { fromLinear } from '../../ops/place.ts'
import { grid, groupNumber, node, type ClusterContext, type Kernel } from './Kernel.ts'
import {
  accessorsOf,
  bindingsOf,
  calls,
  operands,
  statement,
  strip,
  type Operands,
  type Shared,
  type Strip,
  type Width
} from './strip.ts'
import { arrayType, fourStored, printModule, toStored, wgslType, type Binding } from './Wgsl.ts'

const threads = 64

/** The place of an element; those that fill up the last word of narrow floats repeat the last. */
const placeIn = ({ shape }: Expr, width: Width): string =>
  width === 1 ? 'q' : size(shape) % 4 === 0 ? '(q * 4u + e)' : `min((q * 4u + e), ${size(shape) - 1}u)`

/** One strip for every value that is stored; what they share is loaded once. */
const stripsOf = ({ cluster, stored }: ClusterContext, width: Width, all: Operands): ReadonlyArray<Strip> => {
  const roots = new Set<Expr>(cluster.groups.map(({ root }) => root))
  const shared: Shared = { prefix: 'e', loads: [] } // local
  const made = cluster.groups.filter(({ root }) => cluster.outer.has(root))
  return made.map(({ root }, i) =>
    strip({
      name: made.length === 1 ? 'element' : `element${i}`,
      width,
      result: wgslType(root.dtype),
      names: [['q', Math.ceil(size(root.shape) / width) - 1]],
      stored: (x) => !roots.has(x) && stored(x),
      compute: (inliner) => inliner.value(root, fromLinear(root.shape, placeIn(root, width))),
      operands: all,
      shared
    })
  )
}

/** Loads that the text of a kernel may repeat for the sake of whole vectors. */
const most = 16

const choose = (context: ClusterContext): readonly [ReadonlyArray<Strip>, Operands] => {
  const wide = operands()
  const { groups, frame } = context.cluster
  // Whoever writes a narrow float writes its whole word.
  const packed = groups.some(({ root }) => isNarrow(root.dtype))
  const four = packed || frame.rows % 4 === 0 ? stripsOf(context, 4, wide) : []
  const loads = (four[0]?.loads.length ?? most) + four.reduce((n, s) => n + 4 * s.single, 0)
  if (four.length > 0 && (packed || loads <= most)) return [four, wide]
  const narrow = operands()
  return [stripsOf(context, 1, narrow), narrow]
}

export const emitMaps = (context: ClusterContext): Kernel => {
  const { cluster, target, label } = context
  const [strips, all] = choose(context)
  const width = strips[0]?.width ?? 1
  const roots = cluster.groups.map(({ root }) => root).filter((root) => cluster.outer.has(root))
  const nameOf = (i: number): string => (roots.length === 1 ? 'y' : `y${i}`)
  const binding = ({ dtype }: Expr, i: number): Binding => ({
    name: nameOf(i),
    access: 'read_write',
    type: arrayType(dtype, width)
  })
  const store = (chosen: Strip, i: number): string => {
    const dtype = roots[i]?.dtype ?? 'f32'
    const values = calls(chosen)
    return `  ${nameOf(i)}[q] = ${width === 4 ? fourStored(dtype, values) : toStored(dtype, values[0] ?? '')};`
  }
  const perThread = target.schedule === 'subgroup' ? 4 : 1
  return {
    wgsl: printModule({
      comment: label,
      bindings: [...bindingsOf(all), ...roots.map(binding)],
      declarations: [],
      functions: [...accessorsOf(all), ...strips.map((s) => s.element)],
      workgroup: threads,
      main: [
        `let first = (${groupNumber} * ${threads}u + lane) * ${perThread}u;`,
        `let end = min(first + ${perThread}u, arrayLength(&${nameOf(0)}));`,
        'for (var q = first; q < end; q++) {',
        ...(strips[0]?.loads ?? []).map((l) => `  ${statement(l)}`),
        ...strips.map(store),
        '}'
      ]
    }),
    reads: all.nodes.map(node),
    writes: roots.map(node),
    workgroups: grid(Math.ceil(cluster.frame.rows / width / (threads * perThread))),
    label
  }
}
