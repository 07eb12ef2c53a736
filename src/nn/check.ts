/** What a layer asks of its operands, as a sentence in the layer's own words where it is not met. */
import { apply } from '../core/Expr.ts'
import { composite, type Op } from '../core/Op.ts'
import { equal, type Shape } from '../core/Shape.ts'
import type { Real } from './params.ts'

interface Demand {
  readonly layer: string
  readonly why: string
}

const refused: Op = composite<Demand>({
  name: 'refused',
  equation: 'no value: a layer refuses its operand',
  arity: 1,
  typing: (_, { layer, why }) => ({ _tag: 'Invalid', op: layer, why }),
  examples: [],
  define:
    () =>
    ([x]) =>
      x as Real,
  vjp: 'derived',
  jvp: 'derived',
  batch: 'derived',
  wgsl: 'derived',
  onnx: 'derived'
})

/** The operand, or the first complaint about it as its fault. */
export const demand =
  (layer: string, ...complaints: ReadonlyArray<string | undefined>) =>
  (x: Real): Real => {
    const why = complaints.find((complaint) => complaint !== undefined)
    return x.faults.length > 0 || why === undefined ? x : (apply(refused, [x], { layer, why }) as Real)
  }

/** A complaint unless the shape is as expected; -1 is any size. */
export const unlike = (what: string, axes: string, got: Shape, expected: Shape): string | undefined =>
  equal(
    got,
    expected.map((d, i) => (d === -1 ? (got[i] ?? NaN) : d))
  )
    ? undefined
    : `${what} must be [${axes}] = [${expected.map((d) => (d === -1 ? 'any' : d)).join(',')}], got [${got.join(',')}]`
