/** Operands of examples, as the laws draw them. */
import type { Draw } from '../core/Op.ts'
import type { Shape } from '../core/Shape.ts'

/** Real numbers within `±bound`. */
export const draw = (shape: Shape, bound = 2): Draw => ({ dtype: 'f32', shape, min: -bound, max: bound })
