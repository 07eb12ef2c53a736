/** Elementwise operations of one operand. */
import { isFloat, type DType } from '../core/DType.ts'
import type { Expr } from '../core/Expr.ts'
import type { OnnxGraph } from '../core/Lowering.ts'
import type { Builder, Op } from '../core/Op.ts'
import type { Shape } from '../core/Shape.ts'
import { elementwise, everywhere, flat, positive } from './elementwise.ts'
import { central, tails } from './erfinv.ts'
import { floating, logical, signed, type Accepted } from './kinds.ts'

export type Unary = <D extends DType, S extends Shape>(x: Expr<D, S>) => Expr<D, S>
/** What is asked of every element. */
export type Question = <S extends Shape>(x: Expr<DType, S>) => Expr<'bool', S>

declare module '../core/Op.ts' {
  interface Builder {
    readonly neg: Unary
    readonly abs: Unary
    readonly sign: Unary
    readonly exp: Unary
    readonly log: Unary
    readonly sqrt: Unary
    readonly rsqrt: Unary
    readonly reciprocal: Unary
    readonly sin: Unary
    readonly cos: Unary
    readonly atan: Unary
    readonly tanh: Unary
    readonly sigmoid: Unary
    readonly erf: Unary
    readonly erfinv: Unary
    readonly expm1: Unary
    readonly log1p: Unary
    readonly relu: Unary
    readonly floor: Unary
    readonly not: Unary
    readonly isNaN: Question
    readonly isFinite: Question
  }
}

/** What scales the tangent is a function of the operand and the result. */
const unary = (
  name: string,
  equation: string,
  domain: readonly [number, number],
  meaning: (x: number) => number,
  wgsl: (x: string) => string,
  onnx: string | ((g: OnnxGraph, x: string) => string),
  derivative: ($: Builder) => (g: Expr, x: Expr, y: Expr) => Expr,
  beyond: ReadonlyArray<readonly [number, number]> = [],
  accepts: Accepted = floating
): Op =>
  elementwise<1>(name, {
    equation,
    domain: [domain],
    beyond: beyond.map((range) => [range]),
    accepts,
    meaning: ([x]) => meaning(x),
    wgsl: ([x]) => wgsl(x),
    onnx: typeof onnx === 'string' ? onnx : (g, [x]) => onnx(g, x),
    derivative:
      ($) =>
      ({ inputs: [x], output }) => [(g) => derivative($)(g, x, output)]
  })

/** Where a difference from 1 is lost by whoever forms the 1. */
const small = [-1e-3, 1e-3] as const

const f32 = (g: OnnxGraph, value: number): string => g.constant('f32', [value])

// signs and steps ---------------------------------------------------------------------

export const neg: Op = unary(
  'neg',
  '−x',
  everywhere,
  (x) => -x,
  (x) => `(-${x})`,
  'Neg',
  ($) => (g) => $.neg(g),
  [],
  signed
)

export const abs: Op = unary(
  'abs',
  '|x|',
  [0.2, 3],
  Math.abs,
  (x) => `abs(${x})`,
  'Abs',
  ($) => (g, x) => $.mul(g, $.sign(x)),
  [[-3, -0.2]],
  signed
)

export const sign: Op = elementwise<1>('sign', {
  equation: 'x / |x|, 0 at 0',
  domain: [[0.2, 3]],
  beyond: [[[-3, -0.2]]],
  accepts: signed,
  meaning: ([x]) => Math.sign(x),
  wgsl: ([x], { type }) => `${isFloat(type.dtype) ? 'sign_f32' : 'sign'}(${x})`,
  onnx: 'Sign',
  derivative: flat
})

export const floor: Op = elementwise<1>('floor', {
  equation: 'the largest integer not above x',
  domain: [[0.1, 0.9]],
  beyond: [[[-1.9, -1.1]]],
  accepts: floating,
  meaning: ([x]) => Math.floor(x),
  wgsl: ([x]) => `floor(${x})`,
  onnx: 'Floor',
  derivative: flat
})

export const relu: Op = unary(
  'relu',
  'max(x, 0); derivative 0 at 0',
  [0.1, 2],
  (x) => (Number.isNaN(x) ? x : Math.max(x, 0)),
  (x) => `max_f32(${x}, 0.0)`,
  'Relu',
  ($) => (g, x) => $.where($.less($.fill(0, x), x), g, $.fill(0, g)),
  [[-2, -0.1]]
)

export const not: Op = elementwise<1>('not', {
  equation: '¬x',
  accepts: logical,
  domain: [[0, 1]],
  operands: ['bool'],
  meaning: ([x]) => Number(x === 0),
  wgsl: ([x]) => `(!${x})`,
  onnx: 'Not',
  derivative: flat
})

// what is a number ----------------------------------------------------------------------

/** Asked of the bits on WGSL, whose drivers may take it that there is neither a NaN nor an infinity. */
const question = (
  name: string,
  equation: string,
  meaning: (x: number) => boolean,
  wgsl: (x: string) => string,
  onnx: string | ((g: OnnxGraph, x: string) => string)
): Op =>
  elementwise<1>(name, {
    equation,
    accepts: floating,
    domain: [everywhere],
    result: () => 'bool',
    meaning: ([x]) => Number(meaning(x)),
    wgsl: ([x]) => wgsl(x),
    onnx: typeof onnx === 'string' ? onnx : (g, [x]) => onnx(g, x),
    derivative: flat
  })

export const isNaN: Op = question('isNaN', 'whether x is no number', Number.isNaN, (x) => `is_nan(${x})`, 'IsNaN')

export const isFinite: Op = question(
  'isFinite',
  'whether x is a number, and not infinite',
  Number.isFinite,
  (x) => `((bitcast<u32>(${x}) & 0x7fffffffu) < 0x7f800000u)`,
  (g, x) => g.node('Less', [g.node('Abs', [x]), f32(g, Infinity)])
)

// powers ------------------------------------------------------------------------------

export const sqrt: Op = unary(
  'sqrt',
  '√x',
  positive,
  Math.sqrt,
  (x) => `sqrt(${x})`,
  'Sqrt',
  ($) => (g, _, y) => $.annihilate(g, $.div($.fill(0.5, y), y))
)

export const rsqrt: Op = unary(
  'rsqrt',
  '1/√x',
  positive,
  (x) => 1 / Math.sqrt(x),
  (x) => `inverseSqrt(${x})`,
  (g, x) => g.node('Reciprocal', [g.node('Sqrt', [x])]),
  ($) => (g, _, y) => $.annihilate(g, $.mul($.fill(-0.5, y), $.mul(y, $.mul(y, y))))
)

export const reciprocal: Op = unary(
  'reciprocal',
  '1/x',
  positive,
  (x) => 1 / x,
  (x) => `(1.0 / ${x})`,
  'Reciprocal',
  ($) => (g, _, y) => $.neg($.annihilate(g, $.mul(y, y)))
)

// exponentials and logarithms ---------------------------------------------------------

export const exp: Op = unary(
  'exp',
  'eˣ',
  everywhere,
  Math.exp,
  (x) => `exp_f32(${x})`,
  'Exp',
  ($) => (g, _, y) => $.annihilate(g, y)
)

export const expm1: Op = unary(
  'expm1',
  'eˣ − 1, accurate near 0',
  everywhere,
  Math.expm1,
  (x) => `expm1_f32(${x})`,
  // tanh(x/2) (eˣ + 1) loses nothing near 0, and neither factor overflows before the result does.
  (g, x) => {
    const t = g.node('Tanh', [g.node('Mul', [x, f32(g, 0.5)])])
    return g.node('Mul', [t, g.node('Add', [g.node('Exp', [x]), f32(g, 1)])])
  },
  ($) => (g, _, y) => $.annihilate(g, $.add(y, $.fill(1, y))),
  [small]
)

export const log: Op = unary(
  'log',
  'ln x',
  positive,
  Math.log,
  (x) => `log_f32(${x})`,
  'Log',
  ($) => (g, x) => $.annihilate(g, $.reciprocal(x))
)

export const log1p: Op = unary(
  'log1p',
  'ln(1 + x), accurate near 0',
  [-0.5, 2],
  Math.log1p,
  (x) => `log1p_f32(${x})`,
  // ln(w)·x/(w−1) with w = 1 + x as rounded: the rounding error cancels.
  (g, x) => {
    const w = g.node('Add', [x, f32(g, 1)])
    const d = g.node('Sub', [w, f32(g, 1)])
    const none = g.node('Equal', [d, f32(g, 0)])
    const safe = g.node('Where', [none, f32(g, 1), d])
    // Without an error there is nothing to make up for, at ∞ too.
    const factor = g.node('Where', [g.node('Equal', [d, x]), f32(g, 1), g.node('Div', [x, safe])])
    return g.node('Where', [none, x, g.node('Mul', [g.node('Log', [w]), factor])])
  },
  ($) => (g, x) => $.annihilate(g, $.reciprocal($.add(x, $.fill(1, x)))),
  [small]
)

// waves and sigmoids ------------------------------------------------------------------

/** Where angles are many turns, which have to be taken away to the last digit. */
const turns = [-300, 300] as const

export const sin: Op = unary(
  'sin',
  'sin x',
  everywhere,
  Math.sin,
  (x) => `sin_f32(${x})`,
  'Sin',
  ($) => (g, x) => $.mul(g, $.cos(x)),
  [turns]
)

export const cos: Op = unary(
  'cos',
  'cos x',
  everywhere,
  Math.cos,
  (x) => `cos_f32(${x})`,
  'Cos',
  ($) => (g, x) => $.neg($.mul(g, $.sin(x))),
  [turns]
)

export const atan: Op = unary(
  'atan',
  'the angle between −π/2 and π/2 whose tangent is x',
  everywhere,
  Math.atan,
  (x) => `atan_f32(${x})`,
  'Atan',
  ($) => (g, x) => $.mul(g, $.reciprocal($.add($.mul(x, x), $.fill(1, x)))),
  [small, [2.2, 40]]
)

export const tanh: Op = unary(
  'tanh',
  'tanh x',
  everywhere,
  Math.tanh,
  (x) => `tanh_f32(${x})`,
  'Tanh',
  ($) => (g, _, y) => $.sub(g, $.mul(g, $.mul(y, y)))
)

export const sigmoid: Op = unary(
  'sigmoid',
  '1 / (1 + e⁻ˣ)',
  everywhere,
  (x) => 1 / (1 + Math.exp(-x)),
  (x) => `(1.0 / (1.0 + exp_f32(-${x})))`,
  'Sigmoid',
  ($) => (g, _, y) => $.mul(g, $.sub(y, $.mul(y, y)))
)

/** A polynomial, the coefficient of the highest power first. */
const horner = (coefficients: ReadonlyArray<number>, x: number): number =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0)

const hornerOnnx = (g: OnnxGraph, [first = 0, ...rest]: ReadonlyArray<number>, x: string): string =>
  rest.reduce((sum, coefficient) => g.node('Add', [g.node('Mul', [sum, x]), f32(g, coefficient)]), f32(g, first))

/** erf to double precision: the Maclaurin series near 0, the continued fraction of erfc beyond. */
const erfExact = (x: number): number => {
  const a = Math.abs(x)
  if (a > 6) return Math.sign(x)
  if (a < 2.5) {
    const terms = Array.from({ length: 60 }, (_, n) => n).reduce(
      ({ sum, term }, n) => ({ sum: sum + term / (2 * n + 1), term: (-term * x * x) / (n + 1) }),
      { sum: 0, term: x }
    )
    return (2 / Math.sqrt(Math.PI)) * terms.sum
  }
  const fraction = Array.from({ length: 80 }, (_, i) => 80 - i).reduce((f, k) => k / 2 / (a + f), 0)
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction))
}

export const erf: Op = unary(
  'erf',
  '2/√π ∫₀ˣ e^(−t²) dt',
  everywhere,
  erfExact,
  (x) => `erf_f32(${x})`,
  'Erf',
  ($) => (g, x) => $.mul(g, $.mul($.fill(2 / Math.sqrt(Math.PI), x), $.exp($.neg($.mul(x, x)))))
)

/** Two of Halley's steps from a start that is right to 6 digits: each triples the digits. */
const erfinvExact = (x: number): number => {
  if (Math.abs(x) >= 1) return Math.abs(x) === 1 ? x * Infinity : NaN
  const w = -Math.log((1 - x) * (1 + x))
  const start = x * (w < 5 ? horner(central, w - 2.5) : horner(tails, Math.sqrt(w) - 3))
  return [0, 1].reduce((y) => {
    const newton = ((erfExact(y) - x) * Math.sqrt(Math.PI) * Math.exp(y * y)) / 2
    return y - newton / (1 + newton * y)
  }, start)
}

export const erfinv: Op = unary(
  'erfinv',
  'y with erf y = x, −1 < x < 1',
  [-0.9, 0.9],
  erfinvExact,
  (x) => `erfinv_f32(${x})`,
  (g, x) => {
    const one = f32(g, 1)
    const w = g.node('Neg', [g.node('Log', [g.node('Mul', [g.node('Sub', [one, x]), g.node('Add', [one, x])])])])
    const near = g.node('Sub', [w, f32(g, 2.5)])
    const far = g.node('Sub', [g.node('Sqrt', [w]), f32(g, 3)])
    const factor = g.node('Where', [
      g.node('Less', [w, f32(g, 5)]),
      hornerOnnx(g, central, near),
      hornerOnnx(g, tails, far)
    ])
    const end = g.node('Equal', [g.node('Abs', [x]), one])
    return g.node('Mul', [x, g.node('Where', [end, f32(g, Infinity), factor])])
  },
  ($) => (g, _, y) => $.annihilate(g, $.mul($.exp($.mul(y, y)), $.fill(Math.sqrt(Math.PI) / 2, y))),
  [small, [0.98, 0.995], [-0.9995, -0.997]]
)
