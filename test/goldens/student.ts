/** One call of the student: backbone, embeddings of the inner times, the three fusions, the head, and the plain network. */
import { input, type Expr } from '../../src/core/Expr.ts'
import { dit, ditDefaults, ditParameters, timeEmbedding, type DitConfig } from '../../src/nn/dit.ts'
import { perceptron } from '../../src/nn/linear.ts'
import { inputsFor, inputsOf, named, type Real } from '../../src/nn/params.ts'
import type { Patch } from '../../src/nn/patch.ts'
import { times } from '../../src/nn/time.ts'
import { silu } from '../../src/ops/api.ts'
import {
  fused,
  student,
  studentExtras,
  type Fusion,
  type StudentConfig,
  type StudentParams
} from '../../src/tmd/student.ts'
import { expectedOf, type Adapter, type Precision, type Tensors } from './case.ts'

/** The fields of the set's manifests that say what the networks are. */
export interface NetworksConfig {
  readonly dim: number
  readonly num_heads: number
  readonly ffn_dim: number
  readonly freq_dim: number
  readonly text_dim: number
  readonly num_layers: number
  readonly channels: number
  readonly patch: Patch
  readonly gate_logit: number
}

export const ditOf = (config: NetworksConfig): DitConfig => ({
  ...ditDefaults,
  dim: config.dim,
  heads: config.num_heads,
  ffn: config.ffn_dim,
  frequencies: config.freq_dim,
  textDim: config.text_dim,
  layers: config.num_layers,
  channels: config.channels,
  outChannels: config.channels,
  patch: config.patch
})

export const studentOf = (config: NetworksConfig, headBlocks: number, fusion: Fusion): StudentConfig => ({
  dit: ditOf(config),
  headBlocks,
  fusion,
  gate: config.gate_logit
})

/** A student's parameters as inputs, under the names of `networks.safetensors`. */
export const studentInputs = (config: StudentConfig): StudentParams => ({
  ...inputsOf(ditParameters(config.dit), 'student'),
  ...inputsOf(studentExtras(config), 'student')
})

/** The cases of `student.safetensors` that are one call, given the tensors of `networks.safetensors`. */
export const studentHead =
  (networks: Tensors): Adapter =>
  (manifest, tensors) => {
    const config = manifest['config'] as NetworksConfig
    const precision = manifest['tensors'] as Readonly<Record<string, Precision>>
    const heads = Object.keys(precision).flatMap((name) => {
      const [, blocks, fusion] = /^H(\d+)\.(\w+)\.head\.out$/.exec(name) ?? []
      return blocks === undefined ? [] : [{ headBlocks: Number(blocks), fusion: fusion as Fusion }]
    })
    const given = (name: string): Real => input(name, 'f32', tensors.get(name)?.shape ?? [])
    const at = (name: string): Float64Array => Float64Array.from(tensors.get(name)?.data ?? [])
    const step = at('s').map((s, i) => s - (at('r')[i] ?? NaN))
    const hosted = {
      t: times(at('t'), config.freq_dim),
      s: times(at('s'), config.freq_dim),
      step: times(step, config.freq_dim)
    }
    const { t, s, step: length } = inputsFor(hosted, 'time')
    const params = studentInputs(studentOf(config, 1, 'gated'))
    const features = (headBlocks: number): Real =>
      student(studentOf(config, headBlocks, 'gated')).backbone(params, given('x_t'), t, given('c'))
    const outputs: Readonly<Record<string, Expr>> = {
      e_s: timeEmbedding(params, s),
      e_delta: perceptron(silu)(params.delta_embedding, length.features),
      'plain.v': dit(ditOf(config))(params, given('x_t'), t, given('c')),
      ...Object.fromEntries(
        heads.flatMap(({ headBlocks, fusion }) => {
          const m = features(headBlocks)
          const one = studentOf(config, headBlocks, fusion)
          const own = studentInputs(one)
          const name = `H${headBlocks}.${fusion}.head`
          return [
            [`H${headBlocks}.m`, m],
            [`${name}.z`, fused(one)(own, m, given('y_s'), s)],
            [`${name}.out`, student(one).head(own, m, given('y_s'), s, length, given('c'))]
          ]
        })
      )
    }
    return [
      {
        name: 'one call of the student',
        outputs,
        inputs: new Map([...networks, ...tensors, ...named(hosted, 'time')]),
        expected: expectedOf(Object.keys(outputs), tensors, precision)
      }
    ]
  }
