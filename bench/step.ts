/**
 * The training step that is compared with other frameworks: a transformer of 8 blocks whose condition modulates every
 * block (adaLN), 64 tokens, width 128, 4 heads, batch 32; mean square error; AdamW. 2.4 million parameters.
 */
import { gradOf } from '../src/autodiff/grad.ts'
import { tensor, type Tensor } from '../src/core/Tensor.ts'
import { fold, key, normal } from '../src/core/Key.ts'
import { size, type Shape } from '../src/core/Shape.ts'
import { range } from '../src/core/Shape.ts'
import { linear, linearInit, perceptron, perceptronInit, type Linear, type Perceptron } from '../src/nn/linear.ts'
import { modulate } from '../src/nn/norm.ts'
import { drawn, inputsOf, named, type Parameter, type Real } from '../src/nn/params.ts'
import {
  add,
  attention,
  geluTanh,
  input,
  mean,
  mul,
  narrow,
  normalise,
  reshape,
  silu,
  square,
  sub
} from '../src/ops/api.ts'
import { exprs } from '../src/autodiff/grad.ts'
import { adamW, adamWDefaults, type Moments } from '../src/optim/adamw.ts'
import type { Expr } from '../src/core/Expr.ts'
import { scalar } from '../src/ops/api.ts'

// model ----------------------------------------------------------------------------------

export interface StepConfig {
  readonly dim: number
  readonly blocks: number
  readonly tokens: number
  readonly batch: number
  readonly heads: number
}

export const small: StepConfig = { dim: 128, blocks: 8, tokens: 64, batch: 32, heads: 4 }

interface Block<A> {
  readonly modulation: Linear<A>
  readonly qkv: Linear<A>
  readonly out: Linear<A>
  readonly ffn: Perceptron<A>
}

interface Network<A> {
  readonly enter: Linear<A>
  readonly blocks: ReadonlyArray<Block<A>>
  readonly leave: Linear<A>
}

const parameters = ({ dim, blocks }: StepConfig): Network<Parameter> => ({
  enter: linearInit(dim, dim),
  blocks: range(blocks).map(() => ({
    modulation: linearInit(dim, 6 * dim),
    qkv: linearInit(dim, 3 * dim),
    out: linearInit(dim, dim),
    ffn: perceptronInit(dim, 4 * dim, dim)
  })),
  leave: linearInit(dim, dim)
})

const block =
  ({ dim, tokens, batch, heads }: StepConfig) =>
  (params: Block<Real>, x: Real, condition: Real): Real => {
    const six = reshape([batch, 6, dim])(linear(params.modulation, condition))
    const row = (i: number): Real => narrow(1, i, i + 1)(six)
    const qkv = reshape([batch, tokens, 3, heads, dim / heads])(
      linear(params.qkv, modulate(normalise(1e-6)(x), row(0), row(1)))
    )
    const part = (i: number): Real => reshape([batch, tokens, heads, dim / heads])(narrow(2, i, i + 1)(qkv))
    const mixed = reshape([batch, tokens, dim])(attention(part(0), part(1), part(2)))
    const told = add(x, mul(linear(params.out, mixed), row(2)))
    const ffn = perceptron(geluTanh)(params.ffn, modulate(normalise(1e-6)(told), row(3), row(4)))
    return add(told, mul(ffn, row(5)))
  }

const network =
  (config: StepConfig) =>
  (params: Network<Real>, x: Real, condition: Real): Real => {
    const gate = silu(condition)
    const tokens = params.blocks.reduce((h, p) => block(config)(p, h, gate), linear(params.enter, x))
    return linear(params.leave, normalise(1e-6)(tokens))
  }

// the step -------------------------------------------------------------------------------

export interface Step {
  readonly outputs: Readonly<Record<string, Expr>>
  /** The state before the first step, and the batch. */
  readonly values: ReadonlyMap<string, Tensor>
}

export type Part = 'forward' | 'gradient' | 'step'

const inputShapes = ({ dim, tokens, batch }: StepConfig): Readonly<Record<string, Shape>> => ({
  x: [batch, tokens, dim],
  condition: [batch, dim],
  target: [batch, tokens, dim]
})

const zeroed = (values: ReadonlyMap<string, Tensor>, prefix: string): ReadonlyMap<string, Tensor> =>
  new Map(
    [...values].map(([name, { shape }]) => [
      name.replace(/^params/, prefix),
      tensor('f32', shape, new Float32Array(size(shape)))
    ])
  )

const flat = (tree: unknown, prefix: string): Readonly<Record<string, Expr>> =>
  Object.fromEntries(exprs.flatten(tree, prefix))

/** The outputs of a state have the names of its inputs. */
export const trainingStep = (config: StepConfig, part: Part = 'step'): Step => {
  const tree = parameters(config)
  const params = inputsOf(tree, 'params') as Network<Real>
  const [x, condition, target] = Object.entries(inputShapes(config)).map(([name, shape]) =>
    input(name, 'f32', shape)
  ) as [Real, Real, Real]
  const loss = mean('all')(square(sub(network(config)(params, x, condition), target)))
  const weights = named(drawn(tree)(key(1)), 'params')
  const batch = Object.entries(inputShapes(config)).map(
    ([name, shape], i) => [name, tensor('f32', shape, normal(fold(key(2), i), size(shape)))] as const
  )
  const values = new Map([...weights, ...batch])
  if (part === 'forward') return { outputs: { loss }, values }
  const gradient = gradOf(loss)(params)
  if (part === 'gradient') return { outputs: { loss, ...flat(gradient, 'gradient') }, values }
  const moments = {
    first: inputsOf(tree, 'first'),
    second: inputsOf(tree, 'second'),
    step: input('step', 'f32', [])
  } as Moments<Network<Real>>
  const updated = adamW({ ...adamWDefaults, rate: () => scalar(1e-3) })(params, gradient, moments)
  return {
    outputs: {
      loss,
      ...flat(updated.params, 'params'),
      ...flat(updated.moments.first, 'first'),
      ...flat(updated.moments.second, 'second'),
      step: updated.moments.step
    },
    values: new Map([
      ...values,
      ...zeroed(weights, 'first'),
      ...zeroed(weights, 'second'),
      ['step', tensor('f32', [], Float32Array.of(0))]
    ])
  }
}
