/** Cases of the official Wan2.1 networks: outputs, activations, gradients and the pushforward of the transformer. */
import { exprs } from '../../src/autodiff/grad.ts'
import { jvp } from '../../src/autodiff/jvp.ts'
import { vjp } from '../../src/autodiff/vjp.ts'
import { input, literal, type Expr } from '../../src/core/Expr.ts'
import { range, size } from '../../src/core/Shape.ts'
import { generate, map, type Tensor } from '../../src/core/Tensor.ts'
import { blockParts, states, type Site } from '../../src/nn/block.ts'
import {
  dit,
  ditDefaults,
  ditParameters,
  enter,
  headTokens,
  textEmbedding,
  timeEmbedding,
  timeProjection,
  type DitConfig,
  type DitParams
} from '../../src/nn/dit.ts'
import { inputsOf, type Real } from '../../src/nn/params.ts'
import { patchEmbedding, type Patch } from '../../src/nn/patch.ts'
import { assemble, raggedDit } from '../../src/nn/ragged.ts'
import { pairsOf, ropeRate, rotate, rotationOf, type Grid } from '../../src/nn/rope.ts'
import { timeFeatures, timeRates, type Time } from '../../src/nn/time.ts'
import { add, concat, constant, mul, pad, reshape, sum, transpose } from '../../src/ops/api.ts'
import { expectedOf, onHost, type Adapter, type Case, type Precision, type Tensors } from './case.ts'

type Named = Readonly<Record<string, Expr>>

const float64 = (tensors: Tensors, name: string): Float64Array => Float64Array.from(tensors.get(name)?.data ?? [])

const inputLike = (tensors: Tensors, name: string): Real => input(name, 'f32', tensors.get(name)?.shape ?? [])

// the transformer ------------------------------------------------------------------------

interface DitCase {
  readonly case: number
  readonly batch: number
  readonly seq_len: number
  readonly grid_after_patch: ReadonlyArray<Grid>
  readonly about: string
}

interface DitManifest {
  readonly config: Readonly<Record<string, number>> & { readonly patch_size: Patch; readonly text_len: number }
  readonly cases: ReadonlyArray<DitCase>
  readonly tensors: Readonly<Record<string, Precision>>
}

const configOf = ({ config }: DitManifest): DitConfig => ({
  ...ditDefaults,
  dim: config['dim'] ?? 0,
  heads: config['num_heads'] ?? 0,
  ffn: config['ffn_dim'] ?? 0,
  frequencies: config['freq_dim'] ?? 0,
  textDim: config['text_dim'] ?? 0,
  layers: config['num_layers'] ?? 0,
  channels: config['in_dim'] ?? 0,
  outChannels: config['out_dim'] ?? 0,
  patch: config.patch_size,
  epsilon: config['eps'] ?? 0
})

/** The operands of a case, as inputs of a program. */
interface Operands {
  readonly clips: ReadonlyArray<Real>
  readonly contexts: ReadonlyArray<Real>
  /** All contexts, filled up with zeros. */
  readonly context: Real
  readonly time: Time
  /** `[batch, frequencies]`: what a unit of the model's time, 1000 of which are one of flow time, changes. */
  readonly rates: Real
}

const operandsOf = (manifest: DitManifest, tensors: Tensors, { case: i, batch }: DitCase): Operands => {
  const { frequencies } = configOf(manifest)
  const contexts = range(batch).map((j) => inputLike(tensors, `case${i}.context.${j}`))
  const filled = contexts.map((x) => {
    const row = pad([
      [0, manifest.config.text_len - (x.shape[0] ?? 0)],
      [0, 0]
    ])(x)
    return reshape([1, ...row.shape])(row)
  })
  const t = float64(tensors, `case${i}.t`).map((value) => value / 1000)
  const rates = map(timeRates(t, frequencies), (value) => value / 1000)
  return {
    clips: range(batch).map((j) => inputLike(tensors, `case${i}.x.${j}`)),
    contexts,
    context: concat(0)(filled),
    time: { value: constant([batch], t), features: input(`case${i}.features`, 'f32', [batch, frequencies]) },
    rates: literal(rates) as Real
  }
}

/** One grid for the whole batch, which then is one clip tensor. */
const isEven = ({ grid_after_patch: grids, seq_len }: DitCase): boolean =>
  grids.every((grid) => String(grid) === String(grids[0]) && size(grid) === seq_len)

const batched = (x: Real): Real => reshape([1, ...x.shape])(x)

const outputsOf = (config: DitConfig, params: DitParams, row: DitCase, operands: Operands): ReadonlyArray<Real> => {
  const { clips, time, context } = operands
  if (!isEven(row)) return raggedDit(config)(params, clips, time, context, row.seq_len)
  const out = dit(config)(params, concat(0)(clips.map(batched)), time, context)
  return clips.map((x) => reshape([config.outChannels, ...x.shape.slice(1)])(out))
}

/** What the blocks of a case read, as the network builds it. */
const siteOf = (config: DitConfig, params: DitParams, row: DitCase, operands: Operands): Site & { tokens: Real } => {
  const { clips, time, context } = operands
  if (isEven(row)) {
    const { site, tokens } = enter(config)(params, concat(0)(clips.map(batched)), time, context)
    return { ...site, tokens }
  }
  const { tokens, rotation, bias } = assemble(config)(params, clips, row.seq_len)
  const modulation = timeProjection(params, timeEmbedding(params, time))
  return { tokens, rotation, bias, modulation, text: textEmbedding(params, context) }
}

const activations = (config: DitConfig, params: DitParams, row: DitCase, operands: Operands): Named => {
  const { tokens, ...site } = siteOf(config, params, row, operands)
  const e = timeEmbedding(params, operands.time)
  const after = states(config)(params.blocks, tokens, site)
  const first = blockParts(config)(params.blocks[0] as DitParams['blocks'][0], tokens, site)
  const convolved = operands.clips.map((x, j) => {
    const embedded = patchEmbedding(config.patch)(params.patch_embedding, batched(x))
    return reshape([1, config.dim, ...(row.grid_after_patch[j] ?? [])])(transpose([0, 2, 1])(embedded))
  })
  return {
    ...Object.fromEntries(convolved.map((x, j) => [`patch_embedding.${j}`, x])),
    ...Object.fromEntries(after.map((x, b) => [`block.${b}`, x])),
    tokens,
    time_e: e,
    time_e0: site.modulation,
    text_embedding: site.text,
    head: headTokens(config)(params.head, after.at(-1) ?? tokens, e),
    'block0.norm1': first.norm1,
    'block0.self_attn': first.selfAttention.output,
    'block0.self_attn.norm_q': first.selfAttention.query,
    'block0.self_attn.norm_k': first.selfAttention.key,
    'block0.self_attn.q_rope': first.selfAttention.turnedQuery,
    'block0.self_attn.k_rope': first.selfAttention.turnedKey,
    'block0.norm3': first.norm3,
    'block0.cross_attn': first.crossAttention.output,
    'block0.norm2': first.norm2,
    'block0.ffn': first.ffn
  }
}

const gradients = (params: DitParams, operands: Operands, loss: Real): Named => {
  const named = exprs.flatten(params)
  const { clips, contexts, time, rates } = operands
  const wrt = [...named.map(([, x]) => x), ...clips, ...contexts, time.features]
  const pulled = vjp([loss], wrt)([constant([], [1])])
  const at = (i: number): Real => pulled[i] as Real
  const behind = named.length
  return {
    ...Object.fromEntries(named.map(([name], i) => [`param.${name}`, at(i)])),
    ...Object.fromEntries(clips.map((_, j) => [`x.${j}`, at(behind + j)])),
    ...Object.fromEntries(contexts.map((_, j) => [`context.${j}`, at(behind + clips.length + j)])),
    t: sum([1])(mul(at(wrt.length - 1), rates))
  }
}

/** The weighted sum of all outputs, whose gradients are stored. */
const lossOf = (tensors: Tensors, i: number, outputs: ReadonlyArray<Real>): Real =>
  outputs
    .map((out, j) => sum('all')(mul(out, inputLike(tensors, `case${i}.loss_weight.${j}`))))
    .reduce((a, b) => add(a, b))

const pushed = (tensors: Tensors, i: number, { clips, time, rates }: Operands, outputs: ReadonlyArray<Real>): Named => {
  const dt = reshape([-1, 1])(inputLike(tensors, `case${i}.jvp.dt`))
  const dx = clips.map((_, j) => inputLike(tensors, `case${i}.jvp.dx.${j}`))
  const tangents = jvp(outputs, [...clips, time.features])([...dx, mul(rates, dt)])
  return Object.fromEntries(tangents.map((tangent, j) => [`out.${j}`, tangent]))
}

const prefixed = (prefix: string, outputs: Named): Named =>
  Object.fromEntries(Object.entries(outputs).map(([name, x]) => [`${prefix}${name}`, x]))

/** Everything that a case might store; what it does store is compared. */
const computed = (manifest: DitManifest, tensors: Tensors, row: DitCase): Named => {
  const config = configOf(manifest)
  const i = row.case
  const params = inputsOf(ditParameters(config), 'param')
  const operands = operandsOf(manifest, tensors, row)
  const outputs = outputsOf(config, params, row, operands)
  const loss = tensors.has(`case${i}.loss`) ? lossOf(tensors, i, outputs) : undefined
  return {
    ...prefixed(`case${i}.out.`, Object.fromEntries(outputs.map((x, j) => [String(j), x]))),
    ...prefixed(`case${i}.act.`, activations(config, params, row, operands)),
    ...(loss === undefined ? {} : { [`case${i}.loss`]: loss }),
    ...(loss === undefined ? {} : prefixed(`case${i}.grad.`, gradients(params, operands, loss))),
    ...(tensors.has(`case${i}.jvp.dt`) ? prefixed(`case${i}.jvp.`, pushed(tensors, i, operands, outputs)) : {})
  }
}

/** The tensors of a case that were computed: those that the manifest gives a precision. Others are operands. */
const outputNames = ({ tensors }: DitManifest, { case: i }: DitCase): ReadonlyArray<string> =>
  Object.entries(tensors).flatMap(([name, { err64 }]) =>
    err64 !== undefined && name.startsWith(`case${i}.`) ? [name] : []
  )

const ditCase = (manifest: DitManifest, tensors: Tensors, row: DitCase): Case => {
  const names = outputNames(manifest, row)
  const all = computed(manifest, tensors, row)
  const t = float64(tensors, `case${row.case}.t`).map((value) => value / 1000)
  const features = timeFeatures(t, configOf(manifest).frequencies)
  return {
    name: `case ${row.case}, ${row.about}`,
    outputs: Object.fromEntries(names.flatMap((name) => (name in all ? [[name, all[name] as Expr]] : []))),
    inputs: new Map([...tensors, [`case${row.case}.features`, features]]),
    expected: expectedOf(names, tensors, manifest.tensors)
  }
}

export const transformer: Adapter = (manifest, tensors) => {
  const own = manifest as unknown as DitManifest
  return own.cases.map((row) => ditCase(own, tensors, row))
}

// embeddings -----------------------------------------------------------------------------

interface EmbeddingsManifest {
  readonly cases: {
    readonly sinusoid: ReadonlyArray<{ readonly dim: number; readonly tensor: string }>
    readonly rope_params: ReadonlyArray<{ readonly max_seq_len: number; readonly dim: number; readonly tensor: string }>
    readonly rope_table: ReadonlyArray<{ readonly head_dim: number; readonly rows: ReadonlyArray<number> }>
    readonly rope_apply: ReadonlyArray<{
      readonly index: number
      readonly grid_sizes_FHW: ReadonlyArray<Grid>
      readonly L: number
      readonly head_dim: number
    }>
  }
  readonly tensors: Readonly<Record<string, Precision>>
}

/** Cosine and sine of a ladder of angles at some positions, `[positions, pairs, 2]`. */
const turns = (positions: ReadonlyArray<number>, rates: ReadonlyArray<number>): Tensor =>
  generate('f32', [positions.length, rates.length, 2], (i) => {
    const pair = Math.floor(i / 2)
    const angle = (positions[Math.floor(pair / rates.length)] ?? NaN) * (rates[pair % rates.length] ?? NaN)
    return i % 2 === 0 ? Math.cos(angle) : Math.sin(angle)
  })

const hostTables = ({ cases }: EmbeddingsManifest, tensors: Tensors): Tensors => {
  const positions = float64(tensors, 'sinusoid.position').map((position) => position / 1000)
  const ladder = (pairs: number): ReadonlyArray<number> => range(pairs).map((k) => ropeRate(pairs, k))
  return new Map<string, Tensor>([
    ...cases.sinusoid.map(({ dim, tensor: name }) => [name, timeFeatures(positions, dim)] as const),
    ...cases.rope_params.map(
      ({ max_seq_len, dim, tensor: name }) => [name, turns(range(max_seq_len), ladder(dim / 2))] as const
    ),
    ...cases.rope_table.map(
      ({ head_dim, rows }) =>
        [`rope_table.head_dim${head_dim}`, turns(rows, pairsOf(head_dim).flatMap(ladder))] as const
    )
  ])
}

const ropeCase = (
  { tensors: precision }: EmbeddingsManifest,
  tensors: Tensors,
  { index, grid_sizes_FHW: grids, L, head_dim }: EmbeddingsManifest['cases']['rope_apply'][number]
): Case => {
  const at = (name: string): string => `rope_apply.${index}.${name}`
  const x = inputLike(tensors, at('x'))
  const out = rotate(rotationOf(head_dim, grids, L))(x)
  const [gradient = out] = vjp([out], [x])([inputLike(tensors, at('loss_weight'))])
  return {
    name: `rope_apply ${index}`,
    outputs: { [at('out')]: out, [at('grad.x')]: gradient },
    inputs: tensors,
    expected: expectedOf([at('out'), at('grad.x')], tensors, precision)
  }
}

export const embeddings: Adapter = (manifest, tensors) => {
  const own = manifest as unknown as EmbeddingsManifest
  const tables = hostTables(own, tensors)
  return [
    onHost('tables of angles', () => tables, expectedOf(tables.keys(), tensors, own.tensors)),
    ...own.cases.rope_apply.map((row) => ropeCase(own, tensors, row))
  ]
}

// the set --------------------------------------------------------------------------------

/** Adapters by the network that a manifest says its numbers are of. */
const adapters: ReadonlyArray<readonly [what: RegExp, adapter: Adapter]> = [
  [/^WanModel\b/, transformer],
  [/\brope_apply\b/, embeddings]
]

/** All files of the set; those of networks that are not built are skipped by name. */
export const wan: Adapter = (manifest, tensors) => {
  const what = String(manifest['what'])
  const [, adapter] = adapters.find(([network]) => network.test(what)) ?? []
  return adapter?.(manifest, tensors) ?? [{ name: 'all', skip: `not built: ${what.split(/[:(]/)[0]?.trim() ?? ''}` }]
}
