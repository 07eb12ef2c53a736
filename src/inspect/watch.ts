/**
 * Where numbers cease to be numbers: a graph is run once more with every value looked at, and the first operation that
 * makes infinity or NaN of finite operands is named. The graph is run in parts, so that no more than a part's values and
 * those still needed are held at once.
 */
import { isFloat } from '../core/DType.ts'
import { apply, input, inputsOf, isApply, topological, type Apply, type Expr } from '../core/Expr.ts'
import type { Faults } from '../core/Fault.ts'
import { O, pipe, TE } from '../core/fp.ts'
import { size } from '../core/Shape.ts'
import type { Tensor } from '../core/Tensor.ts'
import { definition } from '../ops/define.ts'
import type { Device } from '../runtime/device.ts'
import { call, compileStep, type Outputs, type Tensors } from '../runtime/steps.ts'
import { nameOf, pathOf, showPath } from './explain.ts'
import { showType } from './table.ts'

// model ----------------------------------------------------------------------------------

/** The finite numbers of a value, and how many are not. */
export interface Range {
  readonly min: number
  readonly max: number
  readonly nan: number
  readonly infinite: number
  readonly count: number
}

export interface Ranged {
  readonly node: Expr
  readonly range: Range
}

export interface Finding extends Ranged {
  /** The output that is not finite, and the path of what is not finite from here to it. */
  readonly output: string
  readonly path: ReadonlyArray<Expr>
  readonly inputs: ReadonlyArray<Ranged>
  /** Where the first NaN is made, if here is infinity. */
  readonly nan?: Expr
  /** What of its definition it was, if it has one. */
  readonly inside?: Finding
}

export interface Watching {
  readonly device: Device
  /** Values of one part of the graph, at most. */
  readonly bytes: number
  readonly nodes: number
}

export const watching = (device: Device): Watching => ({ device, bytes: 64 * 2 ** 20, nodes: 128 })

// ranges ---------------------------------------------------------------------------------

export const rangeOf = ({ data }: Tensor): Range => {
  const range = { min: Infinity, max: -Infinity, nan: 0, infinite: 0, count: data.length } // local
  for (const x of data)
    if (Number.isNaN(x)) range.nan++
    else if (!Number.isFinite(x)) range.infinite++
    else {
      range.min = Math.min(range.min, x)
      range.max = Math.max(range.max, x)
    }
  return range
}

const isFinite = ({ nan, infinite }: Range): boolean => nan + infinite === 0

// parts ----------------------------------------------------------------------------------

const label = (i: number): string => `value ${i}`

/** Consecutive operations whose values fit. */
const partsOf = (
  nodes: ReadonlyArray<Apply>,
  { bytes, nodes: most }: Watching
): ReadonlyArray<ReadonlyArray<Apply>> => {
  const parts: Array<Array<Apply>> = [] // local
  const state = { bytes: Infinity }
  for (const node of nodes) {
    const own = 4 * size(node.shape)
    if (state.bytes + own > bytes || (parts.at(-1)?.length ?? most) >= most) {
      parts.push([])
      state.bytes = 0
    }
    parts.at(-1)?.push(node)
    state.bytes += own
  }
  return parts
}

interface Plan {
  readonly numbers: ReadonlyMap<Expr, number>
  /** The last part that reads a node. */
  readonly last: ReadonlyMap<Expr, number>
  readonly parts: ReadonlyArray<ReadonlyArray<Apply>>
}

const planOf = (nodes: ReadonlyArray<Expr>, watching: Watching): Plan => {
  const parts = partsOf(nodes.filter(isApply), watching)
  const last = new Map<Expr, number>() // local
  parts.forEach((part, i) => part.forEach((node) => inputsOf(node).forEach((x) => last.set(x, i))))
  return { numbers: new Map(nodes.map((node, i) => [node, i])), last, parts }
}

/** A part as a program: what it reads of others are inputs. */
const outputsOfPart = ({ numbers, last, parts }: Plan, i: number): Outputs => {
  const part = parts[i] ?? []
  const image = new Map<Expr, Expr>() // local
  const at = (x: Expr): Expr =>
    image.get(x) ?? (x.term._tag === 'Constant' ? x : input(label(numbers.get(x) ?? 0), x.dtype, x.shape))
  for (const node of part) image.set(node, apply(node.term.op, node.term.inputs.map(at), node.term.params))
  const wanted = part.filter((node) => isFloat(node.dtype) || (last.get(node) ?? i) > i)
  return Object.fromEntries(wanted.map((node) => [label(numbers.get(node) ?? 0), at(node)]))
}

// running --------------------------------------------------------------------------------

interface State {
  readonly values: ReadonlyMap<string, Tensor>
  readonly ranges: ReadonlyMap<Expr, Range>
}

const after = (plan: Plan, i: number, { values, ranges }: State, made: Tensors): State => {
  const part = plan.parts[i] ?? []
  const own = (node: Expr): string => label(plan.numbers.get(node) ?? 0)
  const fresh = part.flatMap((node): ReadonlyArray<readonly [Expr, Range]> => {
    const value = made.get(own(node))
    return value === undefined || !isFloat(node.dtype) ? [] : [[node, rangeOf(value)]]
  })
  const needed = new Set([...plan.last].flatMap(([node, last]) => (last > i ? [own(node)] : [])))
  return {
    values: new Map([...values, ...made].filter(([name]) => needed.has(name))),
    ranges: new Map([...ranges, ...fresh])
  }
}

const runPart =
  ({ device }: Watching, plan: Plan, i: number) =>
  (state: State): TE.TaskEither<Faults, State> =>
    pipe(
      compileStep(device, outputsOfPart(plan, i)),
      TE.flatMap((step) => {
        const wanted = new Set(step.program.inputs.map(({ name }) => name))
        const given = new Map([...state.values].filter(([name]) => wanted.has(name)))
        return pipe(
          call(device, step, new Map(), given),
          TE.tapIO(() => () => step.dispose())
        )
      }),
      TE.map((made) => after(plan, i, state, made))
    )

const start = (nodes: ReadonlyArray<Expr>, { numbers }: Plan, inputs: Tensors): State => {
  const given = nodes.flatMap((node): ReadonlyArray<readonly [Expr, Tensor]> => {
    const value = node.term._tag === 'Input' ? inputs.get(node.term.name) : undefined
    return node.term._tag === 'Constant' ? [[node, node.term.value]] : value === undefined ? [] : [[node, value]]
  })
  return {
    values: new Map(
      given.flatMap(([node, value]) =>
        node.term._tag === 'Input' ? [[label(numbers.get(node) ?? 0), value] as const] : []
      )
    ),
    ranges: new Map(given.flatMap(([node, value]) => (isFloat(node.dtype) ? [[node, rangeOf(value)] as const] : [])))
  }
}

/** What is known of every floating-point value of a graph, without more than a part of them at once. */
export const rangesOf =
  (watching: Watching) =>
  (outputs: Outputs, inputs: Tensors): TE.TaskEither<Faults, ReadonlyMap<Expr, Range>> => {
    const nodes = topological(Object.values(outputs))
    const plan = planOf(nodes, watching)
    const begun: TE.TaskEither<Faults, State> = TE.right(start(nodes, plan, inputs))
    return pipe(
      plan.parts.reduce((state, _, i) => pipe(state, TE.flatMap(runPart(watching, plan, i))), begun),
      TE.map(({ ranges }) => ranges)
    )
  }

// finding --------------------------------------------------------------------------------

type Ranges = ReadonlyMap<Expr, Range>

const isBad = (ranges: Ranges, node: Expr): boolean => !isFinite(ranges.get(node) ?? finite)
const hasNan = (ranges: Ranges, node: Expr): boolean => (ranges.get(node)?.nan ?? 0) > 0
const finite: Range = { min: 0, max: 0, nan: 0, infinite: 0, count: 0 }

/** The nodes from which something that is not finite reaches the value, through nothing finite; each after its operands. */
const chain = (ranges: Ranges, value: Expr): ReadonlyArray<Expr> =>
  topological([value], { has: (node) => !isBad(ranges, node) }).filter((node) => isBad(ranges, node))

const ranged = (ranges: Ranges, node: Expr): Ranged => ({ node, range: ranges.get(node) ?? finite })

/** What may be infinite without anything having gone wrong here. */
type Given = (node: Expr) => boolean

const isConstant: Given = ({ term }) => term._tag === 'Constant'
const isLeaf: Given = (node) => !isApply(node)

const found = (ranges: Ranges, output: string, value: Expr, given: Given): O.Option<Finding> => {
  const bad = chain(ranges, value)
  const first = bad.find((node) => !given(node) && inputsOf(node).every((x) => !isBad(ranges, x)))
  const nan = bad.find((node) => hasNan(ranges, node) && inputsOf(node).every((x) => !hasNan(ranges, x)))
  const node = first ?? nan
  if (node === undefined) return O.none
  return O.some({
    ...ranged(ranges, node),
    output,
    path: pathOf(node, value) ?? [],
    inputs: inputsOf(node).map((x) => ranged(ranges, x)),
    ...(nan === undefined || nan === node ? {} : { nan })
  })
}

/** Outputs with NaN before those with infinity alone. */
const worst = (ranges: Ranges, outputs: Outputs): ReadonlyArray<readonly [string, Expr]> => {
  const bad = Object.entries(outputs).filter(([, node]) => isBad(ranges, node))
  return [...bad.filter(([, node]) => hasNan(ranges, node)), ...bad]
}

// within ---------------------------------------------------------------------------------

/** The definition of a node with inputs in place of its operands, and their values; none for a primitive. */
const within = (node: Expr): O.Option<Expr> => {
  if (!isApply(node)) return O.none
  const { op, inputs, params } = node.term
  const stand = inputs.map((x, i) => input(`operand ${i}`, x.dtype, x.shape))
  const opened = apply(op, stand, params)
  return isApply(opened) ? O.fromNullable(definition(opened)) : O.none
}

/** The values of a node's operands, computed once more. */
const operandValues = ({ device }: Watching, node: Expr, inputs: Tensors): TE.TaskEither<Faults, Tensors> => {
  const outputs = Object.fromEntries(inputsOf(node).map((x, i) => [`operand ${i}`, x]))
  return pipe(
    compileStep(device, outputs),
    TE.flatMap((step) => {
      const wanted = new Set(step.program.inputs.map(({ name }) => name))
      return pipe(
        call(device, step, new Map(), new Map([...inputs].filter(([name]) => wanted.has(name)))),
        TE.tapIO(() => () => step.dispose())
      )
    })
  )
}

/** The same of what a composite is made of: which of it failed. */
const opened =
  (watching: Watching, inputs: Tensors) =>
  (finding: Finding): TE.TaskEither<Faults, Finding> =>
    pipe(
      within(finding.node),
      O.match(
        () => TE.right(finding),
        (body) =>
          pipe(
            operandValues(watching, finding.node, inputs),
            TE.flatMap((values) => watchFrom(watching, isLeaf)({ [nameOf(finding.node)]: body }, values)),
            TE.map(
              O.match(
                () => finding,
                (inside): Finding => ({ ...finding, inside })
              )
            )
          )
      )
    )

// watching -------------------------------------------------------------------------------

const watchFrom =
  (watching: Watching, given: Given) =>
  (outputs: Outputs, inputs: Tensors): TE.TaskEither<Faults, O.Option<Finding>> =>
    pipe(
      rangesOf(watching)(outputs, inputs),
      TE.map((ranges) =>
        pipe(
          O.fromNullable(worst(ranges, outputs)[0]),
          O.flatMap(([name, node]) => found(ranges, name, node, given))
        )
      ),
      TE.flatMap(
        O.match(
          () => TE.right(O.none),
          (finding) => pipe(opened(watching, inputs)(finding), TE.map(O.some))
        )
      )
    )

/**
 * The first operation, in the order of the graph, that makes something that is not finite of finite operands, on the way
 * to an output that is not finite; none where all outputs are finite. Of a composite also what of its definition it was.
 * Constants that are infinite, such as masks, are looked past.
 *
 * @example watch(watching(reference()))({ loss }, new Map([['x', x]]))
 */
export const watch = (
  watching: Watching
): ((outputs: Outputs, inputs: Tensors) => TE.TaskEither<Faults, O.Option<Finding>>) => watchFrom(watching, isConstant)

// sentences ------------------------------------------------------------------------------

const figure = (x: number): string => {
  const short = Number(x.toPrecision(4))
  return Math.abs(short) < 1e6 && (short === 0 || Math.abs(short) >= 1e-6) ? String(short) : short.toExponential()
}

/** `-2 to 3`, `all NaN`, `0 to 1, 2 of 6 NaN`. */
export const showRange = ({ min, max, nan, infinite, count }: Range): string => {
  const share = (n: number, what: string): ReadonlyArray<string> =>
    n === 0 ? [] : [n === count ? `all ${what}` : `${n} of ${count} ${what}`]
  const numbers = nan + infinite < count ? [`${figure(min)} to ${figure(max)}`] : count === 0 ? ['nothing'] : []
  return [...numbers, ...share(nan, 'NaN'), ...share(infinite, 'infinite')].join(', ')
}

const what = ({ nan }: Range): string => (nan > 0 ? 'NaN' : 'infinity')

const isInput = ({ term }: Expr): boolean => term._tag === 'Input'

/** One sentence: what made it, of which operands. */
export const summary = (finding: Finding): string => {
  const { node, range, inputs, nan, inside } = finding
  const operands = inputs.map((x) => `${nameOf(x.node)} ${showType(x.node)} (${showRange(x.range)})`).join(' and ')
  const first = isInput(node)
    ? `the input ${nameOf(node)} ${showType(node)} is not finite (${showRange(range)})`
    : `${nameOf(node)} ${showType(node)} is the first to give ${what(range)} (${showRange(range)})${operands === '' ? '' : `, of ${operands}`}`
  return [
    first,
    ...(nan === undefined ? [] : [`NaN comes of it at ${nameOf(nan)} ${showType(nan)}`]),
    ...(inside === undefined ? [] : [`within: ${summary(inside)}`])
  ].join('; ')
}

/** The sentence, and the path to the output. */
export const showFinding = (finding: Finding): string =>
  `${summary(finding)}\non the way to ${finding.output}:\n${showPath(finding.path).replace(/^/gm, '  ')}`
