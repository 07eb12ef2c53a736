/** Linear layers that mix samples, forget a gradient, or cannot make up their minds about shapes and names. */
import { f64 } from '../../src/measure/Close.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { split, type Key } from '../../src/core/Key.ts'
import type { Tensor } from '../../src/core/Tensor.ts'
import { linear, linearInit, type Linear } from '../../src/nn/linear.ts'
import { drawn } from '../../src/nn/params.ts'
import { add, mean, reshape, stopGradient, sub } from '../../src/ops/api.ts'
import { layer, type Layer } from '../layer.ts'
import type { Mutant } from '../Laws.ts'
import { mutantsOf } from './mutant.ts'

type Real = Expr<'f32'>

/** A linear map of three numbers to two. */
export const linearLayer: Layer<Linear<Tensor>> = {
  init: drawn(linearInit(3, 2)),
  apply: linear,
  sample: [3],
  result: [2],
  names: ['weight', 'bias']
}

const mutant = mutantsOf((one: Layer<Linear<Tensor>>) => layer(one, f64), linearLayer)

const renamed = (key: Key): Linear<Tensor> => {
  const { weight, bias } = linearLayer.init(split(key, 1)[0] ?? key)
  return key[0] % 2 === 0 ? { weight, bias } : { bias, weight }
}

export const layerMutants: ReadonlyArray<Mutant> = [
  mutant('a layer whose result is flat', 'is of the shape that it says', {
    apply: (params, x: Real) => reshape([-1])(linear(params, x))
  }),
  mutant('a layer that subtracts the mean of the batch', 'rows of a batch do not mix', {
    apply: (params, x: Real) => linear(params, sub(x, mean([0], 'kept')(x)))
  }),
  mutant('a bias that does not learn', 'its gradient agrees with finite differences over the tree', {
    apply: ({ weight, bias }, x: Real) => add(linear({ weight, bias }, x), sub(stopGradient(bias), bias))
  }),
  mutant('names in an order that depends on the key', 'its parameters have the names that it says, whatever the key', {
    init: renamed
  })
]
