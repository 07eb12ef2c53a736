/**
 * Laws of the derivatives of an operation, on the parameters and domains that it declares itself. The one idea: finite
 * differences of the meaning need nothing from the operation, so they can convict it.
 */
import * as fc from 'fast-check'
import { vjp } from '../src/autodiff/vjp.ts'
import { jvp } from '../src/autodiff/jvp.ts'
import type { Close } from '../src/measure/Close.ts'
import { isFloat } from '../src/core/DType.ts'
import { apply, input, type Expr } from '../src/core/Expr.ts'
import { E, pipe } from '../src/core/fp.ts'
import type { Example, Op } from '../src/core/Op.ts'
import { axpy, dot, generate, type Tensor } from '../src/core/Tensor.ts'
import type { Params } from '../src/core/Expr.ts'
import { evaluate } from '../src/interpret/evaluate.ts'
import { between, directions, operands, showTensor } from './draw.ts'
import { about, closeNumbers, closeTensors, firstOf, from, law, type Laws, type Verdict } from './Laws.ts'

const griewank = from('Griewank and Walther 2008, Evaluating Derivatives, ch. 3')
const schwarz = from('Schwarz 1873, symmetry of second derivatives')

// model ----------------------------------------------------------------------------------

type Tensors = ReadonlyArray<Tensor>

/** An operation at one of its examples, with its derivatives as functions of tensors. */
export interface Site {
  readonly example: Example<Params>
  /** The operands that can move. */
  readonly moving: ReadonlyArray<number>
  readonly value: (x: Tensors) => Tensor
  readonly pull: (x: Tensors, g: Tensor) => Tensors
  readonly push: (x: Tensors, v: Tensors) => Tensor
  /** The derivative in direction `v` of the pullback at `g`. */
  readonly pushPull: (x: Tensors, g: Tensor, v: Tensors) => Tensors
  readonly output: Expr
}

interface Drawn {
  /** How a counterexample reads. */
  readonly [fc.toStringMethod]: () => string
  readonly site: Site
  readonly x: Tensors
  readonly v: Tensors
  readonly w: Tensors
  readonly g: Tensor
  readonly h: Tensor
}

/** The step of central differences in double precision: roundoff is near 1e-10, truncation is measured. */
const step = 1e-5
const roundoff: Close = { absolute: 2e-7, relative: 1e-6 }
const exactly: Close = { absolute: 1e-10, relative: 1e-10 }

// sites ----------------------------------------------------------------------------------

const bind = (prefix: string, values: Tensors): ReadonlyArray<readonly [string, Tensor]> =>
  values.map((value, i) => [`${prefix}${i}`, value])

const values =
  (roots: ReadonlyArray<Expr>) =>
  (...bindings: ReadonlyArray<readonly [string, Tensors]>): Tensors =>
    pipe(
      roots,
      evaluate(new Map(bindings.flatMap(([prefix, tensors]) => bind(prefix, tensors)))),
      E.getOrElse((): Tensors => roots.map((root) => generate(root.dtype, root.shape, () => NaN)))
    )

const only = (tensors: Tensors): Tensor => tensors[0] ?? generate('f32', [], () => NaN)

export const siteOf =
  (op: Op) =>
  (example: Example<Params>): Site => {
    const xs = example.inputs.map(({ dtype, shape }, i) => input(`x${i}`, dtype, shape))
    const moving = xs.flatMap((x, i) => (isFloat(x.dtype) ? [i] : []))
    const wrt = moving.flatMap((i) => xs[i] ?? [])
    const output = apply(op, xs, example.params)
    const g = input('g0', output.dtype, output.shape)
    const vs = wrt.map((x, i) => input(`v${i}`, x.dtype, x.shape))
    const pulled = vjp([output], wrt)([g])
    const pushed = jvp([output], wrt)(vs)
    const twice = jvp(pulled, wrt)(vs)
    return {
      example,
      moving,
      output,
      value: (x) => only(values([output])(['x', x])),
      pull: (x, cotangent) => values(pulled)(['x', x], ['g', [cotangent]]),
      push: (x, v) => only(values(pushed)(['x', x], ['v', v])),
      pushPull: (x, cotangent, v) => values(twice)(['x', x], ['g', [cotangent]], ['v', v])
    }
  }

const text = ({ example }: Site, { x, v, g }: Pick<Drawn, 'x' | 'v' | 'g'>): string =>
  `parameters ${JSON.stringify(example.params)}, operands ${x.map(showTensor).join(', ')}, ` +
  `direction ${v.map(showTensor).join(', ')}, cotangent ${showTensor(g)}`

const drawn = (sites: ReadonlyArray<Site>): fc.Arbitrary<Drawn> =>
  fc.constantFrom(...sites).chain((site) => {
    const movable = site.moving.flatMap((i) => site.example.inputs[i] ?? [])
    const cotangent = directions([site.output]).map(only)
    return fc
      .record({
        x: operands(site.example.inputs),
        v: directions(movable),
        w: directions(movable),
        g: cotangent,
        h: cotangent
      })
      .map((tensors) => ({ site, ...tensors, [fc.toStringMethod]: () => text(site, tensors) }))
  })

// finite differences ---------------------------------------------------------------------

const moved = ({ site, x, v }: Pick<Drawn, 'site' | 'x' | 'v'>, distance: number): Tensors =>
  x.map((tensor, i) => {
    const direction = v[site.moving.indexOf(i)]
    return direction === undefined ? tensor : axpy(distance, direction, tensor)
  })

interface Slope {
  readonly value: Tensor
  /** How well two steps agree: a bound on what truncation leaves after extrapolation. */
  readonly close: Close
}

const centralDifference = (f: (distance: number) => Tensor, h: number): Tensor => {
  const gap = axpy(-1, f(-h), f(h))
  return generate(gap.dtype, gap.shape, (i) => (gap.data[i] ?? NaN) / (2 * h))
}

/** Richardson's extrapolation of two central differences. */
const slopeOf = (f: (distance: number) => Tensor): Slope => {
  const wide = centralDifference(f, step)
  const narrow = centralDifference(f, step / 2)
  const change = axpy(-1, wide, narrow)
  const truncation = Array.from(change.data).reduce((most, d) => Math.max(most, Math.abs(d)), 0)
  return { value: axpy(1 / 3, change, narrow), close: { ...roundoff, absolute: roundoff.absolute + truncation } }
}

/** A sum of products forgives as much as its terms do together. */
const summed = (n: number, close: Close): Close => ({ ...close, absolute: close.absolute * Math.max(1, n) })

const pushedByDifferences = (a: Drawn): Slope => slopeOf((distance) => a.site.value(moved(a, distance)))

const inner = (a: Tensors, b: Tensors): number =>
  a.reduce((sum, tensor, i) => sum + dot(tensor, b[i] ?? generate('f32', [], () => NaN)), 0)

const each = (close: Close, a: Tensors, b: Tensors): Verdict =>
  firstOf(a.map((tensor, i) => closeTensors(close, tensor, only(b.slice(i)))))

// laws -----------------------------------------------------------------------------------

const firstOrder = (all: fc.Arbitrary<Drawn>): Laws => ({
  'vjp is the adjoint of the finite-difference pushforward': law(
    griewank('⟨vjp(g), v⟩ = ⟨g, (f(x + h v) − f(x − h v))/2h⟩ as h → 0'),
    all,
    (a) => {
      const pushed = pushedByDifferences(a)
      const close = summed(a.g.data.length, pushed.close)
      return closeNumbers(close, inner(a.site.pull(a.x, a.g), a.v), dot(a.g, pushed.value))
    }
  ),
  'jvp agrees with finite differences': law(griewank('jvp(v) = (f(x + h v) − f(x − h v))/2h as h → 0'), all, (a) => {
    const pushed = pushedByDifferences(a)
    return closeTensors(pushed.close, a.site.push(a.x, a.v), pushed.value)
  }),
  'vjp and jvp are dual': law(griewank('⟨vjp(g), v⟩ = ⟨g, jvp(v)⟩'), all, (a) =>
    closeNumbers(exactly, inner(a.site.pull(a.x, a.g), a.v), dot(a.g, a.site.push(a.x, a.v)))
  ),
  'vjp is linear in the cotangent': law(
    griewank('vjp(k g + h) = k vjp(g) + vjp(h)'),
    fc.tuple(all, between(-4, 4)),
    ([a, k]) =>
      each(
        exactly,
        a.site.pull(a.x, axpy(k, a.g, a.h)),
        a.site.pull(a.x, a.h).map((pulled, i) => axpy(k, only(a.site.pull(a.x, a.g).slice(i)), pulled))
      )
  )
})

const secondOrder = (all: fc.Arbitrary<Drawn>): Laws => ({
  'the second derivative agrees with finite differences of the first': law(
    griewank('jvp(vjp(g))(v) = (vjp(g) at x + h v − vjp(g) at x − h v)/2h as h → 0'),
    all,
    (a) => {
      const pushed = a.site.pushPull(a.x, a.g, a.v)
      const slopes = pushed.map((_, i) => slopeOf((distance) => only(a.site.pull(moved(a, distance), a.g).slice(i))))
      return firstOf(slopes.map(({ value, close }, i) => closeTensors(close, only(pushed.slice(i)), value)))
    }
  ),
  'the second derivative is symmetric': law(schwarz('⟨H v, w⟩ = ⟨H w, v⟩'), all, (a) =>
    closeNumbers(exactly, inner(a.site.pushPull(a.x, a.g, a.v), a.w), inner(a.site.pushPull(a.x, a.g, a.w), a.v))
  )
})

/** Laws of both derivatives of an operation; none where nothing can move or nothing moves. */
export const derivative = (op: Op): Laws => {
  const sites = op.examples.map(siteOf(op)).filter(({ moving, output }) => moving.length > 0 && isFloat(output.dtype))
  if (sites.length === 0) return {}
  const all = drawn(sites)
  return about(op.name, { ...firstOrder(all), ...secondOrder(all) })
}
