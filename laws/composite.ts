/** Laws of an operation that is defined by others: whatever it says of itself follows from its definition. */
import * as fc from 'fast-check'
import { jvp } from '../src/autodiff/jvp.ts'
import { vjp } from '../src/autodiff/vjp.ts'
import type { Close } from '../src/measure/Close.ts'
import { isFloat } from '../src/core/DType.ts'
import { apply, input, isApply, topological, type Expr, type Params } from '../src/core/Expr.ts'
import { E, pipe } from '../src/core/fp.ts'
import type { Composite, Example, Op } from '../src/core/Op.ts'
import { equal } from '../src/core/Shape.ts'
import type { Tensor } from '../src/core/Tensor.ts'
import { evaluate } from '../src/interpret/evaluate.ts'
import { definition } from '../src/ops/define.ts'
import { directions, operands, showTensor } from './draw.ts'
import { about, closeTensors, firstOf, from, law, unless, type Laws, type Verdict } from './Laws.ts'

const defined = from('the contract of `Composite`, `src/core/Op.ts`')

type Tensors = ReadonlyArray<Tensor>

interface Site {
  readonly example: Example<Params>
  readonly xs: ReadonlyArray<Expr>
  readonly whole: Expr
  readonly body: Expr
}

const rounding: Close = { absolute: 1e-9, relative: 1e-9 }

const siteOf =
  (op: Op) =>
  (example: Example<Params>): Site => {
    const xs = example.inputs.map(({ dtype, shape }, i) => input(`x${i}`, dtype, shape))
    const whole = apply(op, xs, example.params)
    return { example, xs, whole, body: isApply(whole) ? (definition(whole) ?? whole) : whole }
  }

const bind = (prefix: string, tensors: Tensors): ReadonlyArray<readonly [string, Tensor]> =>
  tensors.map((value, i) => [`${prefix}${i}`, value])

const values = (roots: ReadonlyArray<Expr>, x: Tensors, g: Tensors): Tensors =>
  pipe(
    roots,
    evaluate(new Map([...bind('x', x), ...bind('g', g)])),
    E.getOrElse((): Tensors => [])
  )

const agree = (a: Tensors, b: Tensors): Verdict =>
  a.length === 0 || a.length !== b.length
    ? 'there is no value'
    : firstOf(a.map((tensor, i) => closeTensors(rounding, tensor, b[i] ?? tensor)))

/** The shape and element type of the operation are those of its definition, which sees nothing but the operands. */
const typing = ({ whole, body, xs }: Site): Verdict => {
  const stranger = topological([body]).find((node) => node.term._tag === 'Input' && !xs.includes(node))
  return stranger !== undefined
    ? 'the definition has an input of its own'
    : unless(
        whole.dtype === body.dtype && equal(whole.shape, body.shape),
        () => `${whole.dtype}[${whole.shape}], the definition is ${body.dtype}[${body.shape}]`
      )
}

interface Drawn {
  /** How a counterexample reads. */
  readonly [fc.toStringMethod]: () => string
  readonly site: Site
  readonly x: Tensors
  readonly g: Tensors
  readonly v: Tensors
}

const given = (site: Site): fc.Arbitrary<Drawn> =>
  fc
    .record({ x: operands(site.example.inputs), g: directions([site.whole]), v: directions(site.example.inputs) })
    .map(({ x, g, v }) => ({
      site,
      x,
      g,
      v,
      [fc.toStringMethod]: () =>
        `parameters ${JSON.stringify(site.example.params)}, operands ${x.map(showTensor).join(', ')}, ` +
        `cotangent ${g.map(showTensor).join(', ')}, direction ${v.map(showTensor).join(', ')}`
    }))

/** Its own derivatives, where it gives them, are those that follow from its definition. */
const derivatives = (all: fc.Arbitrary<Drawn>): Laws => ({
  'the derived pullback agrees with the given one': law(
    defined('vjp(op)(g) = vjp(define)(g)'),
    all,
    ({ site: { xs, whole, body }, x, g }) => {
      const cotangent = [input('g0', whole.dtype, whole.shape)]
      return agree(values(vjp([whole], xs)(cotangent), x, g), values(vjp([body], xs)(cotangent), x, g))
    }
  ),
  'the derived pushforward agrees with the given one': law(
    defined('jvp(op)(v) = jvp(define)(v)'),
    all,
    ({ site: { xs, whole, body }, x, v }) => {
      const tangents = xs.map((operand, i) => input(`g${i}`, operand.dtype, operand.shape))
      return agree(values(jvp([whole], xs)(tangents), x, v), values(jvp([body], xs)(tangents), x, v))
    }
  )
})

const isComposite = (op: Op): op is Composite<Params> => op._tag === 'Composite'

/** Laws of a composite operation; none for a primitive. */
export const composite = (op: Op): Laws => {
  const sites = isComposite(op) ? op.examples.map(siteOf(op)) : []
  if (sites.length === 0) return {}
  const smooth = sites.filter(
    ({ example, whole }) => isFloat(whole.dtype) && example.inputs.every(({ dtype }) => isFloat(dtype))
  )
  return about(op.name, {
    'types as its definition': law(
      defined('type(op(x)) = type(define(x)), and define sees x alone'),
      fc.constantFrom(...sites),
      typing
    ),
    ...(smooth.length === 0 ? {} : derivatives(fc.constantFrom(...smooth).chain(given)))
  })
}
