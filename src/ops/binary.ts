/** Elementwise operations of two operands. */
import { isFloat, type DType } from '../core/DType.ts'
import type { Expr, Params } from '../core/Expr.ts'
import type { OnnxGraph } from '../core/Lowering.ts'
import type { Op } from '../core/Op.ts'
import type { Shape } from '../core/Shape.ts'
import { elementwise, everywhere, flat, positive, type Row } from './elementwise.ts'
import { floating, logical, numeric } from './kinds.ts'

export type Binary = <D extends DType, S extends Shape>(x: Expr<D, S>, y: Expr) => Expr<D, S>
export type Relation = <S extends Shape>(x: Expr<DType, S>, y: Expr) => Expr<'bool', S>

declare module '../core/Op.ts' {
  interface Builder {
    readonly add: Binary
    readonly sub: Binary
    readonly mul: Binary
    /** `x · y`, and 0 wherever `x` is 0, though `y` be infinite or no number: what derivatives multiply by. */
    readonly annihilate: Binary
    readonly div: Binary
    readonly pow: Binary
    readonly maximum: Binary
    readonly minimum: Binary
    readonly less: Relation
    readonly lessEqual: Relation
    readonly equal: Relation
    readonly and: Relation
    readonly or: Relation
  }
}

// arithmetic -----------------------------------------------------------------------------

const infix =
  (symbol: string) =>
  (xs: readonly [string, string]): string =>
    `(${xs[0]} ${symbol} ${xs[1]})`
const call =
  (f: string) =>
  (xs: ReadonlyArray<string>): string =>
    `${f}(${xs.join(', ')})`

export const add: Op = elementwise<2>('add', {
  equation: 'x + y',
  accepts: numeric,
  domain: [everywhere, everywhere],
  meaning: ([x, y]) => x + y,
  wgsl: infix('+'),
  onnx: 'Add',
  derivative: () => () => [(g) => g, (g) => g]
})

export const sub: Op = elementwise<2>('sub', {
  equation: 'x − y',
  accepts: numeric,
  domain: [everywhere, everywhere],
  meaning: ([x, y]) => x - y,
  wgsl: infix('-'),
  onnx: 'Sub',
  derivative: ($) => () => [(g) => g, (g) => $.neg(g)]
})

export const mul: Op = elementwise<2>('mul', {
  equation: 'x · y',
  accepts: numeric,
  domain: [everywhere, everywhere],
  meaning: ([x = NaN, y = NaN], _, dtype) => (isFloat(dtype) ? x * y : Math.imul(x, y)),
  wgsl: infix('*'),
  onnx: 'Mul',
  derivative:
    ($) =>
    ({ inputs: [x, y] }) => [(g) => $.mul(g, y), (g) => $.mul(g, x)]
})

// See Note [Zero cotangents]
export const annihilate: Op = elementwise<2>('annihilate', {
  equation: 'x · y, 0 where x is 0',
  accepts: floating,
  domain: [everywhere, everywhere],
  meaning: ([x, y]) => (x === 0 ? 0 : x * y),
  wgsl: call('annihilate'),
  onnx: (g, [x, y]) => {
    const zero = g.constant('f32', [0])
    return g.node('Where', [g.node('Equal', [x, zero]), zero, g.node('Mul', [x, y])])
  },
  derivative:
    ($) =>
    ({ inputs: [x, y] }) => [(g) => $.annihilate(g, y), (g) => $.annihilate(x, g)]
})

/** See Note [Integer division] */
const divided = (g: OnnxGraph, [x, y]: readonly [string, string], dtype: DType): string => {
  if (isFloat(dtype)) return g.node('Div', [x, y])
  if (dtype === 'u32') return g.node('Div', [x, g.node('Max', [y, g.constant(dtype, [1])])])
  const by = g.cast(y, 'i64')
  const whole = g.node('Where', [g.node('Equal', [by, g.constant('i64', [0])]), g.constant('i64', [1]), by])
  return g.cast(g.node('Div', [g.cast(x, 'i64'), whole]), dtype)
}

// See Note [Integer division]
export const div: Op = elementwise<2>('div', {
  equation: 'x / y; of integers toward zero, and x where y is 0',
  accepts: numeric,
  domain: [everywhere, positive],
  meaning: ([x = NaN, y = NaN], _, dtype) => (isFloat(dtype) ? x / y : Math.trunc(y === 0 ? x : x / y)),
  wgsl: infix('/'),
  onnx: (g, names, _, { dtype }) => divided(g, names, dtype),
  derivative:
    ($) =>
    ({ inputs: [, y], output }) => [
      (g) => $.annihilate(g, $.reciprocal(y)),
      (g) => $.neg($.annihilate(g, $.div(output, y)))
    ]
})

export const pow: Op = elementwise<2>('pow', {
  equation: 'xʸ, x > 0',
  accepts: floating,
  domain: [positive, everywhere],
  // As IEEE 754 has it, where JavaScript has no number.
  meaning: ([x, y]) => (x === 1 || (x === -1 && Math.abs(y) === Infinity) ? 1 : x ** y),
  wgsl: call('pow_f32'),
  onnx: 'Pow',
  derivative:
    ($) =>
    ({ inputs: [x, y], output }) => [
      (g) => $.annihilate(g, $.mul(y, $.pow(x, $.sub(y, $.fill(1, y))))),
      (g) => $.annihilate(g, $.annihilate(output, $.log(x)))
    ]
})

const extremum = (name: string, equation: string, wgsl: string, op: string, f: (x: number, y: number) => number): Op =>
  elementwise<2>(name, {
    equation,
    accepts: numeric,
    domain: [everywhere, everywhere],
    apart: 0.05,
    meaning: ([x, y]) => f(x, y),
    wgsl: (xs, { type }) => call(isFloat(type.dtype) ? `${wgsl}_f32` : wgsl)(xs),
    onnx: op,
    // At a tie each operand gets half.
    derivative:
      ($) =>
      ({ inputs: [x, y], output }) => {
        const share = (g: Expr, mine: Expr, other: Expr): Expr => {
          const half = $.where($.equal(mine, other), $.fill(0.5, g), $.fill(1, g))
          return $.where($.equal(mine, output), $.mul(g, half), $.fill(0, g))
        }
        return [(g) => share(g, x, y), (g) => share(g, y, x)]
      }
  })

export const maximum: Op = extremum('maximum', 'max(x, y)', 'max', 'Max', Math.max)
export const minimum: Op = extremum('minimum', 'min(x, y)', 'min', 'Min', Math.min)

// truth values ---------------------------------------------------------------------------

/** A relation of two operands, which has no derivative. */
const relation = (
  name: string,
  equation: string,
  symbol: string,
  op: string,
  operands: Pick<Row<Params, 2>, 'domain' | 'apart' | 'operands' | 'accepts'>,
  holds: (x: number, y: number) => boolean
): Op =>
  elementwise<2>(name, {
    ...operands,
    equation,
    result: () => 'bool',
    meaning: ([x, y]) => Number(holds(x, y)),
    wgsl: infix(symbol),
    onnx: op,
    derivative: flat
  })

const things: Pick<Row<Params, 2>, 'domain' | 'apart'> = { domain: [everywhere, everywhere], apart: 0.05 }
const numbers: Pick<Row<Params, 2>, 'domain' | 'apart' | 'accepts'> = { ...things, accepts: numeric }

export const less: Op = relation('less', 'x < y', '<', 'Less', numbers, (x, y) => x < y)
export const lessEqual: Op = relation('lessEqual', 'x ≤ y', '<=', 'LessOrEqual', numbers, (x, y) => x <= y)
export const equalTo: Op = relation('equal', 'x = y', '==', 'Equal', things, (x, y) => x === y)

const truths: Pick<Row<Params, 2>, 'domain' | 'operands' | 'accepts'> = {
  domain: [
    [0, 1],
    [0, 1]
  ],
  operands: ['bool', 'bool'],
  accepts: logical
}

export const and: Op = relation('and', 'x ∧ y', '&&', 'And', truths, (x, y) => x !== 0 && y !== 0)
export const or: Op = relation('or', 'x ∨ y', '||', 'Or', truths, (x, y) => x !== 0 || y !== 0)

// Note [Integer division]
// Quotients of integers are cut toward zero, as in C, WGSL and `jax.lax.div`; `//` of Python and NumPy rounds down, which
// differs where the signs do. WGSL defines what others leave open: x / 0 is x, and the least number by −1 is itself. All
// targets do that; onnxruntime would end the process, so that 32 bits are divided as 64 there, and never by 0.

// Note [Zero cotangents]
// What a result does not depend on gets the cotangent 0, and 0 · ∞ would make it no number: the unused branch of `where`
// at log 0, √0, 1/0 or an overflow. Rules whose derivative can be infinite multiply by `annihilate`, which keeps 0. It is
// an operation rather than a comparison with 0, so that its own derivative is right where a cotangent happens to be 0.
// What an elementwise rule multiplies by an operand that is itself infinite is masked again: `elementwise.ts`.
