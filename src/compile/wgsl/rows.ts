/**
 * Kernels of clusters: a thread, or on GPUs a workgroup, takes a row through loops one after another. What a loop adds
 * up is at hand for the next; what is computed of an element is computed again where it is needed again.
 */
import type { Apply, Expr } from '../../core/Expr.ts'
import { size } from '../../core/Shape.ts'
import { fromLinear } from '../../ops/place.ts'
import { mentions } from './Index.ts'
import { grid, groupNumber, loopEnd, node, type ClusterContext, type Kernel } from './Kernel.ts'
import { foldOf, tree, type Fold } from './lowering.ts'
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
  type StripOf,
  type Width
} from './strip.ts'
import type { Target } from './Target.ts'
import {
  aloneType,
  arrayType,
  fourStored,
  printModule,
  storeAlone,
  toStored,
  wgslType,
  type Binding,
  type Function
} from './Wgsl.ts'

// model ----------------------------------------------------------------------------------

/** A fold in a loop, and the variable that holds its result. */
interface Sum {
  readonly fold: Fold
  readonly total: string
  readonly strip: Strip
}

interface Loop {
  readonly sums: Array<Sum>
  readonly shared: Shared
  /** What is made of the results, once a row. */
  readonly after: Array<string>
  /** Names that this loop and what comes after it define. */
  readonly defined: Set<string>
}

/** The kernel so far. */
interface Draft {
  readonly context: ClusterContext
  readonly width: Width
  readonly all: Operands
  readonly loops: Array<Loop>
  readonly held: Map<Expr, string>
  readonly functions: Array<Function>
  readonly writes: Array<Expr>
}

const threads = 64

const emptyLoop = (n: number): Loop => ({
  sums: [],
  shared: { prefix: `a${n}_`, loads: [] },
  after: [],
  defined: new Set()
})

const names = ({
  context: {
    cluster: { frame }
  },
  width
}: Draft): StripOf['names'] => [
  ['i', frame.rows - 1],
  ['r', Math.max(0, Math.ceil(frame.columns / width) - 1)]
]

/** A strip of the cluster: what other members compute is computed here, or held where it is of the row. */
const stripIn = (
  draft: Draft,
  of: Pick<StripOf, 'name' | 'result' | 'compute'> & { readonly shared: Shared },
  width: Width,
  extra = new Map<Expr, string>()
): Strip => {
  const roots = new Set<Expr>(draft.context.cluster.groups.map(({ root }) => root))
  return strip({
    ...of,
    width,
    names: names(draft),
    stored: (x) => !roots.has(x) && draft.context.stored(x),
    held: new Map([...draft.held, ...extra]),
    operands: draft.all
  })
}

const column = (width: Width): string => (width === 4 ? '(r * 4u + e)' : 'r')

// members --------------------------------------------------------------------------------

const usesAny = ({ element: { parameters } }: Strip, defined: ReadonlySet<string>): boolean =>
  parameters.some(([name]) => defined.has(name))

const newLoop = ({ loops }: Draft): Loop => {
  const made = emptyLoop(loops.length)
  loops.push(made)
  return made
}

/** The loop that a fold can go into: the last, unless it reads what that defines. */
const loopFor = (draft: Draft, build: (shared: Shared) => Strip): Loop => {
  const last = draft.loops.at(-1)
  const trial = build({ prefix: 'trial', loads: [] })
  return last !== undefined && !usesAny(trial, last.defined) ? last : newLoop(draft)
}

const addFold = (draft: Draft, root: Apply, fold: Fold): void => {
  const n = draft.functions.length
  const total = `total${n}`
  const build = (shared: Shared): Strip =>
    stripIn(
      draft,
      {
        name: `body${n}`,
        result: wgslType(fold.core.dtype),
        compute: (inliner) => fold.body(inliner, 'i', column(draft.width)),
        shared
      },
      draft.width
    )
  const loop = loopFor(draft, build)
  const made = build(loop.shared)
  loop.sums.push({ fold, total, strip: made })
  loop.defined.add(total)
  draft.functions.push(made.element)
  if (root === fold.core) draft.held.set(root, total)
  else addRow(draft, root, new Map([[fold.core, total]]))
}

/** A value of the row: computed once, after the last loop. */
const addRow = (draft: Draft, root: Apply, held: ReadonlyMap<Expr, string> = new Map()): void => {
  const n = draft.functions.length
  const name = `value${n}`
  const loop = draft.loops.at(-1) ?? newLoop(draft)
  const made = stripIn(
    draft,
    {
      name: `row${n}`,
      result: wgslType(root.dtype),
      compute: (inliner) => inliner.value(root, fromLinear(root.shape, 'i')),
      shared: { prefix: `b${n}_`, loads: [] }
    },
    1,
    new Map(held)
  )
  draft.functions.push(made.element)
  loop.after.push(...made.loads.map(statement), `let ${name} = ${calls(made)[0]};`)
  loop.defined.add(name)
  draft.held.set(root, name)
}

interface Last {
  readonly shared: Shared
  readonly stores: ReadonlyArray<string>
}

/** The loop that stores elements, after all others. */
const lastLoop = (draft: Draft, roots: ReadonlyArray<Apply>): Last => {
  const { columns } = draft.context.cluster.frame
  const shared: Shared = { prefix: 'e', loads: [] } // local
  const place = `i * ${columns / draft.width}u + r`
  const stores = roots.map((root) => {
    const n = draft.functions.length
    const made = stripIn(
      draft,
      {
        name: `element${n}`,
        result: wgslType(root.dtype),
        compute: (inliner) => inliner.value(root, fromLinear(root.shape, `(i * ${columns}u + ${column(draft.width)})`)),
        shared
      },
      draft.width
    )
    draft.functions.push(made.element)
    const value = draft.width === 4 ? fourStored(root.dtype, calls(made)) : toStored(root.dtype, callOf(made, 0))
    return `${output(draft, root)}[${place}] = ${value};`
  })
  return { shared, stores }
}

const output = (draft: Draft, root: Expr): string => {
  if (!draft.writes.includes(root)) draft.writes.push(root)
  return `y${draft.writes.indexOf(root)}`
}

// text -----------------------------------------------------------------------------------

const split = (loads: ReadonlyArray<Load>): readonly [before: ReadonlyArray<string>, each: ReadonlyArray<string>] => [
  loads.filter((l) => !mentions(l.index, 'r')).map(statement),
  loads.filter((l) => mentions(l.index, 'r')).map(statement)
]

const indent = (lines: ReadonlyArray<string>): ReadonlyArray<string> => lines.map((line) => `  ${line}`)

const totalsOf = ({ core }: Fold): string => `totals_${wgslType(core.dtype)}`

/** Threads of a workgroup put their totals together; all of them have the result. */
const gather = ({ fold, total }: Sum): ReadonlyArray<string> => [
  `${totalsOf(fold)}[lane] = ${total};`,
  `for (var half = ${threads / 2}u; half > 0u; half = half / 2u) {`,
  '  workgroupBarrier();',
  `  if (lane < half) { ${totalsOf(fold)}[lane] = ${fold.combine(`${totalsOf(fold)}[lane]`, `${totalsOf(fold)}[lane + half]`)}; }`,
  '}',
  'workgroupBarrier();',
  `${total} = ${totalsOf(fold)}[0];`,
  'workgroupBarrier();'
]

/** Sums of blocks of 64, so that their error grows slowly. */
const block = 64

const printLoop = ({ sums, shared, after }: Loop, together: boolean): ReadonlyArray<string> => {
  const [before, each] = split(shared.loads)
  const step = together ? threads : 1
  const declare = (name: (sum: Sum) => string): ReadonlyArray<string> =>
    sums.map((s) => `var ${name(s)}: ${wgslType(s.fold.core.dtype)} = ${s.fold.identity};`)
  const part = ({ total }: Sum): string => `part_${total}`
  const loop = [
    ...before,
    ...declare((s) => s.total),
    `for (var start = ${together ? 'lane' : '0u'}; start < strips; start += ${block * step}u) {`,
    ...indent(declare(part)),
    `  for (var r = start; r < min(start + ${block * step}u, strips); r += ${step}u) {`,
    ...indent(indent(each)),
    ...sums.map((s) => `    ${part(s)} = ${s.fold.combine(part(s), tree(calls(s.strip), s.fold.combine))};`),
    '  }',
    ...sums.map((s) => `  ${s.total} = ${s.fold.combine(s.total, part(s))};`),
    '}',
    ...(together ? sums.flatMap(gather) : [])
  ]
  return [...(sums.length === 0 ? [] : loop), ...after]
}

const printLast = ({ shared, stores }: Last, together: boolean): ReadonlyArray<string> => {
  const [before, each] = split(shared.loads)
  return stores.length === 0
    ? []
    : [
        ...before,
        `for (var r = ${together ? 'lane' : '0u'}; r < strips; r += ${together ? threads : 1}u) {`,
        ...indent(each),
        ...indent(stores),
        '}'
      ]
}

// the kernel -----------------------------------------------------------------------------

const draftOf = (context: ClusterContext, width: Width): readonly [Draft, Last] => {
  const { cluster } = context
  const draft: Draft = {
    context,
    width,
    all: operands(),
    loops: [],
    held: new Map(),
    functions: [],
    writes: []
  } // local
  for (const { root, core } of cluster.groups) {
    const fold = foldOf(core)
    if (fold !== undefined) addFold(draft, root, fold)
    else if (size(root.shape) === cluster.frame.rows) addRow(draft, root)
  }
  const elements = cluster.groups
    .map(({ root }) => root)
    .filter((root) => cluster.outer.has(root) && !draft.held.has(root))
  return [draft, lastLoop(draft, elements)]
}

const stillFits = ({ functions, all, loops }: Draft, last: Last, { staticLoads }: Target): boolean =>
  loops.reduce((n, l) => n + l.shared.loads.length, last.shared.loads.length) +
    all.singles.size * 4 +
    functions.length <=
  2 * staticLoads

/** Arrays through which the threads of a workgroup put totals together, one for each type. */
const sharedTotals = ({ loops }: Draft): ReadonlyArray<string> => {
  const folds = loops.flatMap(({ sums }) => sums.map((s) => s.fold))
  return [...new Set(folds.map((f) => `var<workgroup> ${totalsOf(f)}: array<${wgslType(f.core.dtype)}, ${threads}>;`))]
}

/** Workgroups are small where rows are few, for all processors to have some. */
const perWorkgroup = ({ target, cluster: { frame } }: ClusterContext): number =>
  target.schedule === 'subgroup' && frame.rows < 2048 ? 16 : threads

export const emitRows = (context: ClusterContext): Kernel | undefined => {
  const { target, label, cluster } = context
  const { frame, outer } = cluster
  const width: Width = frame.columns % 4 === 0 ? 4 : 1
  const [draft, last] = draftOf(context, width)
  if (!stillFits(draft, last, target)) return undefined
  const together = target.schedule === 'tile'
  const rowStores = [...draft.held].flatMap(([root, name]) =>
    outer.has(root) ? storeAlone(root.dtype, output(draft, root), 'i', name) : []
  )
  const count = together ? threads : perWorkgroup(context)
  const binding = (root: Expr, i: number): Binding => {
    const type = draft.held.has(root) ? aloneType(root.dtype) : arrayType(root.dtype, width)
    return { name: `y${i}`, access: 'read_write', type }
  }
  return {
    wgsl: printModule({
      comment: label,
      bindings: [...bindingsOf(draft.all), ...draft.writes.map(binding)],
      declarations: together ? sharedTotals(draft) : [],
      functions: [...accessorsOf(draft.all), ...draft.functions],
      workgroup: count,
      main: [
        `let i = ${together ? groupNumber : `${groupNumber} * ${count}u + lane`};`,
        `if (i >= ${frame.rows}u) { return; }`,
        loopEnd(target.schedule, 'strips', frame.columns / width),
        ...draft.loops.flatMap((loop) => printLoop(loop, together)),
        ...(together && rowStores.length > 0 ? ['if (lane == 0u) {', ...indent(rowStores), '}'] : rowStores),
        ...printLast(last, together)
      ]
    }),
    reads: draft.all.nodes.map(node),
    writes: draft.writes.map(node),
    workgroups: grid(together ? frame.rows : Math.ceil(frame.rows / count)),
    label
  }
}
