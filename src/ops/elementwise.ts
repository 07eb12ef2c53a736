/**
 * Elementwise operations: operands of equal shape, each element by itself. (Broadcasting is inserted by `api.ts`.)
 * The derivative of such an operation is diagonal, so that one rule per operand, `derivative`, is both its pullback and
 * its pushforward.
 */
import { isFloat, type DType } from '../core/DType.ts'
import type { Expr, Params, Type } from '../core/Expr.ts'
import type { Fault } from '../core/Fault.ts'
import type { Onnx, OnnxGraph, OnnxValue, Scope } from '../core/Lowering.ts'
import { primitive, type Builder, type Draw, type Op } from '../core/Op.ts'
import { broadcast, equal } from '../core/Shape.ts'
import { generate, type Tensor } from '../core/Tensor.ts'

export type Unary = (x: Expr) => Expr
export type Binary = (x: Expr, y: Expr) => Expr

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
    readonly tanh: Unary
    readonly sigmoid: Unary
    readonly erf: Unary
    readonly expm1: Unary
    readonly log1p: Unary
    readonly relu: Unary
    readonly floor: Unary
    readonly not: Unary
    readonly add: Binary
    readonly sub: Binary
    readonly mul: Binary
    readonly div: Binary
    readonly pow: Binary
    readonly maximum: Binary
    readonly minimum: Binary
    readonly less: Binary
    readonly lessEqual: Binary
    readonly equal: Binary
    readonly and: Binary
    readonly or: Binary
    readonly where: (condition: Expr, x: Expr, y: Expr) => Expr
    readonly cast: (x: Expr, params: Cast) => Expr
    readonly stopGradient: Unary
  }
}

// model ----------------------------------------------------------------------------------

interface Local<P> {
  readonly inputs: ReadonlyArray<Expr>
  readonly output: Expr
  readonly params: P
}

/** For each operand the map from a tangent of it to the tangent it causes; `undefined` where the derivative is zero. */
type Derivative<P> = ($: Builder) => (local: Local<P>) => ReadonlyArray<Unary | undefined>

interface Row<P> {
  readonly equation: string
  readonly domain: ReadonlyArray<readonly [min: number, max: number]>
  readonly meaning: (xs: ReadonlyArray<number>, params: P) => number
  readonly derivative: Derivative<P>
  readonly wgsl: (xs: ReadonlyArray<string>, scope: Scope<P>) => string
  /** The ONNX operator, or the graph that stands for it. */
  readonly onnx: string | ((g: OnnxGraph, names: ReadonlyArray<string>, params: P, type: Type) => string)
  readonly operands?: ReadonlyArray<DType>
  readonly result?: (inputs: ReadonlyArray<Type>, params: P) => DType
  readonly examples?: ReadonlyArray<P>
  readonly accepts?: (dtype: DType) => boolean
  /** Elements of two operands that the laws keep apart, for operations with a kink where they meet. */
  readonly apart?: number
}

// constructors ---------------------------------------------------------------------------

const typed =
  <P>(name: string, row: Row<P>) =>
  (inputs: ReadonlyArray<Type>, params: P): Type | Fault => {
    const [first, ...rest] = row.operands === undefined ? inputs : inputs.slice(row.operands.indexOf('f32'))
    const head = inputs[0]
    if (first === undefined || head === undefined) return { _tag: 'WrongInputs', op: name, expected: 1, got: 0 }
    const shaped = inputs.find((x) => !equal(x.shape, head.shape))
    if (shaped !== undefined) return { _tag: 'ShapesDiffer', op: name, left: head.shape, right: shaped.shape }
    const other = rest.find((x) => x.dtype !== first.dtype)
    if (other !== undefined) return { _tag: 'DTypesDiffer', op: name, left: first.dtype, right: other.dtype }
    if (row.accepts?.(first.dtype) === false)
      return { _tag: 'WrongDType', op: name, expected: 'another element type', got: first.dtype }
    return { dtype: row.result?.(inputs, params) ?? first.dtype, shape: head.shape }
  }

const wrap = (dtype: DType, value: number): number =>
  dtype === 'u32' ? value >>> 0 : dtype === 'i32' ? value | 0 : dtype === 'bool' ? Number(value !== 0) : value

/** The NumPy broadcast of the shapes that values really have: work on an unexpanded operand stays small. */
const broadcastShape = (inputs: ReadonlyArray<OnnxValue>): ReadonlyArray<number> =>
  inputs.reduce<ReadonlyArray<number>>((shape, x) => broadcast(shape, x.shape) ?? shape, [])

const onnx =
  <P>(row: Row<P>): Onnx<P> =>
  (g) =>
  ({ inputs, params, type }) => {
    const names = inputs.map((x) => x.name)
    const name = typeof row.onnx === 'string' ? g.node(row.onnx, names) : row.onnx(g, names, params, type)
    return { name, shape: broadcastShape(inputs), type }
  }

const shapes: ReadonlyArray<ReadonlyArray<number>> = [[2, 3], []]

const examples = <P>(row: Row<P>): ReadonlyArray<{ params: P; inputs: ReadonlyArray<Draw> }> =>
  (row.examples ?? [{} as P]).flatMap((params) =>
    shapes.map((shape) => ({
      params,
      inputs: row.domain.map(([min, max], i) => ({
        dtype: row.operands?.[i] ?? 'f32',
        shape,
        min,
        max,
        ...(row.apart === undefined ? {} : { apart: row.apart })
      }))
    }))
  )

const elementwise = <P extends object = Params>(name: string, row: Row<P>): Op =>
  primitive<P>({
    name,
    equation: row.equation,
    arity: row.domain.length,
    typing: typed(name, row),
    examples: examples(row),
    meaning: (inputs: ReadonlyArray<Tensor>, params, type) =>
      generate(type.dtype, type.shape, (i) =>
        wrap(
          type.dtype,
          row.meaning(
            inputs.map((x) => x.data[i] ?? NaN),
            params
          )
        )
      ),
    vjp: ($) => (site) =>
      row
        .derivative($)(site)
        .map((rule) => (isFloat(site.cotangent.dtype) ? rule?.(site.cotangent) : undefined)),
    jvp: ($) => (site) =>
      row
        .derivative($)(site)
        .map((rule, i) => {
          const tangent = site.tangents[i]
          return tangent === undefined ? undefined : rule?.(tangent)
        })
        .reduce((sum, term) => (sum === undefined ? term : term === undefined ? sum : $.add(sum, term)), undefined),
    wgsl: {
      _tag: 'Map',
      element: (scope) =>
        row.wgsl(
          scope.inputs.map((_, i) => scope.load(i, scope.at)),
          scope
        )
    },
    onnx: onnx(row)
  })

const everywhere = [-2, 2] as const
const positive = [0.5, 3] as const
const wide = [-20, 20] as const
const flat: Derivative<unknown> =
  () =>
  ({ inputs }) =>
    inputs.map(() => undefined)

/** An operation of one operand: what scales the tangent is a function of the operand and the result. */
const unary = (
  name: string,
  equation: string,
  domain: readonly [number, number],
  meaning: (x: number) => number,
  wgsl: (x: string) => string,
  onnxOp: Row<Params>['onnx'],
  derivative: ($: Builder) => (g: Expr, x: Expr, y: Expr) => Expr
): Op =>
  elementwise(name, {
    equation,
    domain: [domain],
    meaning: ([x = NaN]) => meaning(x),
    wgsl: ([x = '']) => wgsl(x),
    onnx: onnxOp,
    derivative:
      ($) =>
      ({ inputs: [x], output }) => [(g) => (x === undefined ? g : derivative($)(g, x, output))]
  })

const one = (_: OnnxGraph, names: ReadonlyArray<string>, f: (x: string) => string): string => f(names[0] ?? '')
const f32 = (g: OnnxGraph, value: number): string => g.constant('f32', [value])

// operations of one operand ----------------------------------------------------------------

export const neg: Op = unary(
  'neg',
  '−x',
  everywhere,
  (x) => -x,
  (x) => `(-${x})`,
  'Neg',
  ($) => (g) => $.neg(g)
)

export const abs: Op = unary(
  'abs',
  '|x|',
  [0.2, 3],
  Math.abs,
  (x) => `abs(${x})`,
  'Abs',
  ($) => (g, x) => $.mul(g, $.sign(x))
)

export const sign: Op = elementwise('sign', {
  equation: 'x / |x|, 0 at 0',
  domain: [[0.2, 3]],
  meaning: ([x = NaN]) => Math.sign(x),
  wgsl: ([x]) => `sign(${x})`,
  onnx: 'Sign',
  derivative: flat
})

export const floor: Op = elementwise('floor', {
  equation: 'the largest integer not above x',
  domain: [[0.1, 0.9]],
  meaning: ([x = NaN]) => Math.floor(x),
  wgsl: ([x]) => `floor(${x})`,
  onnx: 'Floor',
  derivative: flat
})

export const exp: Op = unary(
  'exp',
  'eˣ',
  everywhere,
  Math.exp,
  (x) => `exp(${x})`,
  'Exp',
  ($) => (g, _, y) => $.mul(g, y)
)

export const log: Op = unary(
  'log',
  'ln x',
  positive,
  Math.log,
  (x) => `log(${x})`,
  'Log',
  ($) => (g, x) => $.div(g, x)
)

export const sqrt: Op = unary(
  'sqrt',
  '√x',
  positive,
  Math.sqrt,
  (x) => `sqrt(${x})`,
  'Sqrt',
  ($) => (g, _, y) => $.div($.mul(g, $.fill(0.5, g)), y)
)

export const rsqrt: Op = unary(
  'rsqrt',
  '1/√x',
  positive,
  (x) => 1 / Math.sqrt(x),
  (x) => `inverseSqrt(${x})`,
  (g, names) => one(g, names, (x) => g.node('Reciprocal', [g.node('Sqrt', [x])])),
  ($) => (g, _, y) => $.mul($.mul(g, $.fill(-0.5, g)), $.mul(y, $.mul(y, y)))
)

export const reciprocal: Op = unary(
  'reciprocal',
  '1/x',
  positive,
  (x) => 1 / x,
  (x) => `(1.0 / ${x})`,
  'Reciprocal',
  ($) => (g, _, y) => $.neg($.mul(g, $.mul(y, y)))
)

export const sin: Op = unary(
  'sin',
  'sin x',
  everywhere,
  Math.sin,
  (x) => `sin_f32(${x})`,
  'Sin',
  ($) => (g, x) => $.mul(g, $.cos(x))
)

export const cos: Op = unary(
  'cos',
  'cos x',
  everywhere,
  Math.cos,
  (x) => `cos_f32(${x})`,
  'Cos',
  ($) => (g, x) => $.neg($.mul(g, $.sin(x)))
)

export const tanh: Op = unary(
  'tanh',
  'tanh x',
  everywhere,
  Math.tanh,
  // Drivers may form e²ˣ: beyond 15 the result is ±1 in f32.
  (x) => `tanh(clamp(${x}, -15.0, 15.0))`,
  'Tanh',
  ($) => (g, _, y) => $.sub(g, $.mul(g, $.mul(y, y)))
)

export const sigmoid: Op = unary(
  'sigmoid',
  '1 / (1 + e⁻ˣ)',
  everywhere,
  (x) => 1 / (1 + Math.exp(-x)),
  (x) => `(1.0 / (1.0 + exp(-${x})))`,
  'Sigmoid',
  ($) => (g, _, y) => $.mul(g, $.sub(y, $.mul(y, y)))
)

export const relu: Op = unary(
  'relu',
  'max(x, 0); derivative 0 at 0',
  [0.1, 2],
  (x) => (Number.isNaN(x) ? x : Math.max(x, 0)),
  (x) => `max(${x}, 0.0)`,
  'Relu',
  ($) => (g, x) => $.where($.less($.fill(0, x), x), g, $.fill(0, g))
)

export const not: Op = elementwise('not', {
  equation: '¬x',
  domain: [[0, 1]],
  operands: ['bool'],
  meaning: ([x]) => Number(x === 0),
  wgsl: ([x]) => `(!${x})`,
  onnx: 'Not',
  derivative: flat
})

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

export const expm1: Op = unary(
  'expm1',
  'eˣ − 1, accurate near 0',
  everywhere,
  Math.expm1,
  (x) => `expm1_f32(${x})`,
  // tanh(x/2) (eˣ + 1) loses nothing near 0, and neither factor overflows before the result does.
  (g, names) =>
    one(g, names, (x) => {
      const t = g.node('Tanh', [g.node('Mul', [x, f32(g, 0.5)])])
      return g.node('Mul', [t, g.node('Add', [g.node('Exp', [x]), f32(g, 1)])])
    }),
  ($) => (g, _, y) => $.mul(g, $.add(y, $.fill(1, y)))
)

export const log1p: Op = unary(
  'log1p',
  'ln(1 + x), accurate near 0',
  [-0.5, 2],
  Math.log1p,
  (x) => `log1p_f32(${x})`,
  // ln(w)·x/(w−1) with w = 1 + x as rounded: the rounding error cancels.
  (g, names) =>
    one(g, names, (x) => {
      const w = g.node('Add', [x, f32(g, 1)])
      const d = g.node('Sub', [w, f32(g, 1)])
      const same = g.node('Equal', [d, f32(g, 0)])
      const safe = g.node('Where', [same, f32(g, 1), d])
      return g.node('Where', [same, x, g.node('Mul', [g.node('Log', [w]), g.node('Div', [x, safe])])])
    }),
  ($) => (g, x) => $.div(g, $.add(x, $.fill(1, x)))
)

// operations of two operands ---------------------------------------------------------------

const infix =
  (symbol: string) =>
  (xs: ReadonlyArray<string>): string =>
    `(${xs[0]} ${symbol} ${xs[1]})`
const call =
  (f: string) =>
  (xs: ReadonlyArray<string>): string =>
    `${f}(${xs.join(', ')})`

export const add: Op = elementwise('add', {
  equation: 'x + y',
  domain: [everywhere, everywhere],
  meaning: ([x = NaN, y = NaN]) => x + y,
  wgsl: infix('+'),
  onnx: 'Add',
  derivative: () => () => [(g) => g, (g) => g]
})

export const sub: Op = elementwise('sub', {
  equation: 'x − y',
  domain: [everywhere, everywhere],
  meaning: ([x = NaN, y = NaN]) => x - y,
  wgsl: infix('-'),
  onnx: 'Sub',
  derivative: ($) => () => [(g) => g, (g) => $.neg(g)]
})

export const mul: Op = elementwise('mul', {
  equation: 'x · y',
  domain: [everywhere, everywhere],
  meaning: ([x = NaN, y = NaN]) =>
    Number.isInteger(x) && Number.isInteger(y) && Math.abs(x * y) > 2 ** 52 ? Math.imul(x, y) : x * y,
  wgsl: infix('*'),
  onnx: 'Mul',
  derivative:
    ($) =>
    ({ inputs: [x, y] }) => [(g) => (y === undefined ? g : $.mul(g, y)), (g) => (x === undefined ? g : $.mul(g, x))]
})

export const div: Op = elementwise('div', {
  equation: 'x / y',
  domain: [everywhere, positive],
  meaning: ([x = NaN, y = NaN]) => x / y,
  wgsl: infix('/'),
  onnx: 'Div',
  derivative:
    ($) =>
    ({ inputs: [, y], output }) =>
      y === undefined ? [] : [(g) => $.div(g, y), (g) => $.neg($.div($.mul(g, output), y))]
})

export const pow: Op = elementwise('pow', {
  equation: 'xʸ, x > 0',
  domain: [positive, everywhere],
  meaning: ([x = NaN, y = NaN]) => x ** y,
  wgsl: call('pow'),
  onnx: 'Pow',
  derivative:
    ($) =>
    ({ inputs: [x, y], output }) =>
      x === undefined || y === undefined
        ? []
        : [(g) => $.mul(g, $.mul(y, $.pow(x, $.sub(y, $.fill(1, y))))), (g) => $.mul(g, $.mul(output, $.log(x)))]
})

const extremum = (name: string, equation: string, wgsl: string, op: string, f: (x: number, y: number) => number): Op =>
  elementwise(name, {
    equation,
    domain: [everywhere, everywhere],
    apart: 0.05,
    meaning: ([x = NaN, y = NaN]) => f(x, y),
    wgsl: call(wgsl),
    onnx: op,
    // At a tie each operand gets half.
    derivative:
      ($) =>
      ({ inputs: [x, y], output }) => {
        if (x === undefined || y === undefined) return []
        const share = (g: Expr, mine: Expr, other: Expr): Expr => {
          const half = $.where($.equal(mine, other), $.fill(0.5, g), $.fill(1, g))
          return $.where($.equal(mine, output), $.mul(g, half), $.fill(0, g))
        }
        return [(g) => share(g, x, y), (g) => share(g, y, x)]
      }
  })

export const maximum: Op = extremum('maximum', 'max(x, y)', 'max', 'Max', Math.max)
export const minimum: Op = extremum('minimum', 'min(x, y)', 'min', 'Min', Math.min)

const comparison = (
  name: string,
  equation: string,
  symbol: string,
  op: string,
  f: (x: number, y: number) => boolean
): Op =>
  elementwise(name, {
    equation,
    domain: [everywhere, everywhere],
    apart: 0.05,
    result: () => 'bool',
    meaning: ([x = NaN, y = NaN]) => Number(f(x, y)),
    wgsl: infix(symbol),
    onnx: op,
    derivative: flat
  })

export const less: Op = comparison('less', 'x < y', '<', 'Less', (x, y) => x < y)
export const lessEqual: Op = comparison('lessEqual', 'x ≤ y', '<=', 'LessOrEqual', (x, y) => x <= y)
export const equalTo: Op = comparison('equal', 'x = y', '==', 'Equal', (x, y) => x === y)

const logical = (
  name: string,
  equation: string,
  symbol: string,
  op: string,
  f: (x: number, y: number) => boolean
): Op =>
  elementwise(name, {
    equation,
    domain: [
      [0, 1],
      [0, 1]
    ],
    operands: ['bool', 'bool'],
    accepts: (dtype) => dtype === 'bool',
    result: () => 'bool',
    meaning: ([x = NaN, y = NaN]) => Number(f(x, y)),
    wgsl: infix(symbol),
    onnx: op,
    derivative: flat
  })

export const and: Op = logical('and', 'x ∧ y', '&&', 'And', (x, y) => x !== 0 && y !== 0)
export const or: Op = logical('or', 'x ∨ y', '||', 'Or', (x, y) => x !== 0 || y !== 0)

// selection and conversion -----------------------------------------------------------------

export const where: Op = elementwise('where', {
  equation: 'x where the condition holds, else y',
  domain: [[0, 1], everywhere, everywhere],
  operands: ['bool', 'f32', 'f32'],
  meaning: ([c, x = NaN, y = NaN]) => (c !== 0 ? x : y),
  wgsl: ([c, x, y]) => `select(${y}, ${x}, ${c})`,
  // onnxruntime selects among floats and signed integers only.
  onnx: (g, [c = '', x = '', y = ''], _, { dtype }) =>
    dtype === 'u32' || dtype === 'bool'
      ? g.cast(g.node('Where', [c, g.cast(x, 'i32'), g.cast(y, 'i32')]), dtype)
      : g.node('Where', [c, x, y]),
  derivative:
    ($) =>
    ({ inputs: [c] }) =>
      c === undefined ? [] : [undefined, (g) => $.where(c, g, $.fill(0, g)), (g) => $.where(c, $.fill(0, g), g)]
})

export type Cast = { readonly to: DType }

const wgslType: Readonly<Record<DType, string>> = {
  f32: 'f32',
  f16: 'f32',
  bf16: 'f32',
  i32: 'i32',
  u32: 'u32',
  bool: 'bool'
}

const truncated = (to: DType, x: number): number => (isFloat(to) || to === 'bool' ? x : Math.trunc(x))

export const cast: Op = elementwise<Cast>('cast', {
  equation: 'x as another element type; to an integer toward zero',
  domain: [wide],
  examples: [{ to: 'f32' }],
  result: (_, { to }) => to,
  meaning: ([x = NaN], { to }) => truncated(to, x),
  wgsl: ([x], { params }) => `${wgslType[params.to]}(${x})`,
  onnx: (g, [x = ''], { to }) => g.cast(x, to),
  derivative:
    ($) =>
    ({ inputs: [x] }) => [
      x !== undefined && isFloat(x.dtype) ? (g) => (g.dtype === x.dtype ? g : $.cast(g, { to: x.dtype })) : undefined
    ]
})

export const stopGradient: Op = elementwise('stopGradient', {
  equation: 'x, held constant by every derivative',
  domain: [everywhere],
  // Not the derivative of its meaning, on purpose: the law of it is its own.
  examples: [],
  meaning: ([x = NaN]) => x,
  wgsl: ([x = '']) => x,
  onnx: (_, [x = '']) => x,
  derivative: flat
})
