/** Laws of both derivatives of any graph, on the reference: operations that are right one by one are right together. */
import * as fc from 'fast-check'
import { isFloat } from '../src/core/DType.ts'
import type { Close } from '../src/measure/Close.ts'
import { input, topological, type Expr } from '../src/core/Expr.ts'
import { dot, generate, type Tensor } from '../src/core/Tensor.ts'
import type { Environment } from '../src/interpret/evaluate.ts'
import { valuesOf, type Transformations } from './composition.ts'
import { write, type Given } from './graphText.ts'
import { closeNumbers, from, law, unless, type Laws, type Verdict } from './Laws.ts'
import { largest } from './vectors.ts'

const griewank = from('Griewank and Walther 2008, Evaluating Derivatives, ch. 3')

type Exprs = ReadonlyArray<Expr>
type Modes = Pick<Transformations, 'vjp' | 'jvp'>

const wave = (like: Expr, phase: number): Tensor =>
  generate('f32', like.shape, (i) => Math.fround(Math.sin(phase + 1.7 * i)))

interface Sides {
  readonly outputs: Exprs
  readonly wrt: Exprs
  readonly g: Exprs
  readonly v: Exprs
  readonly environment: Environment
}

const placeholders = (prefix: string, like: Exprs): Exprs =>
  like.map(({ dtype, shape }, i) => input(`${prefix}${i}`, dtype, shape))

const bound = (xs: Exprs, phase: number): ReadonlyArray<readonly [string, Tensor]> =>
  xs.flatMap((x, i) => (x.term._tag === 'Input' ? [[x.term.name, wave(x, phase + i)] as const] : []))

const sidesOf = ({ roots, environment }: Given): Sides => {
  const outputs = roots.filter(({ dtype }) => isFloat(dtype))
  const wrt = topological(roots).filter(({ term, dtype }) => term._tag === 'Input' && isFloat(dtype))
  const [g, v] = [placeholders('cotangent', outputs), placeholders('tangent', wrt)]
  return { outputs, wrt, g, v, environment: new Map([...environment, ...bound(g, 0.3), ...bound(v, 1.1)]) }
}

/** A graph with its derivatives as further roots: its gradients, and its tangents. */
export const withDerivatives =
  ({ vjp, jvp }: Modes) =>
  (given: Given): Given => {
    const { outputs, wrt, g, v, environment } = sidesOf(given)
    const roots = [...given.roots, ...vjp(outputs, wrt)(g), ...jvp(outputs, wrt)(v)]
    return { roots, environment, ...legible({ roots, environment }) }
  }

/** How a counterexample of graphs reads. */
export const legible = (given: Given): object => ({ [fc.toStringMethod]: () => `\n${write(given)}\n` })

const inner = (a: ReadonlyArray<Tensor>, b: Exprs, environment: Environment): number =>
  a.reduce((sum, x, i) => {
    const term = b[i]?.term
    const other = term?._tag === 'Input' ? environment.get(term.name) : undefined
    return other === undefined ? NaN : sum + dot(x, other)
  }, 0)

const inputsOf = (roots: Exprs, environment: Environment): readonly [Exprs, ReadonlyArray<Tensor>] => {
  const inputs = topological(roots).filter(({ term }) => term._tag === 'Input')
  return [inputs, inputs.flatMap(({ term }) => (term._tag === 'Input' ? (environment.get(term.name) ?? []) : []))]
}

/** `⟨vjp(g), v⟩` and `⟨g, jvp(v)⟩`, as close as sums of as large numbers are. */
const dual = ({ vjp, jvp }: Modes, given: Given, close: Close): Verdict => {
  const { outputs, wrt, g, v, environment } = sidesOf(given)
  if (outputs.length === 0 || wrt.length === 0) return undefined
  const [pulled, pushed] = [vjp(outputs, wrt)(g), jvp(outputs, wrt)(v)]
  const found = valuesOf([...pulled, ...pushed])(inputsOf([...pulled, ...pushed], environment))
  const [back, forth] = [found.slice(0, pulled.length), found.slice(pulled.length)]
  const scale = found.reduce((most, { data }) => Math.max(most, largest(Array.from(data))), 1)
  if (found.length === 0) return 'there is no value'
  return !Number.isFinite(scale)
    ? undefined
    : closeNumbers(
        { ...close, absolute: close.absolute * scale },
        inner(back, v, environment),
        inner(forth, g, environment)
      )
}

/**
 * The tangent by central differences of two steps. Where these disagree, or the slopes to either side (which is all that
 * tells of a corner at the very place), the graph has a corner there, or nearly.
 */
const differences = ({ jvp }: Modes, given: Given): Verdict => {
  const { outputs, wrt, g, v, environment } = sidesOf(given)
  if (outputs.length === 0 || wrt.length === 0) return undefined
  const pushed = jvp(outputs, wrt)(v)
  const exact = inner(valuesOf(pushed)(inputsOf(pushed, environment)), g, environment)
  const at = (h: number): number =>
    inner(valuesOf(outputs)(inputsOf(outputs, moved(environment, wrt, v, h))), g, environment)
  const [below, here, above] = [at(-5e-6), at(0), at(5e-6)]
  const [wide, narrow] = [(at(1e-5) - at(-1e-5)) / 2e-5, (above - below) / 1e-5]
  const scale = 1 + Math.abs(exact) + Math.abs(here)
  const bend = Math.abs(above - 2 * here + below) / 5e-6
  const smooth = Math.abs(wide - narrow) < 1e-4 * scale && bend < 1e-3 * scale
  return unless(
    !smooth || Math.abs(exact - narrow) <= 1e-3 * scale,
    () => `the tangent is ${exact}, the quotient ${narrow}`
  )
}

const moved = (environment: Environment, wrt: Exprs, v: Exprs, h: number): Environment =>
  new Map([
    ...environment,
    ...wrt.flatMap((x, i) => {
      const [own, along] = [x.term, v[i]?.term]
      const value = own._tag === 'Input' ? environment.get(own.name) : undefined
      const direction = along?._tag === 'Input' ? environment.get(along.name) : undefined
      return own._tag === 'Input' && value !== undefined && direction !== undefined
        ? [
            [
              own.name,
              generate(value.dtype, value.shape, (k) => (value.data[k] ?? NaN) + h * (direction.data[k] ?? NaN))
            ] as const
          ]
        : []
    })
  ])

/** Laws of derivatives over random graphs; differences are not believed near a corner. */
export const graphDerivative = (modes: Modes, graphs: fc.Arbitrary<Given>, close: Close): Laws => ({
  'vjp and jvp of a graph are dual': law(griewank('⟨vjp(g), v⟩ = ⟨g, jvp(v)⟩ for every graph'), graphs, (given) =>
    dual(modes, given, close)
  ),
  'jvp of a graph agrees with finite differences': law(
    griewank('⟨g, jvp(v)⟩ = ⟨g, (f(x + h v) − f(x − h v))/2h⟩ as h → 0, away from corners'),
    graphs,
    (given) => differences(modes, given)
  )
})
