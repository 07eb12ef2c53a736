/** Places of elements, as WGSL: what views do to indices. */
import type { At } from '../core/Lowering.ts'
import { sizeAt, strides, type Shape } from '../core/Shape.ts'

/** The coordinate along an axis; 0 along those beyond. */
export const coordinate = (axes: ReadonlyArray<string>, axis: number): string => axes[axis] ?? '0u'

const term = (axis: string, stride: number): string => (stride === 1 ? axis : `${axis} * ${stride}u`)

/** The place with the given linear index; coordinates are divided out when asked for. */
export const fromLinear = (shape: Shape, linear: string): At => {
  const steps = strides(shape)
  const whole = shape.filter((d) => d !== 1).length <= 1
  return {
    shape,
    linear: () => linear,
    axes: () =>
      shape.map((d, i) => {
        if (d === 1) return '0u'
        if (whole) return linear
        const outer = i === shape.findIndex((n) => n !== 1)
        const divided = steps[i] === 1 ? linear : `(${linear} / ${steps[i]}u)`
        return outer ? divided : `(${divided} % ${d}u)`
      })
  }
}

/** The place with the given coordinates. */
export const fromAxes = (shape: Shape, axes: ReadonlyArray<string>): At => {
  const steps = strides(shape)
  const terms = axes
    .map((axis, i) => [axis, sizeAt(steps, i)] as const)
    .filter(([axis], i) => axis !== '0u' && shape[i] !== 1)
  const linear = terms.length === 0 ? '0u' : `(${terms.map(([axis, step]) => term(axis, step)).join(' + ')})`
  return { shape, linear: () => linear, axes: () => axes }
}

/** The same linear index in another shape of as many elements. */
export const reshaped = (at: At, shape: Shape): At => fromLinear(shape, at.linear())
