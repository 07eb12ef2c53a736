/** The tiny networks that several sets share, with their parameters as inputs under the names of `networks.safetensors`. */
import { dit, ditFeatures, ditParameters, featureMap, type DitParams } from '../../../src/nn/dit.ts'
import { inputsFor, inputsOf, named, type Real } from '../../../src/nn/params.ts'
import { times, type Time } from '../../../src/nn/time.ts'
import { broadcastTo } from '../../../src/ops/api.ts'
import {
  discriminator,
  discriminatorParameters,
  type DiscriminatorConfig,
  type DiscriminatorParams
} from '../../../src/tmd/discriminator.ts'
import type { StudentModel, VelocityModel } from '../../../src/tmd/model.ts'
import type { Adversary } from '../../../src/tmd/stage2.ts'
import { student, type Fusion, type StudentParams } from '../../../src/tmd/student.ts'
import type { Tensor } from '../../../src/core/Tensor.ts'
import type { Tensors } from '../case.ts'
import { ditOf, studentInputs, studentOf, type NetworksConfig } from '../student.ts'
import { get, given, type Golden } from './expected.ts'

export interface Config extends NetworksConfig {
  readonly disc_layers: ReadonlyArray<number>
  readonly disc: {
    readonly scales: ReadonlyArray<number>
    readonly hidden: number
    readonly groups: number
    readonly mlp: number
  }
}

export const configOf = ({ manifest }: Golden): Config => manifest['config'] as Config

export interface Learnt<P> {
  readonly params: P
}

export const studentModel = (
  set: Golden,
  fusion: Fusion,
  headBlocks: number
): { readonly params: StudentParams; readonly model: StudentModel<StudentParams, Real> } => {
  const config = studentOf(configOf(set), headBlocks, fusion)
  return { params: studentInputs(config), model: student(config) }
}

/** A network without a head, such as the teacher or the fake score. */
export const plain = (set: Golden, prefix: string): DitParams => inputsOf(ditParameters(ditOf(configOf(set))), prefix)

export const velocityModel = (set: Golden): VelocityModel<DitParams, Real> => dit(ditOf(configOf(set)))

export const discriminatorConfig = (set: Golden): DiscriminatorConfig => {
  const { dim, patch, disc, disc_layers: layers } = configOf(set)
  const channels = dim / patch.reduce((n, d) => n * d, 1)
  return { ...disc, channels: layers.map(() => channels) }
}

export const discriminatorInputs = (set: Golden): DiscriminatorParams =>
  inputsOf(discriminatorParameters(discriminatorConfig(set)), 'disc')

export const adversary = (set: Golden): Adversary<DitParams, DiscriminatorParams, Real> => {
  const config = configOf(set)
  return {
    features: (params, x, t, context) =>
      ditFeatures(ditOf(config))(params, x, t, context, config.disc_layers).hidden.map((hidden) =>
        featureMap(ditOf(config), hidden, x)
      ),
    discriminate: discriminator(discriminatorConfig(set))
  }
}

// operands -------------------------------------------------------------------------------

export const doubles = (set: Golden, name: string): Float64Array => Float64Array.from(get(set, name).data)

/** A stored time of every sample as inputs, and what they are. */
export interface Hosted<T> {
  readonly inputs: T
  readonly values: Tensors
}

export const hosted = <T>(tree: T, prefix: string): Hosted<ReturnType<typeof inputsFor<T>>> => ({
  inputs: inputsFor(tree, prefix),
  values: named(tree, prefix)
})

export const timesOf = (set: Golden, name: string): Time<Tensor> => times(doubles(set, name), configOf(set).freq_dim)

/** The stored negative context, for every sample. */
export const negativeOf = (set: Golden, batch: number): Real => {
  const c = given(set)('c_neg')
  return broadcastTo([batch, ...c.shape])(c)
}
