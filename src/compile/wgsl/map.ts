/** Kernels of elementwise work: every thread computes a few strips in a row, or on GPUs one. */
import { isNarrow } from '../../core/DType.ts'
import type { Expr } from '../../core/Expr.ts'
import { RA } from '../../core/fp.ts'
import { size } from '../../core/Shape.ts'
import { fromLinear } from '../../ops/place.ts'
import { grid, groupNumber, node, type ClusterContext, type Kernel } from './Kernel.ts'
import {
  accessorsOf,
  bindingsOf,
  callOf,
  calls,
  operands,
  statement,
  strip,
  type Load,
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

/** Strips of one width, one for every value that is stored, and what must be loaded before them. */
interface Strips {
  readonly width: Width
  readonly all: Operands
  readonly loads: ReadonlyArray<Load>
  readonly strips: ReadonlyArray<Strip>
}

/** What strips share is loaded once. */
const stripsOf = ({ cluster, stored }: ClusterContext, width: Width): Strips => {
  const all = operands()
  const roots = new Set<Expr>(cluster.groups.map(({ root }) => root))
  const shared: Shared = { prefix: 'e', loads: [] } // local
  const made = cluster.groups.filter(({ root }) => cluster.outer.has(root))
  const strips = made.map(({ root }, i) =>
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
  return { width, all, loads: shared.loads, strips }
}

/** Loads that the text of a kernel may repeat for the sake of whole vectors. */
const most = 16

const choose = (context: ClusterContext): Strips => {
  const { groups, frame } = context.cluster
  // Whoever writes a narrow float writes its whole word.
  const packed = groups.some(({ root }) => isNarrow(root.dtype))
  if (!packed && frame.rows % 4 !== 0) return stripsOf(context, 1)
  const four = stripsOf(context, 4)
  const loads = four.strips.reduce((n, s) => n + 4 * s.single, four.loads.length)
  return packed || loads <= most ? four : stripsOf(context, 1)
}

/** Elements of a value that are stored at once: narrow floats are filled up to whole words, and whatever else is not. */
const storedAtOnce = ({ dtype, shape }: Expr, width: Width): Width =>
  isNarrow(dtype) || size(shape) % width === 0 ? width : 1

/** Stores a strip, or as much of it as there is. */
const storing = (name: string, chosen: Strip, root: Expr, width: Width): ReadonlyArray<string> => {
  const { dtype, shape } = root
  if (width === 1) return [`  ${name}[q] = ${toStored(dtype, callOf(chosen, 0))};`]
  if (storedAtOnce(root, width) === width) return [`  ${name}[q] = ${fourStored(dtype, calls(chosen))};`]
  return calls(chosen).map(
    (value, e) => `  if (q * 4u + ${e}u < ${size(shape)}u) { ${name}[q * 4u + ${e}u] = ${toStored(dtype, value)}; }`
  )
}

export const emitMaps = (context: ClusterContext): Kernel => {
  const { cluster, target, label } = context
  const { strips, all, width, loads } = choose(context)
  const roots = cluster.groups.map(({ root }) => root).filter((root) => cluster.outer.has(root))
  const nameOf = (i: number): string => (roots.length === 1 ? 'y' : `y${i}`)
  const binding = (root: Expr, i: number): Binding => ({
    name: nameOf(i),
    access: 'read_write',
    type: arrayType(root.dtype, storedAtOnce(root, width))
  })
  const store = ([chosen, root]: readonly [Strip, Expr], i: number): ReadonlyArray<string> =>
    storing(nameOf(i), chosen, root, width)
  const whole = roots.findIndex((root) => storedAtOnce(root, width) === width)
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
        `let end = min(first + ${perThread}u, arrayLength(&${nameOf(whole)}));`,
        'for (var q = first; q < end; q++) {',
        ...loads.map((l) => `  ${statement(l)}`),
        ...RA.zip(strips, roots).flatMap(store),
        '}'
      ]
    }),
    reads: all.nodes.map(node),
    writes: roots.map(node),
    workgroups: grid(Math.ceil(cluster.frame.rows / width / (threads * perThread))),
    label
  }
}
