/**
 * Laws of loops: a loop is its steps written out, and so is everything that is made of it. The body of a law's loop is a
 * random graph; its first input is captured, the others are sequences, and a carry goes from step to step.
 */
import type * as fc from 'fast-check'
import { batched } from '../src/autodiff/batched.ts'
import { jvp } from '../src/autodiff/jvp.ts'
import { scan as loop } from '../src/autodiff/scan.ts'
import { vjp } from '../src/autodiff/vjp.ts'
import type { Close } from '../src/measure/Close.ts'
import { isFloat } from '../src/core/DType.ts'
import { input, type Expr } from '../src/core/Expr.ts'
import { substitute } from '../src/core/Lambda.ts'
import { range, size } from '../src/core/Shape.ts'
import { floats, generate, type Tensor } from '../src/core/Tensor.ts'
import { rowOf } from '../src/ops/batch.ts'
import { $ } from '../src/ops/registry.ts'
import type { Case, Transformations } from './composition.ts'
import { each, joined, valuesOf } from './composition.ts'
import { from, law, type Laws, type Verdict } from './Laws.ts'

const autodidax = from('JAX, `lax.scan`: a fold whose steps are written out')

// model ----------------------------------------------------------------------------------

type Exprs = ReadonlyArray<Expr>

export interface StepResult {
  readonly carry: Expr
  readonly output: Expr
}

export interface Loops {
  readonly scan: (
    step: (carry: Expr, xs: Exprs) => StepResult
  ) => (init: Expr, xs: Exprs) => { readonly carry: Expr; readonly outputs: Expr }
  readonly vmap: Transformations['vmap']
}

export const loops: Loops = {
  scan: (step) => (init, xs) => (loop(step) as unknown as ReturnType<Loops['scan']>)(init, xs),
  vmap: batched
}

// loops of a case ------------------------------------------------------------------------

/** How many of the inputs are captured: one, where that leaves a sequence. */
const captures = ({ inputs }: Case): number => Math.min(1, inputs.length - 1)

/** `c' = tanh(c + mean y)`, `output = y c'` with `y` the graph of the case. */
const stepOf =
  (a: Case) =>
  (carry: Expr, xs: Exprs): StepResult => {
    const y = substitute([a.output], a.inputs.slice(captures(a)), xs)[0] ?? a.output
    const mean = $.mul($.sum(y, { axes: range(y.shape.length) }), $.fill(1 / Math.max(1, size(y.shape)), carry))
    const next = $.tanh($.add(carry, mean))
    return { carry: next, output: $.mul(y, $.broadcast(next, { shape: y.shape, axes: [] })) }
  }

const writtenOut: Loops['scan'] = (step) => (init, xs) => {
  const outputs: Array<Expr> = [] // local
  const carry = range(xs[0]?.shape[0] ?? 0).reduce((c, i) => {
    const now = step(
      c,
      xs.map((x) => rowOf($, x, i))
    )
    outputs.push($.reshape(now.output, { shape: [1, ...now.output.shape] }))
    return now.carry
  }, init)
  return { carry, outputs: $.concat(outputs, { axis: 0 }) }
}

/** A graph with the values of its inputs: what the laws compare. */
interface Looped {
  readonly results: Exprs
  readonly wrt: Exprs
  readonly bound: ReadonlyArray<readonly [Exprs, ReadonlyArray<Tensor>]>
}

const init = input('init', 'f32', [])

const loopOf = (scan: Loops['scan'], a: Case): Looped => {
  const count = captures(a)
  const [captured, inputs] = [a.inputs.slice(0, count), a.inputs.slice(count)]
  const xs = inputs.map(({ dtype, shape }, i) => input(`sequence${i}`, dtype, [a.rows.length, ...shape]))
  const { carry, outputs } = scan(stepOf(a))(init, xs)
  const sequences = inputs.map((_, i) => joined(a.rows.flatMap((row) => row[i + count] ?? [])))
  return {
    results: [carry, outputs],
    wrt: [init, ...captured, ...xs].filter(({ dtype }) => isFloat(dtype)),
    bound: [
      [
        [init, ...captured],
        [floats([], [0.3]), ...(a.rows[0] ?? []).slice(0, count)]
      ],
      [xs, sequences]
    ]
  }
}

const wave = (like: Expr, phase: number): Tensor =>
  generate('f32', like.shape, (i) => Math.sin(phase + i) / Math.sqrt(Math.max(1, size(like.shape))))

const constants = (prefix: string, like: Exprs): readonly [Exprs, ReadonlyArray<Tensor>] => [
  like.map(({ dtype, shape }, i) => input(`${prefix}${i}`, dtype, shape)),
  like.map((x, i) => wave(x, i + 1))
]

const rounding: Close = { absolute: 1e-8, relative: 1e-8 }

/** The same of the loop and of its steps written out. */
const alike = (loops: Loops, a: Case, made: (looped: Looped, g: Exprs, v: Exprs) => Exprs): Verdict => {
  const [own, plain] = [loopOf(loops.scan, a), loopOf(writtenOut, a)]
  const [g, v] = [constants('cotangent', own.results), constants('tangent', own.wrt)]
  const found = valuesOf(made(own, g[0], v[0]))(...own.bound, g, v)
  return each(rounding, found, valuesOf(made(plain, g[0], v[0]))(...plain.bound, g, v))
}

/** Rows that differ in the carry they begin with. */
const byRow = ({ scan, vmap }: Loops, a: Case): Verdict => {
  const own = loopOf(scan, a)
  const starts = input('starts', 'f32', [3])
  const several = [-0.5, 0.2, 0.9]
  const all = valuesOf(vmap(own.results, [init], [starts], 3))(...own.bound, [[starts], [floats([3], several)]])
  const one = several.map((start) => valuesOf(own.results)(...own.bound, [[init], [floats([], [start])]]))
  return each(
    rounding,
    all,
    own.results.map((_, k) => joined(one.flatMap((found) => found[k] ?? [])))
  )
}

// laws -----------------------------------------------------------------------------------

/** Laws of loops whose bodies are the graphs of the cases. */
export const scan = (instance: Loops, all: fc.Arbitrary<Case>): Laws => ({
  'scan is its steps written out': law(autodidax('scan(f)(c, xs) = f(… f(f(c, xs[0]), xs[1]) …)'), all, (a) =>
    alike(instance, a, ({ results }) => results)
  ),
  'grad ∘ scan is the gradient of its steps': law(autodidax('grad(scan f) = grad(f ∘ … ∘ f)'), all, (a) =>
    alike(instance, a, ({ results, wrt }, g) => vjp(results, wrt)(g))
  ),
  'jvp ∘ scan is the tangent of its steps': law(autodidax('jvp(scan f) = jvp(f ∘ … ∘ f)'), all, (a) =>
    alike(instance, a, ({ results, wrt }, _, v) => jvp(results, wrt)(v))
  ),
  'grad ∘ grad ∘ scan is the second derivative of its steps': law(
    autodidax('grad²(scan f) = grad²(f ∘ … ∘ f)'),
    all,
    (a) => alike(instance, a, ({ results, wrt }, g, v) => vjp(vjp(results, wrt)(g), wrt)(v))
  ),
  'vmap ∘ scan is the scan of each row': law(autodidax('vmap(scan f)(cs)[i] = scan f(cs[i])'), all, (a) =>
    byRow(instance, a)
  )
})
