/**
 * The student of Transition Matching Distillation: a teacher cut in two. The backbone is its first blocks, run once for
 * an outer time `t`, and gives main features `m`. The flow head is its last blocks with a fusion before them, run many
 * times: it reads `m` and an inner state `y_s`, and predicts the inner target `y` for the step from `s` to `r`.
 *
 * The head knows the inner times through `e(s) + e_Δ(s − r)`: the teacher's embedding of `s`, and one of its own for the
 * length of the step. It knows `t` through `m` alone.
 *
 * Laws: `test/tmd/student.test.ts` (begins as the teacher), `test/goldens/student.ts`.
 * Source: Nie et al. 2026 (arXiv 2601.09881), section 3, App. B.3.
 */
import { normal, type Key } from '../core/Key.ts'
import type { Tensor } from '../core/Tensor.ts'
import { rows, table, through, type Site } from '../nn/block.ts'
import { demand } from '../nn/check.ts'
import {
  clipFor,
  enter,
  leave,
  placed,
  textEmbedding,
  textFor,
  timeEmbedding,
  timeFor,
  timeProjection,
  type DitConfig,
  type DitParams
} from '../nn/dit.ts'
import { linear, linearInit, perceptron, perceptronInit, type Linear, type Perceptron } from '../nn/linear.ts'
import { modulate } from '../nn/norm.ts'
import { drawn, filled, zeros, type Parameter, type Real } from '../nn/params.ts'
import { gridOf, patchEmbedding } from '../nn/patch.ts'
import type { Time } from '../nn/time.ts'
import { add, concat, geluTanh, mul, narrow, neg, normalise, offset, sigmoid, silu, tanh } from '../ops/api.ts'

// model ----------------------------------------------------------------------------------

/**
 * How main features and the inner state become the head's tokens, with `h` the embedded inner state:
 * - `gated`: `(1 − g) m + g h`, `g = σ(a)`, `h` rewritten by a modulated perceptron
 * - `add`: `m + g h`, `g = tanh(a)`, likewise
 * - `concat`: `W [m; h] + b`
 */
export type Fusion = 'gated' | 'add' | 'concat'

export interface StudentConfig {
  readonly dit: DitConfig
  /** Blocks of the flow head, `H` of the teacher's `L`. */
  readonly headBlocks: number
  readonly fusion: Fusion
  /** The logit `a` of the gate when training begins. `add` with 0 begins exactly as the teacher. */
  readonly gate: number
}

export const studentDefaults: Pick<StudentConfig, 'fusion' | 'gate'> = { fusion: 'gated', gate: -6 }

/** Parameters of a fusion: of `gated` and `add` all but `proj`, of `concat` that alone. */
export interface FusionParams<A = Real> {
  /** `[1]`, the gate's logit. */
  readonly gate?: A
  /** `[1, 3, dim]`: shift, scale, gate; added to the perceptron's part of the time. */
  readonly modulation?: A
  readonly ffn?: Perceptron<A>
  /** `[dim, 2 dim]`, main features first. */
  readonly proj?: Linear<A>
}

/** A teacher's parameters, with those that a student has more. */
export interface StudentParams<A = Real> extends DitParams<A> {
  /** Of the length of a step. */
  readonly delta_embedding: Perceptron<A>
  readonly fusion: FusionParams<A>
}

/** The two halves, as functions. */
export interface Student {
  /**
   * Main features, `[batch, tokens, dim]`, before any last norm.
   *
   * - `x` `[batch, channels, frames, height, width]` at the outer time `t`; `context` `[batch, text, textDim]`
   */
  readonly backbone: (params: StudentParams, x: Real, t: Time, context: Real) => Real
  /**
   * The inner target that the head predicts, as `y`.
   *
   * - `m` main features; `y` `[batch, channels, frames, height, width]` at the inner time `s`
   * - `step` is `s − r`, its features made of the difference itself
   */
  readonly head: (params: StudentParams, m: Real, y: Real, s: Time, step: Time, context: Real) => Real
}

// parameters -----------------------------------------------------------------------------

type Extra<A> = Omit<StudentParams<A>, keyof DitParams>

/** `[I | N(0, 0.01²)]`: main features pass, the inner state is barely seen. */
const passing = ([output, input]: readonly [number, number]): Parameter => ({
  shape: [output, input],
  draw: (key) =>
    normal(key, output * input).map((value, i) => {
      const column = i % input
      return column < output ? Number(column === Math.floor(i / input)) : 0.01 * value
    })
})

const fusionInit = ({ dit: { dim, ffn }, fusion, gate }: StudentConfig): FusionParams<Parameter> =>
  fusion === 'concat'
    ? { proj: linearInit(2 * dim, dim, passing) }
    : { gate: filled(gate)([1]), modulation: table(3, dim), ffn: perceptronInit(dim, ffn, dim) }

/** Only the last layer is zero: were both, neither would ever get a gradient. */
const deltaInit = ({ dit: { dim, frequencies } }: StudentConfig): Perceptron<Parameter> => ({
  0: linearInit(frequencies, dim),
  2: linearInit(dim, dim, zeros)
})

/** The parameters that a student has and its teacher has not, without numbers. */
export const studentExtras = (config: StudentConfig): Extra<Parameter> => ({
  delta_embedding: deltaInit(config),
  fusion: fusionInit(config)
})

/** A student that begins as its teacher: its parameters copied, and numbers for those it has more. */
export const initStudent =
  (config: StudentConfig) =>
  (teacher: DitParams<Tensor>, key: Key): StudentParams<Tensor> => ({
    ...teacher,
    ...drawn(studentExtras(config))(key)
  })

// fusion ---------------------------------------------------------------------------------

/** The inner state's tokens, rewritten under the time `s` as the perceptron of a block would. */
const written = ({ epsilon }: DitConfig, ffn: Perceptron, modulation: Real, h: Real): Real => {
  const [shift, scale, gate] = rows(3)(modulation) as readonly [Real, Real, Real]
  return add(h, mul(perceptron(geluTanh)(ffn, modulate(normalise(epsilon)(h), shift, scale)), gate))
}

const lacking = (fusion: Fusion, m: Real): Real =>
  demand('student', `the parameters are not those of the fusion '${fusion}'`)(m)

/** The head's tokens, of main features, embedded inner state, and `[batch, 6, dim]` of the time `s` alone. */
export const fuse =
  ({ dit, fusion }: StudentConfig) =>
  ({ gate, modulation, ffn, proj }: FusionParams, m: Real, h: Real, ofS: Real): Real => {
    if (fusion === 'concat') return proj === undefined ? lacking(fusion, m) : linear(proj, concat(2)([m, h]))
    if (gate === undefined || modulation === undefined || ffn === undefined) return lacking(fusion, m)
    const rewritten = written(dit, ffn, add(narrow(1, 3, 6)(ofS), modulation), h)
    if (fusion === 'add') return add(m, mul(rewritten, tanh(gate)))
    const g = sigmoid(gate)
    return add(mul(m, offset(1)(neg(g))), mul(rewritten, g))
  }

// the two halves -------------------------------------------------------------------------

/** `e(s) + e_Δ(s − r)`, `[batch, dim]`. */
export const headTime = ({ dit }: StudentConfig, params: StudentParams, s: Time, step: Time): Real => {
  const delta = perceptron(silu)(params.delta_embedding, timeFor(dit, step, s.features.shape[0] ?? NaN).features)
  return add(timeEmbedding(params, s), delta)
}

const backbone =
  ({ dit, headBlocks }: StudentConfig): Student['backbone'] =>
  (params, x, t, context) => {
    const { tokens, site } = enter(dit)(params, x, t, context)
    return through(dit)(params.blocks.slice(0, dit.layers - headBlocks), tokens, site)
  }

/** The head's tokens after the fusion: what its blocks read. */
export const fused =
  (config: StudentConfig) =>
  (params: StudentParams, m: Real, y: Real, s: Time): Real => {
    const h = patchEmbedding(config.dit.patch)(params.patch_embedding, clipFor(config.dit, y))
    const e = timeEmbedding(params, timeFor(config.dit, s, y.shape[0] ?? 1))
    return fuse(config)(params.fusion, m, h, timeProjection(params, e))
  }

const head =
  (config: StudentConfig): Student['head'] =>
  (params, m, y, s, step, context) => {
    const { dit, headBlocks } = config
    const e = headTime(config, params, s, step)
    const grid = gridOf(y, dit.patch)
    const site: Site = {
      modulation: timeProjection(params, e),
      text: textEmbedding(params, textFor(dit, context, y.shape[0] ?? 1)),
      rotation: placed(dit, grid)
    }
    const tokens = fused(config)(params, m, y, s)
    return leave(dit)(params.head, through(dit)(params.blocks.slice(dit.layers - headBlocks), tokens, site), e, grid)
  }

/** A student of this configuration: two functions of its parameters. */
export const student = (config: StudentConfig): Student => ({ backbone: backbone(config), head: head(config) })
