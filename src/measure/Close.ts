/** Approximate equality as a value, so that a law names its error model and a failure names the worst element. */
import { equal } from '../core/Shape.ts'
import { elementAt, type Tensor } from '../core/Tensor.ts'

/** `|a − b| ≤ absolute + relative · max|b|`, over the whole tensor. */
export interface Close {
  readonly absolute: number
  readonly relative: number
}

export const exact: Close = { absolute: 0, relative: 0 }
/** Double precision through a few operations. */
export const f64: Close = { absolute: 1e-9, relative: 1e-9 }
/** Single precision through a few operations. */
export const f32: Close = { absolute: 1e-6, relative: 1e-5 }

/** `undefined` where close, else a sentence with the worst element, both values and the tolerance that applied. */
export const difference = (close: Close, a: Tensor, b: Tensor): string | undefined => {
  if (!equal(a.shape, b.shape)) return `shapes differ, [${a.shape}] and [${b.shape}]`
  let scale = 0
  for (const v of b.data) if (Number.isFinite(v)) scale = Math.max(scale, Math.abs(v))
  const tolerance = close.absolute + close.relative * scale
  let worst = -1
  let gap = tolerance
  for (let i = 0; i < b.data.length; i++) {
    const x = elementAt(a.data, i)
    const y = elementAt(b.data, i)
    const d = Object.is(x, y) || x === y ? 0 : Math.abs(x - y)
    if (Number.isNaN(d) || d > gap) {
      worst = i
      gap = Number.isNaN(d) ? Infinity : d
    }
  }
  return worst < 0
    ? undefined
    : `element ${worst} of [${b.shape}]: ${a.data[worst]} and ${b.data[worst]} differ by ${gap}, tolerance ${tolerance}`
}
