/** What lowerings to ONNX share: values in other shapes. */
import type { OnnxGraph, OnnxValue } from '../core/Lowering.ts'
import { equal, range, type Shape } from '../core/Shape.ts'

/** The same elements in another shape. */
export const reshapeOnnx = (g: OnnxGraph, name: string, shape: Shape): string =>
  g.node('Reshape', [name, g.ints(shape)], { allowzero: 1 })

/** A value in another shape, as it is where it has that shape. */
export const fitted = (g: OnnxGraph, { name, shape }: Pick<OnnxValue, 'name' | 'shape'>, to: Shape): string =>
  equal(shape, to) ? name : reshapeOnnx(g, name, to)

/** The shape with leading ones up to `rank`: what a value that is not expanded would have. */
export const ranked = (shape: Shape, rank: number): Shape => [...range(rank - shape.length).map(() => 1), ...shape]
