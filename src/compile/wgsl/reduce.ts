/**
 * Kernels of folds: reductions, and contractions that are small or thin. One row a thread; on GPUs long rows one a
 * workgroup; few long rows in two stages. Sums are formed of blocks of 64, so that their error grows slowly.
 */
import type { Expr } from '../../core/Expr.ts'
import { size } from '../../core/Shape.ts'
import { fromLinear } from '../../ops/place.ts'
import { mentions } from './Index.ts'
import { tree, type Fold } from './lowering.ts'
import { grid, groupNumber, loopEnd, node, type Context, type Kernel, type Value } from './Kernel.ts'
import {
  accessorsOf,
  bindingsOf,
  callOf,
  calls,
  operands,
  statement,
  strip,
  type Operands,
  type Strip,
  type Width
} from './strip.ts'
import { aloneType, printModule, storeAlone, storedType, wgslType, type Binding, type Function } from './Wgsl.ts'

const threads = 64
const block = 64

// the parts of a fold -----------------------------------------------------------------------

/** What one turn of the loop does: values of strip `r` of row `i`, and what must stand before them. */
interface Part {
  readonly fold: Fold
  readonly strips: number
  /** Statements that do not depend on `r`, and those that do. */
  readonly before: ReadonlyArray<string>
  readonly each: ReadonlyArray<string>
  readonly values: ReadonlyArray<string>
  readonly functions: ReadonlyArray<Function>
  readonly operands: Operands
  /** The results of an earlier launch, bound before the operands. */
  readonly pieces: ReadonlyArray<readonly [Binding, Value]>
  /** Neighbouring values of `r` are read from neighbouring places. */
  readonly inRow: boolean
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
const chosen = (context: Context, fold: Fold): readonly [Strip, Operands] => {
  const wide = operands()
  const four = fold.count % 4 === 0 && fold.count > 0 ? bodyStrip(context, fold, 4, wide) : undefined
  if (four !== undefined && four.loads.some((l) => l.width === 4) && four.loads.length + 4 * four.single <= 16)
    return [four, wide]
  const narrow = operands()
  return [bodyStrip(context, fold, 1, narrow), narrow]
}

const partOf = (context: Context, fold: Fold): Part => {
  const [strip, all] = chosen(context, fold)
  return {
    fold,
    strips: fold.count / strip.width,
    before: strip.loads.filter((l) => !mentions(l.index, 'r')).map(statement),
    each: strip.loads.filter((l) => mentions(l.index, 'r')).map(statement),
    values: calls(strip),
    functions: [strip.element],
    operands: all,
    pieces: [],
    inRow: strip.width === 4
  }
}

/** The fold of an earlier launch's results, `count` for every row. */
const partOfPieces = (fold: Fold, from: Value, count: number): Part => ({
  fold,
  strips: count,
  before: [],
  each: [],
  values: [`pieces[r * ${size(fold.core.shape)}u + i]`],
  functions: [],
  operands: operands(),
  pieces: [[{ name: 'pieces', access: 'read', type: `array<${storedType(fold.core.dtype)}>` }, from]],
  inRow: false
})

/** Statements that fold strips `from` up to `to`, `step` apart, into a new variable `total`. */
const loop = (part: Part, from: string, to: string, step: number): ReadonlyArray<string> => {
  const { fold, before, each, values } = part
  const type = wgslType(fold.core.dtype)
  const advance = step === 1 ? 'r++' : `r += ${step}u`
  return [
    ...before,
    `var total: ${type} = ${fold.identity};`,
    `for (var start = ${from}; start < ${to}; start += ${block * step}u) {`,
    `  var part: ${type} = ${fold.identity};`,
    `  for (var r = start; r < min(start + ${block * step}u, ${to}); ${advance}) {`,
    ...each.map((line) => `    ${line}`),
    `    part = ${fold.combine('part', tree(values, fold.combine))};`,
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
  if (root === core) return [storeAlone(root.dtype, 'y', 'i', 'total'), []]
  const last = epilogue(context, core, all)
  return [[...last.loads.map(statement), ...storeAlone(root.dtype, 'y', 'i', callOf(last, 0))], [last.element]]
}

const output = (root: Expr): Binding => ({ name: 'y', access: 'read_write', type: aloneType(root.dtype) })

// schedules --------------------------------------------------------------------------------

/** The kernel that stores the root, of statements that leave the result in `total` and of how they are laid out. */
const closing = (
  context: Context,
  part: Part,
  workgroups: number,
  declarations: ReadonlyArray<string>,
  body: (store: ReadonlyArray<string>) => ReadonlyArray<string>
): Kernel => {
  const { root } = context.group
  const [store, functions] = ending(context, part.fold.core, part.operands)
  return {
    wgsl: printModule({
      comment: context.label,
      bindings: [...part.pieces.map(([binding]) => binding), ...bindingsOf(part.operands), output(root)],
      declarations,
      functions: [...accessorsOf(part.operands), ...part.functions, ...functions],
      workgroup: threads,
      main: body(store)
    }),
    reads: [...part.pieces.map(([, value]) => value), ...part.operands.nodes.map(node)],
    writes: [node(root)],
    workgroups: grid(workgroups),
    label: context.label
  }
}

/** One row a thread. */
const byThread = (context: Context, part: Part): Kernel => {
  const n = size(part.fold.core.shape)
  return closing(context, part, Math.ceil(n / threads), [], (store) => [
    `let i = ${groupNumber} * ${threads}u + lane;`,
    `if (i >= ${n}u) { return; }`,
    loopEnd(context.target.schedule, 'strips', part.strips),
    ...loop(part, '0u', 'strips', 1),
    ...store
  ])
}

/** One row a workgroup, whose threads take turns along the row. */
const byWorkgroup = (context: Context, part: Part): Kernel => {
  const n = size(part.fold.core.shape)
  const totals = `var<workgroup> totals: array<${wgslType(part.fold.core.dtype)}, ${threads}>;`
  return closing(context, part, n, [totals], (store) => [
    `let i = ${groupNumber};`,
    `if (i >= ${n}u) { return; }`,
    '{',
    ...loop(part, 'lane', `${part.strips}u`, threads).map((line) => `  ${line}`),
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
  ])
}

/** Every row in `pieces`, each folded by a thread: the first of two launches. */
const ofPieces = (context: Context, part: Part, pieces: number, write: Value): Kernel => {
  const n = size(part.fold.core.shape)
  const chunk = Math.ceil(part.strips / pieces)
  const label = `${context.label}, of pieces`
  return {
    wgsl: printModule({
      comment: label,
      bindings: [
        ...bindingsOf(part.operands),
        { name: 'pieces', access: 'read_write', type: `array<${storedType(part.fold.core.dtype)}>` }
      ],
      declarations: [],
      functions: [...accessorsOf(part.operands), ...part.functions],
      workgroup: threads,
      main: [
        `let place = ${groupNumber} * ${threads}u + lane;`,
        `if (place >= ${n * pieces}u) { return; }`,
        `let i = place % ${n}u;`,
        `let first = place / ${n}u * ${chunk}u;`,
        `let end = min(first + ${chunk}u, ${part.strips}u);`,
        ...loop(part, 'first', 'end', 1),
        'pieces[place] = total;'
      ]
    }),
    reads: part.operands.nodes.map(node),
    writes: [write],
    workgroups: grid(Math.ceil((n * pieces) / threads)),
    label
  }
}

/** Threads that keep a machine busy. */
const enough = { subgroup: 256, tile: 16384 } as const
/** Pieces of a row that the second of two launches folds in no time. */
const mostPieces = 1024

/** Into how many pieces a row is cut: 1 where there are rows enough, or too little in them. */
const piecesOf = ({ target: { schedule } }: Context, { fold, strips }: Part): number => {
  const n = size(fold.core.shape)
  const wanted = Math.min(Math.ceil(enough[schedule] / n), Math.floor(strips / block), mostPieces)
  return 4 * n < enough[schedule] && (schedule === 'subgroup' || strips > 16 * threads) ? Math.max(1, wanted) : 1
}

const whole = (context: Context, part: Part): Kernel =>
  context.target.schedule === 'tile' && part.strips > 8 && (part.inRow || part.pieces.length > 0)
    ? byWorkgroup(context, part)
    : byThread(context, part)

export const emitFold = (context: Context, fold: Fold): ReadonlyArray<Kernel> => {
  const part = partOf(context, fold)
  const pieces = piecesOf(context, part)
  if (pieces === 1) return [whole(context, part)]
  const between: Value = { _tag: 'Scratch', group: context.group.root, elements: size(fold.core.shape) * pieces }
  return [ofPieces(context, part, pieces, between), whole(context, partOfPieces(fold, between, pieces))]
}
