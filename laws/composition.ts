/**
 * Laws of transformations one inside another. The one idea: a transformation is a function from graphs to graphs, so
 * that what it means in a composition is checked by what each does alone: by finite differences of the inner one, by the
 * other order, or row by row.
 */
import * as fc from 'fast-check'
import { checkpoint } from '../src/autodiff/checkpoint.ts'
import { batched } from '../src/autodiff/batched.ts'
import { jvp } from '../src/autodiff/jvp.ts'
import { vjp } from '../src/autodiff/vjp.ts'
import type { Close } from '../src/measure/Close.ts'
import { isFloat } from '../src/core/DType.ts'
import { apply, input, topological, type Expr, type Params } from '../src/core/Expr.ts'
import { substitute } from '../src/core/Lambda.ts'
import { E, pipe } from '../src/core/fp.ts'
import type { Example, Op } from '../src/core/Op.ts'
import { range, size } from '../src/core/Shape.ts'
import { generate, tensor, type Tensor } from '../src/core/Tensor.ts'
import { evaluate, type Environment } from '../src/interpret/evaluate.ts'
import { directions, operands, showTensor } from './draw.ts'
import type { Graph } from './graph.ts'
import { closeTensors, firstOf, from, law, type Laws, type Verdict } from './Laws.ts'

const linearize = from('Radul et al. 2023, You Only Linearize Once (arXiv 2204.10923)')
const autodidax = from('JAX, Autodidax, parts 1 and 3')
const revolve = from('Griewank and Walther 2000, Algorithm 799')

// model ----------------------------------------------------------------------------------

type Exprs = ReadonlyArray<Expr>
type Tensors = ReadonlyArray<Tensor>

/** The transformations under test. */
export interface Transformations {
  readonly vjp: (outputs: Exprs, wrt: Exprs) => (cotangents: Exprs) => Exprs
  readonly jvp: (outputs: Exprs, wrt: Exprs) => (tangents: Exprs) => Exprs
  /** The outputs for every row of the stacks that stand for the variables. */
  readonly vmap: (outputs: Exprs, variables: Exprs, stacks: Exprs, rows: number) => Exprs
  readonly checkpoint: (f: (...operands: Exprs) => Expr) => (...operands: Exprs) => Expr
}

export const transformations: Transformations = { vjp, jvp, vmap: batched, checkpoint }

/** A function as a graph, with values for several calls of it. */
export interface Case {
  readonly [fc.toStringMethod]: () => string
  readonly inputs: Exprs
  readonly output: Expr
  /** One value of every input for each row. */
  readonly rows: ReadonlyArray<Tensors>
  readonly direction: Tensors
  readonly cotangent: Tensor
}

/** How many rows a stack has in these laws. */
const count = 3

// values ---------------------------------------------------------------------------------

const missing = (root: Expr): Tensor => generate(root.dtype, root.shape, () => NaN)

/** The values of a graph whose inputs have these values; without one, numbers that are close to nothing. */
export const valuesOf =
  (roots: Exprs) =>
  (...bound: ReadonlyArray<readonly [Exprs, Tensors]>): Tensors => {
    const environment = new Map(
      bound.flatMap(([inputs, tensors]) => inputs.flatMap((x, i) => named(x, tensors[i]) ?? []))
    )
    return pipe(
      roots,
      evaluate(environment),
      E.getOrElse((): Tensors => [])
    )
  }

const named = ({ term }: Expr, value: Tensor | undefined): ReadonlyArray<readonly [string, Tensor]> =>
  term._tag === 'Input' && value !== undefined ? [[term.name, value]] : []

/** Tensors of one shape as the rows of one. */
export const joined = (tensors: Tensors): Tensor => {
  const [head] = tensors
  const data = tensors.flatMap(({ data }) => Array.from(data))
  return tensor(head?.dtype ?? 'f32', [tensors.length, ...(head?.shape ?? [])], Float64Array.from(data))
}

const shifted = (x: Tensor, v: Tensor | undefined, distance: number): Tensor =>
  v === undefined ? x : generate(x.dtype, x.shape, (i) => (x.data[i] ?? NaN) + distance * (v.data[i] ?? NaN))

// graphs of a case -------------------------------------------------------------------------

const placeholders = (prefix: string, like: Exprs, rows?: number): Exprs =>
  like.map(({ dtype, shape }, i) => input(`${prefix}${i}`, dtype, rows === undefined ? shape : [rows, ...shape]))

const movable = ({ inputs }: Case): ReadonlyArray<number> => inputs.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []))

const some = <A>(all: ReadonlyArray<A>, at: ReadonlyArray<number>): ReadonlyArray<A> => at.flatMap((i) => all[i] ?? [])

/** What the laws of derivatives are about: the inputs that move, and names for a cotangent and for tangents. */
const partsOf = (a: Case) => {
  const moving = movable(a)
  const wrt = some(a.inputs, moving)
  const v = placeholders('tangent', wrt)
  const g = placeholders('cotangent', [a.output])
  return { moving, wrt, v, g, direction: some(a.direction, moving) }
}

const bindings = (a: Case, v: Exprs, direction: Tensors, g: Exprs): ReadonlyArray<readonly [Exprs, Tensors]> => [
  [a.inputs, a.rows[0] ?? []],
  [v, direction],
  [g, [a.cotangent]]
]

/** All close, and there is something to compare. */
export const each = (close: Close, a: Tensors, b: Tensors): Verdict =>
  a.length === 0 || a.length !== b.length
    ? 'there is no value'
    : firstOf(a.map((x, i) => closeTensors(close, x, b[i] ?? x)))

// second order ---------------------------------------------------------------------------

/** Central differences of a gradient, with what two steps disagree by as their error. */
const slopes = (f: (distance: number) => Tensors): readonly [Tensors, number] => {
  const step = 1e-5
  const at = (h: number): Tensors => {
    const behind = f(-h)
    return f(h).map((x, i) =>
      generate(x.dtype, x.shape, (k) => ((x.data[k] ?? NaN) - (behind[i]?.data[k] ?? NaN)) / (2 * h))
    )
  }
  const [wide, narrow] = [at(step), at(step / 2)]
  const gaps = narrow.flatMap((x, i) => Array.from(x.data, (value, k) => Math.abs(value - (wide[i]?.data[k] ?? NaN))))
  return [narrow, gaps.reduce((most, gap) => Math.max(most, gap), 0)]
}

/** Reverse over reverse against finite differences of reverse: `H v`, both ways. */
const gradGrad = (t: Transformations, a: Case): Verdict => {
  const { wrt, v, g, moving, direction } = partsOf(a)
  const first = t.vjp([a.output], wrt)(g)
  const second = valuesOf(t.vjp(first, wrt)(v))(...bindings(a, v, direction, g))
  const gradientAt = (distance: number): Tensors => {
    const moved = (a.rows[0] ?? []).map((x, i) => shifted(x, moving.includes(i) ? a.direction[i] : undefined, distance))
    return valuesOf(first)([a.inputs, moved], [g, [a.cotangent]])
  }
  const [expected, gap] = slopes(gradientAt)
  return each({ absolute: 1e-6 + 4 * gap, relative: 1e-6 }, second, expected)
}

/** Forward over reverse against reverse over forward: the same second derivative. */
const jvpVjp = (t: Transformations, a: Case): Verdict => {
  const { wrt, v, g, direction } = partsOf(a)
  const bound = bindings(a, v, direction, g)
  const forward = valuesOf(t.jvp(t.vjp([a.output], wrt)(g), wrt)(v))(...bound)
  const reverse = valuesOf(t.vjp(t.jvp([a.output], wrt)(v), wrt)(g))(...bound)
  return each(rounding, forward, reverse)
}

const rounding: Close = { absolute: 1e-9, relative: 1e-9 }

// rows -----------------------------------------------------------------------------------

/** Which inputs differ from row to row: any of a few; of many all, or all but one, in turn. */
const ways = (n: number): ReadonlyArray<ReadonlyArray<number>> =>
  n <= 3
    ? range(2 ** n - 1).map((bits) => range(n).filter((i) => ((bits + 1) >> i) % 2 === 1))
    : [range(n), ...range(n).map((left) => range(n).filter((i) => i !== left))]

/** The rows of `vmap` of a graph are the graph at each row. */
const perRow = (t: Transformations, a: Case, roots: Exprs, more: ReadonlyArray<readonly [Exprs, Tensors]>): Verdict =>
  firstOf(ways(a.inputs.length).map((differing) => perRowOf(t, a, roots, more, differing)))

const perRowOf = (
  t: Transformations,
  a: Case,
  roots: Exprs,
  more: ReadonlyArray<readonly [Exprs, Tensors]>,
  differing: ReadonlyArray<number>
): Verdict => {
  const first = a.rows[0] ?? []
  const variables = some(a.inputs, differing)
  const stacks = placeholders('stack', variables, count)
  const held = (row: Tensors): Tensors => first.map((x, i) => (differing.includes(i) ? (row[i] ?? x) : x))
  const stacked = differing.map((i) => joined(a.rows.flatMap((row) => row[i] ?? [])))
  const all = valuesOf(t.vmap(roots, variables, stacks, count))([a.inputs, first], [stacks, stacked], ...more)
  const one = a.rows.map((row) => valuesOf(roots)([a.inputs, held(row)], ...more))
  const expected = roots.map((root, k) => joined(one.map((found) => found[k] ?? missing(root))))
  return each(rounding, all, expected)
}

const vmapGrad = (t: Transformations, a: Case): Verdict => {
  const { wrt, g } = partsOf(a)
  return perRow(t, a, t.vjp([a.output], wrt)(g), [[g, [a.cotangent]]])
}

const vmapJvp = (t: Transformations, a: Case): Verdict => {
  const { wrt, v, direction } = partsOf(a)
  return perRow(t, a, t.jvp([a.output], wrt)(v), [[v, direction]])
}

/** The gradient of all rows together is the stack of the rows' own gradients. */
const gradVmap = (t: Transformations, a: Case): Verdict => {
  const { wrt, g, moving } = partsOf(a)
  const stacks = placeholders('stack', a.inputs, count)
  const stacked = a.inputs.map((_, i) => joined(a.rows.flatMap((row) => row[i] ?? [])))
  const gs = placeholders('cotangents', [a.output], count)
  const together = t.vjp(t.vmap([a.output], a.inputs, stacks, count), some(stacks, moving))(gs)
  const found = valuesOf(together)([stacks, stacked], [gs, [joined(a.rows.map(() => a.cotangent))]])
  const one = a.rows.map((row) => valuesOf(t.vjp([a.output], wrt)(g))([a.inputs, row], [g, [a.cotangent]]))
  return each(
    rounding,
    found,
    wrt.map((x, k) => joined(one.map((all) => all[k] ?? missing(x))))
  )
}

// checkpoint -----------------------------------------------------------------------------

/** Every operand twice, and one that is captured: `f(x) + f(x)` where the first is recomputed. */
const gradCheckpoint = (t: Transformations, a: Case): Verdict => {
  const { wrt, g } = partsOf(a)
  const again = t.checkpoint((...operands) => substitute([a.output], a.inputs, operands)[0] ?? a.output)(...a.inputs)
  const captured = t.checkpoint(() => a.output)()
  const bound = [[a.inputs, a.rows[0] ?? []] as const, [g, [a.cotangent]] as const]
  const plain = valuesOf([a.output, ...t.vjp([a.output], wrt)(g)])(...bound)
  return firstOf(
    [again, captured].map((root) => each(rounding, valuesOf([root, ...t.vjp([root], wrt)(g)])(...bound), plain))
  )
}

// laws -----------------------------------------------------------------------------------

const derivatives = (t: Transformations, all: fc.Arbitrary<Case>): Laws => ({
  'grad ∘ grad agrees with finite differences of grad': law(
    linearize('grad(⟨grad f, v⟩) = (grad f at x + h v − grad f at x − h v)/2h as h → 0'),
    all,
    (a) => gradGrad(t, a)
  ),
  'jvp ∘ vjp agrees with vjp ∘ jvp': law(linearize('jvp(vjp(f)(g))(v) = vjp(jvp(f)(v))(g)'), all, (a) => jvpVjp(t, a)),
  'vmap ∘ grad is the gradient of each row': law(autodidax('vmap(grad f)(xs)[i] = grad f(xs[i])'), all, (a) =>
    vmapGrad(t, a)
  ),
  'vmap ∘ jvp is the tangent of each row': law(autodidax('vmap(jvp f)(xs)[i] = jvp f(xs[i])'), all, (a) =>
    vmapJvp(t, a)
  ),
  'grad ∘ vmap is the gradient of each row': law(autodidax('grad(Σ vmap f)(xs)[i] = grad f(xs[i])'), all, (a) =>
    gradVmap(t, a)
  ),
  'grad ∘ checkpoint is grad': law(revolve('grad(checkpoint(f)) = grad(f)'), all, (a) => gradCheckpoint(t, a))
})

const mapping = (t: Transformations, all: fc.Arbitrary<Case>): Laws => ({
  'vmap is the function of each row': law(autodidax('vmap(f)(xs)[i] = f(xs[i])'), all, (a) =>
    perRow(t, a, [a.output], [])
  )
})

/** Laws of transformations in compositions; of `vmap` alone over functions that are not `smooth` where they are drawn. */
export const composition = (t: Transformations, all: fc.Arbitrary<Case>, smooth = true): Laws => ({
  ...mapping(t, all),
  ...(smooth ? derivatives(t, all) : {})
})

// cases ----------------------------------------------------------------------------------

const text = ({ output, rows }: Pick<Case, 'output' | 'rows'>, what: string): string =>
  `${what} of [${output.shape}], rows ${rows.map((row) => row.map(showTensor).join(', ')).join('; ')}`

const single = (like: Expr): fc.Arbitrary<Tensor> => directions([like]).map(([x]) => x ?? missing(like))

/** Examples that differ in nothing but where their operands are drawn from. */
const alike = (a: Example<Params>, b: Example<Params>): boolean => {
  const form = ({ inputs, params }: Example<Params>): string =>
    JSON.stringify([params, inputs.map(({ dtype, shape }) => [dtype, shape])])
  return form(a) === form(b)
}

/** Rows may come from anywhere that the operation is defined, so that an operation of steps takes some. */
const caseOf =
  (op: Op) =>
  (example: Example<Params>): fc.Arbitrary<Case> => {
    const inputs = example.inputs.map(({ dtype, shape }, i) => input(`x${i}`, dtype, shape))
    const output = apply(op, inputs, example.params)
    const row = fc.oneof(...op.examples.filter((other) => alike(example, other)).map((other) => operands(other.inputs)))
    return fc
      .record({
        rows: fc.array(row, { minLength: count, maxLength: count }),
        direction: directions(example.inputs),
        cotangent: single(output)
      })
      .map((drawn) => ({
        ...drawn,
        inputs,
        output,
        [fc.toStringMethod]: () => text({ output, rows: drawn.rows }, `${op.name} ${JSON.stringify(example.params)}`)
      }))
  }

/** An operation at its examples, as functions of their operands; `undefined` where it has none. */
export const operationCases = (op: Op): fc.Arbitrary<Case> | undefined => {
  const examples = op.examples.filter(({ inputs }) => inputs.length > 0)
  return examples.length === 0 ? undefined : fc.oneof(...examples.map(caseOf(op)))
}

/** Whether a derivative can go through an operation at its examples. */
export const isSmooth = (op: Op): boolean =>
  op.examples.some((example) => {
    const typing = op.typing(example.inputs, example.params)
    return !('_tag' in typing) && isFloat(typing.dtype) && example.inputs.some(({ dtype }) => isFloat(dtype))
  })

const inputsOfGraph = (root: Expr): Exprs => topological([root]).filter(({ term }) => term._tag === 'Input')

const valueIn = (environment: Environment, x: Expr): Tensor =>
  (x.term._tag === 'Input' && environment.get(x.term.name)) || missing(x)

/** Rows near the values that a graph was grown for, where its operations are defined. */
const near = (x: Tensor, row: number): Tensor =>
  isFloat(x.dtype) ? generate(x.dtype, x.shape, (i) => (x.data[i] ?? NaN) * (1 - 1e-3 * row)) : x

const direction = (x: Expr): Tensor => generate('f32', x.shape, (i) => Math.cos(1 + i))

/** The first root of a random graph as a function of its inputs. */
export const graphCase = ({ roots, environment, ...graph }: Graph): Case | undefined => {
  const output = roots.find((root) => isFloat(root.dtype))
  const inputs = output === undefined ? [] : inputsOfGraph(output)
  if (output === undefined || !inputs.some(({ dtype }) => isFloat(dtype))) return undefined
  const here = inputs.map((x) => valueIn(environment, x))
  return {
    inputs,
    output,
    rows: range(count).map((row) => here.map((x) => near(x, row))),
    direction: inputs.map(direction),
    cotangent: generate('f32', output.shape, (i) => Math.sin(1 + i) / Math.sqrt(size(output.shape))),
    [fc.toStringMethod]: graph[fc.toStringMethod]
  }
}

/** The laws over random graphs; closeness is relative to the largest element. */
export const graphCases = (graphs: fc.Arbitrary<Graph>): fc.Arbitrary<Case> =>
  graphs.map(graphCase).filter((found) => found !== undefined)
