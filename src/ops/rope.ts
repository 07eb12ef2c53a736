/**
 * Rotary positions: consecutive pairs of elements are points of the plane, each turned by the angle of its token and
 * pair. A rotation's adjoint is the rotation back.
 *
 * Source: Su et al. 2021, "RoFormer" (arXiv 2104.09864), Eq. (34).
 */
import type { DType } from '../core/DType.ts'
import { literal, type Expr, type Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import { composite, type Builder, type Example, type Op, type Operands } from '../core/Op.ts'
import { equal, sizeAt, type Shape } from '../core/Shape.ts'
import { floats } from '../core/Tensor.ts'
import { moreSamples } from './batch.ts'
import { draw } from './draw.ts'
import { floating, giving } from './kinds.ts'
import { reshapeOnnx } from './onnx.ts'
import { fromAxes } from './place.ts'
import { plus } from './tangent.ts'

declare module '../core/Op.ts' {
  interface Builder {
    /** `x` `[batch, tokens, heads, d]`; `cos`, `sin` `[tokens, d/2]`. */
    readonly rope: <D extends DType, S extends Shape>(x: Expr<D, S>, cos: Expr, sin: Expr) => Expr<D, S>
  }
}

// model ----------------------------------------------------------------------------------

const typing = ([x, cos, sin]: Operands<3, Type>): Type | Fault => {
  const other = [cos, sin].find(({ dtype }) => dtype !== x.dtype)
  if (other !== undefined) return { _tag: 'DTypesDiffer', op: 'rope', left: x.dtype, right: other.dtype }
  const [, tokens = 0, , d = 0] = x.shape
  return x.shape.length === 4 && [cos, sin].every(({ shape }) => equal(shape, [tokens, d / 2]))
    ? x
    : {
        _tag: 'Invalid',
        op: 'rope',
        why: `needs [batch,tokens,heads,d] and twice [tokens,d/2], got [${x.shape}], [${cos.shape}] and [${sin.shape}]`
      }
}

const pairsOf = ([batch = 0, tokens = 0, heads = 0, d = 0]: Shape): Shape => [batch, tokens, heads, d / 2, 2]

const pairs = ($: Builder, x: Expr): Expr => $.reshape(x, { shape: pairsOf(x.shape) })

/** The two of each pair changed places. */
const swapped = ($: Builder, x: Expr): Expr => $.flip(pairs($, x), { axes: [4] })

/** `[tokens, d/2]` over batch, heads, and both of each pair. */
const spread = ($: Builder, angle: Expr, x: Expr): Expr => $.broadcast(angle, { shape: pairsOf(x.shape), axes: [1, 3] })

/** `−1` for the first of a pair, `1` for the second. */
const signs = ($: Builder, shape: Shape): Expr =>
  $.broadcast(literal(floats([2], [-1, 1])), { shape, axes: [shape.length - 1] })

/** `−sin` for the first of a pair, `sin` for the second. */
const signed = ($: Builder, sin: Expr): Expr => {
  const shape = [...sin.shape, 2]
  return $.mul($.broadcast(sin, { shape, axes: [0, 1] }), signs($, shape))
}

const define = ($: Builder, x: Expr, cos: Expr, sin: Expr): Expr => {
  const across = $.broadcast(signed($, sin), { shape: pairsOf(x.shape), axes: [1, 3, 4] })
  const turned = $.add($.mul(pairs($, x), spread($, cos, x)), $.mul(swapped($, x), across))
  return $.reshape(turned, { shape: x.shape })
}

// derivatives ----------------------------------------------------------------------------

/** The cotangents of the cosines and the sines: sums over batch, heads, and both of each pair. */
const angles = ($: Builder, x: Expr, g: Expr): readonly [cos: Expr, sin: Expr] => {
  const along = $.mul(pairs($, g), pairs($, x))
  const across = $.mul(pairs($, g), swapped($, x))
  const gathered = $.sum(across, { axes: [0, 2] })
  return [$.sum(along, { axes: [0, 2, 4] }), $.sum($.mul(gathered, signs($, gathered.shape)), { axes: [2] })]
}

// the operation --------------------------------------------------------------------------

const example = (shape: Shape, angle: Shape): Example<object, 3> => ({
  params: {},
  inputs: [draw(shape), draw(angle), draw(angle)]
})

export const rope: Op = composite<object, 3>({
  name: 'rope',
  equation: '(a, b) ↦ (a cos − b sin, a sin + b cos) for consecutive pairs',
  arity: 3,
  typing: giving(floating, 'rope', typing),
  examples: [example([2, 3, 2, 4], [3, 2]), example([1, 2, 1, 6], [2, 3])],
  define:
    ($) =>
    ([x, cos, sin]) =>
      define($, x, cos, sin),
  vjp:
    ($) =>
    ({ inputs: [x, cos, sin], cotangent: g }) => [$.rope(g, cos, $.neg(sin)), ...angles($, x, g)],
  jvp:
    ($) =>
    ({ inputs: [x, cos, sin], tangents: [v, vcos, vsin] }) => {
      const turning = (vcos || vsin) && $.rope(x, vcos ?? $.fill(0, cos), vsin ?? $.fill(0, sin))
      return plus($, [v && $.rope(v, cos, sin), turning])
    },
  batch: moreSamples,
  wgsl: {
    _tag: 'Map',
    element: ({ at, inputs, load, bind }) => {
      const shape = inputs[0].shape
      const [b = '0u', token = '0u', head = '0u', i = '0u'] = at.axes()
      const place = bind('u32', i)
      const angle = fromAxes([sizeAt(shape, 1), sizeAt(shape, 3) / 2], [token, `(${place} / 2u)`])
      const across = bind('f32', `${load(0, fromAxes(shape, [b, token, head, `(${place} ^ 1u)`]))} * ${load(2, angle)}`)
      return `(${load(0, fromAxes(shape, [b, token, head, place]))} * ${load(1, angle)} + select(-${across}, ${across}, ${place} % 2u == 1u))`
    }
  },
  onnx:
    (g) =>
    ({ inputs: [x, cos, sin], type: { shape } }) => {
      const [batch = 0, tokens = 0, heads = 0, d = 0] = shape
      const operands = [reshapeOnnx(g, g.full(x), [batch, tokens, heads * d]), g.ints([0]), g.full(cos), g.full(sin)]
      const settings = { interleaved: 1, num_heads: heads }
      return reshapeOnnx(g, g.node('RotaryEmbedding', operands, settings, 'com.microsoft'), shape)
    }
})
