/**
 * Kernels of folds: reductions, and contractions that are small or thin. One row a thread; on GPUs long rows one a
 * workgroup; few long rows in two stages. Sums are formed of blocks of 64, so that their error grows slowly.
 */
import type { Apply, Expr } from '../../core/Expr.ts'
import { size } from '../../core/Shape.ts'
import { fromLinear } from '../../ops/place.ts'
import { mentions } from './Index.ts'
import type { Inliner } from './inline.ts'
import { grid, groupNumber, node, type Context, type Kernel, type Value } from './Kernel.ts'
import {
  accessorsOf,
  bindingsOf,
  calls,
  operands,
  statement,
  strip,
  type Operands,
  type Strip,
  type Width
} from './strip.ts'
import { printModule, storedType, toStored, wgslType, type Binding, type Function } from './Wgsl.ts'

/** A fold over `k` for every element of `core`. */
export interface Fold {
  readonly core: Apply
  readonly count: number
  readonly identity: string
  readonly combine: (a: string, b: string) => string
  /** The `k`-th body of the element at `linear`. */
  readonly body: (inliner: Inliner, linear: string, k: string) => string
}

const threads = 64
const block = 64

// the parts of a fold -----------------------------------------------------------------------

interface Part {
  readonly fold: Fold
  readonly strip: Strip
  readonly operands: Operands
}

const bodyStrip = ({ stored }: Context, fold: Fold, width: Width, all: Operands): Strip =>
  strip({
    name: 'body',
    width,
    result: wgslType(fold.core.dtype),
    names: [
      ['i', size(fold.core.shape) - 1],
      ['r', Math.max(0, Math.ceil(fold.count / width) - 1)]
    ],
    stored: (x) => x !== fold.core && stored(x),
    compute: (inliner) => fold.body(inliner, 'i', width === 4 ? '(r * 4u + e)' : 'r'),
    operands: all
  })

/** Whole vectors along the fold where something can be loaded so. */
const partOf = (context: Context, fold: Fold): Part => {
  const wide = operands()
  const four = fold.count % 4 === 0 && fold.count > 0 ? bodyStrip(context, fold, 4, wide) : undefined
  if (four !== undefined && four.loads.some((l) => l.width === 4) && four.loads.length + 4 * four.single <= 16)
    return { fold, strip: four, operands: wide }
  const narrow = operands()
  return { fold, strip: bodyStrip(context, fold, 1, narrow), operands: narrow }
}

const tree = (values: ReadonlyArray<string>, combine: Fold['combine']): string => {
  const half = Math.ceil(values.length / 2)
  return values.length === 1
    ? (values[0] ?? '')
    : combine(tree(values.slice(0, half), combine), tree(values.slice(half), combine))
}

/** Statements that fold strips `from` up to `to`, `step` apart, into a new variable `total`. */
const loop = ({ fold, strip }: Part, from: string, to: string, step: number): ReadonlyArray<string> => {
  const invariant = strip.loads.filter((l) => !mentions(l.index, 'r'))
  const each = strip.loads.filter((l) => mentions(l.index, 'r'))
  const type = wgslType(fold.core.dtype)
  const advance = step === 1 ? 'r++' : `r += ${step}u`
  return [
    ...invariant.map(statement),
    `var total: ${type} = ${fold.identity};`,
    `for (var start = ${from}; start < ${to}; start += ${block * step}u) {`,
    `  var part: ${type} = ${fold.identity};`,
    `  for (var r = start; r < min(start + ${block * step}u, ${to}); ${advance}) {`,
    ...each.map((l) => `    ${statement(l)}`),
    `    part = ${fold.combine('part', tree(calls(strip), fold.combine))};`,
    '  }',
    `  total = ${fold.combine('total', 'part')};`,
    '}'
  ]
}

/** What is made of the result of the fold: the root of the group at the element `i`. */
const epilogue = ({ group: { root }, stored }: Context, core: Expr, all: Operands): Strip =>
  strip({
    name: 'element',
    width: 1,
    result: wgslType(root.dtype),
    names: [['i', size(root.shape) - 1]],
    stored: (x) => x !== root && stored(x),
    held: new Map([[core, 'total']]),
    compute: (inliner) => inliner.value(root, fromLinear(root.shape, 'i')),
    operands: all
  })

/** Stores the root at the element `i`, of the fold's result in `total`. */
const ending = (
  context: Context,
  core: Expr,
  all: Operands
): readonly [ReadonlyArray<string>, ReadonlyArray<Function>] => {
  const { root } = context.group
  if (root === core) return [[`y[i] = ${toStored(root.dtype, 'total')};`], []]
  const last = epilogue(context, core, all)
  return [[...last.loads.map(statement), `y[i] = ${toStored(root.dtype, calls(last)[0] ?? '')};`], [last.element]]
}

const output = (root: Expr): Binding => ({ name: 'y', access: 'read_write', type: `array<${storedType(root.dtype)}>` })

const thread = (n: number): ReadonlyArray<string> => [
  `let i = ${groupNumber} * ${threads}u + lane;`,
  `if (i >= ${n}u) { return; }`
]

// schedules --------------------------------------------------------------------------------

/** One row a thread. */
const byThread = (context: Context, part: Part): Kernel => {
  const { root } = context.group
  const n = size(part.fold.core.shape)
  const [store, functions] = ending(context, part.fold.core, part.operands)
  return {
    wgsl: printModule({
      comment: context.label,
      bindings: [...bindingsOf(part.operands), output(root)],
      declarations: [],
      functions: [...accessorsOf(part.operands), part.strip.element, ...functions],
      workgroup: threads,
      main: [...thread(n), ...loop(part, '0u', `${part.fold.count / part.strip.width}u`, 1), ...store]
    }),
    reads: part.operands.nodes.map(node),
    write: node(root),
    workgroups: grid(Math.ceil(n / threads)),
    label: context.label
  }
}

/** One row a workgroup, whose threads take turns along the row. */
const byWorkgroup = (context: Context, part: Part): Kernel => {
  const { root } = context.group
  const n = size(part.fold.core.shape)
  const type = wgslType(part.fold.core.dtype)
  const [store, functions] = ending(context, part.fold.core, part.operands)
  return {
    wgsl: printModule({
      comment: context.label,
      bindings: [...bindingsOf(part.operands), output(root)],
      declarations: [`var<workgroup> totals: array<${type}, ${threads}>;`],
      functions: [...accessorsOf(part.operands), part.strip.element, ...functions],
      workgroup: threads,
      main: [
        `let i = ${groupNumber};`,
        `if (i >= ${n}u) { return; }`,
        '{',
        ...loop(part, 'lane', `${part.fold.count / part.strip.width}u`, threads).map((line) => `  ${line}`),
        '  totals[lane] = total;',
        '}',
        `for (var half = ${threads / 2}u; half > 0u; half = half / 2u) {`,
        '  workgroupBarrier();',
        '  if (lane < half) {',
        `    totals[lane] = ${part.fold.combine('totals[lane]', 'totals[lane + half]')};`,
        '  }',
        '}',
        'if (lane == 0u) {',
        '  let total = totals[0];',
        ...store.map((line) => `  ${line}`),
        '}'
      ]
    }),
    reads: part.operands.nodes.map(node),
    write: node(root),
    workgroups: grid(n),
    label: context.label
  }
}

/** Rows cut into `pieces`, each folded by a thread; then the pieces of each row. */
const inStages = (context: Context, part: Part, pieces: number): ReadonlyArray<Kernel> => {
  const { fold, strip } = part
  const { root } = context.group
  const n = size(fold.core.shape)
  const strips = fold.count / strip.width
  const chunk = Math.ceil(strips / pieces)
  const type = storedType(fold.core.dtype)
  const between: Value = { _tag: 'Scratch', group: root, elements: n * pieces }
  const rest = operands()
  const [store, functions] = ending(context, fold.core, rest)
  const first: Kernel = {
    wgsl: printModule({
      comment: `${context.label}, of pieces`,
      bindings: [...bindingsOf(part.operands), { name: 'pieces', access: 'read_write', type: `array<${type}>` }],
      declarations: [],
      functions: [...accessorsOf(part.operands), strip.element],
      workgroup: threads,
      main: [
        `let place = ${groupNumber} * ${threads}u + lane;`,
        `if (place >= ${n * pieces}u) { return; }`,
        `let i = place % ${n}u;`,
        `let from_strip = place / ${n}u * ${chunk}u;`,
        `let to_strip = min(from_strip + ${chunk}u, ${strips}u);`,
        ...loop(part, 'from_strip', 'to_strip', 1),
        'pieces[place] = total;'
      ]
    }),
    reads: part.operands.nodes.map(node),
    write: between,
    workgroups: grid(Math.ceil((n * pieces) / threads)),
    label: `${context.label}, of pieces`
  }
  const last: Kernel = {
    wgsl: printModule({
      comment: context.label,
      bindings: [{ name: 'pieces', access: 'read', type: `array<${type}>` }, ...bindingsOf(rest), output(root)],
      declarations: [],
      functions: [...accessorsOf(rest), ...functions],
      workgroup: threads,
      main: [
        ...thread(n),
        `var total: ${wgslType(fold.core.dtype)} = ${fold.identity};`,
        `for (var piece = 0u; piece < ${pieces}u; piece++) {`,
        `  total = ${fold.combine('total', `pieces[piece * ${n}u + i]`)};`,
        '}',
        ...store
      ]
    }),
    reads: [between, ...rest.nodes.map(node)],
    write: node(root),
    workgroups: grid(Math.ceil(n / threads)),
    label: context.label
  }
  return [first, last]
}

/** Threads that keep a machine busy. */
const enough = { subgroup: 256, tile: 16384 } as const

export const emitFold = (context: Context, fold: Fold): ReadonlyArray<Kernel> => {
  const part = partOf(context, fold)
  const n = size(fold.core.shape)
  const wanted = enough[context.target.schedule]
  const strips = fold.count / part.strip.width
  const pieces = Math.min(Math.ceil(wanted / n), Math.floor(strips / block))
  if (n < wanted / 4 && pieces > 1 && (context.target.schedule === 'subgroup' || strips > 16 * threads))
    return inStages(context, part, pieces).map((k) => k)
  const long = context.target.schedule === 'tile' && fold.count > 32 && part.strip.width === 4
  return [long ? byWorkgroup(context, part) : byThread(context, part)]
}
