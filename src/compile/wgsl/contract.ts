/**
 * Contractions: the hand-written kernels, with their holes filled. An operand that is a view of a stored value is read
 * through strides that are given at run time, so that contractions of all sizes share one pipeline; one that is computed
 * replaces the function that reads it.
 */
import { isFloat } from '../../core/DType.ts'
import type { Expr } from '../../core/Expr.ts'
import { RA } from '../../core/fp.ts'
import type { Sizes } from '../../ops/contract.ts'
import { fromLinear } from '../../ops/place.ts'
import { node, type Context, type Kernel, type Value } from './Kernel.ts'
import { specialise, type KernelName } from './kernels.ts'
import { emitFold } from './reduce.ts'
import { inRow, placeOf, productOf, stridedOf, suitsTiles, type Product, type Strided } from './strided.ts'
import { accessorsOf, bindingsOf, callOf, calls, operands, statement, strip, type Operands } from './strip.ts'
import {
  arrayType,
  fourStored,
  preludeOf,
  printBinding,
  printFunction,
  toStored,
  wgslType,
  type Binding,
  type Function
} from './Wgsl.ts'

// operands -------------------------------------------------------------------------------

interface Filled {
  /** The stored value that the operand's own binding holds, if it has one, and the binding's type. */
  readonly bound?: { readonly leaf: Expr; readonly type: string }
  readonly replaced: ReadonlyArray<readonly [name: string, text: string]>
  readonly more: ReadonlyArray<string>
  readonly strided?: Strided
}

const parameters = (names: ReadonlyArray<string>): Function['parameters'] => names.map((name) => [name, 'u32'])

/** The left operand: one element a call. */
const left = (context: Context, { operands: [x], params, sizes }: Product, all: Operands): Filled => {
  const strided = stridedOf(context.stored, x, params.left, { batch: sizes.batch, free: sizes.m, over: sizes.k })
  if (strided !== undefined)
    return { bound: { leaf: strided.leaf, type: 'array<f32>' }, replaced: [], more: [], strided }
  const names = [
    ['z', sizes.batch - 1],
    ['i', sizes.m - 1],
    ['k', sizes.k - 1]
  ] as const
  const inside = strip({
    name: 'elementA',
    width: 1,
    result: 'f32',
    names,
    stored: context.stored,
    compute: (inliner) => inliner.value(x, placeOf(x.shape, params.left, 'z', 'i', 'k')),
    operands: all
  })
  const load: Function = {
    name: 'loadA',
    parameters: parameters(['z', 'start', 'i', 'k']),
    result: 'f32',
    body: [...inside.loads.map(statement), `return ${callOf(inside, 0)};`]
  }
  return { replaced: [['loadA', printFunction(load)]], more: [printFunction(inside.element)] }
}

/** Four columns of the right operand, where they do not lie in a row: those beyond the last repeat it. */
const scattered = `fn loadB(z: u32, start: u32, k: u32, q: u32) -> vec4<f32> {
  let last = sizes.shape.z - 1u;
  let first = start + k * sizes.steps.z;
  return vec4<f32>(
    b[first + min(4u * q, last) * sizes.steps.w],
    b[first + min(4u * q + 1u, last) * sizes.steps.w],
    b[first + min(4u * q + 2u, last) * sizes.steps.w],
    b[first + min(4u * q + 3u, last) * sizes.steps.w]);
}`

/** The right operand: four columns a call. */
const right = (context: Context, { operands: [, y], params, sizes }: Product, all: Operands): Filled => {
  const { batch, n, k } = sizes
  const strided = stridedOf(context.stored, y, params.right, { batch, free: n, over: k })
  if (strided !== undefined)
    return inRow(strided, n)
      ? { bound: { leaf: strided.leaf, type: 'array<vec4<f32>>' }, replaced: [], more: [], strided }
      : { bound: { leaf: strided.leaf, type: 'array<f32>' }, replaced: [['loadB', scattered]], more: [], strided }
  const column = n % 4 === 0 ? '(q * 4u + e)' : `min((q * 4u + e), ${n - 1}u)`
  const inside = strip({
    name: 'elementB',
    width: 4,
    result: 'f32',
    names: [
      ['z', batch - 1],
      ['k', k - 1],
      ['q', Math.ceil(n / 4) - 1]
    ],
    stored: context.stored,
    compute: (inliner) => inliner.value(y, placeOf(y.shape, params.right, 'z', column, 'k')),
    operands: all
  })
  const load: Function = {
    name: 'loadB',
    parameters: parameters(['z', 'start', 'k', 'q']),
    result: 'vec4<f32>',
    body: [...inside.loads.map(statement), `return vec4<f32>(${calls(inside).join(', ')});`]
  }
  return { replaced: [['loadB', printFunction(load)]], more: [printFunction(inside.element)] }
}

// result ---------------------------------------------------------------------------------

const ragged = `fn store(z: u32, i: u32, q: u32, value: vec4<f32>) {
  let n = sizes.shape.z;
  let first = (z * sizes.shape.y + i) * n + 4u * q;
  for (var e = 0u; e < min(4u, n - 4u * q); e++) {
    c[first + e] = value[e];
  }
}`

interface Storing extends Pick<Filled, 'replaced' | 'more'> {
  readonly type: string
}

/** The function that stores four columns of a row, through the epilogue. */
const storing = (context: Context, { core, sizes: { batch, m, n } }: Product, all: Operands): Storing => {
  const { root } = context.group
  const whole = n % 4 === 0
  const type = arrayType(root.dtype, whole ? 4 : 1)
  if (root === core) return { type, replaced: whole ? [] : [['store', ragged]], more: [] }
  const linear = whole ? `(z * ${m * n}u + i * ${n}u + q * 4u + e)` : `(z * ${m * n}u + i * ${n}u + j)`
  const inside = strip({
    name: 'element',
    width: whole ? 4 : 1,
    result: wgslType(root.dtype),
    names: [['z', batch - 1], ['i', m - 1], whole ? ['q', n / 4 - 1] : ['j', n - 1]],
    stored: (x) => x !== root && context.stored(x),
    held: new Map([[core, 'total']]),
    compute: (inliner) => inliner.value(root, fromLinear(root.shape, linear)),
    operands: all
  })
  const held = (_: string, e: number): string => (whole ? `value.${'xyzw'[e]}` : 'value[e]')
  const values = calls(inside, held)
  const loads = inside.loads.map(statement)
  const body = whole
    ? [...loads, `c[(z * ${m}u + i) * ${n / 4}u + q] = ${fourStored(root.dtype, values)};`]
    : [
        `for (var e = 0u; e < min(4u, ${n}u - 4u * q); e++) {`,
        '  let j = 4u * q + e;',
        ...loads.map((line) => `  ${line}`),
        `  c[(z * ${m}u + i) * ${n}u + j] = ${toStored(root.dtype, callOf(inside, 0, held))};`,
        '}'
      ]
  const store: Function = {
    name: 'store',
    parameters: [...parameters(['z', 'i', 'q']), ['value', 'vec4<f32>']],
    result: '',
    body
  }
  return {
    type,
    replaced: [['store', printFunction(store)]],
    more: [printFunction(inside.element)]
  }
}

// kernels --------------------------------------------------------------------------------

const uniformOf = ({ batch, m, n, k }: Sizes, a: Filled, b: Filled): ReadonlyArray<number> => [
  ...[batch, m, n, k],
  ...(a.strided?.batch ?? [1, 0, 0, 0]),
  ...(b.strided?.batch ?? [1, 0, 0, 0]),
  ...[a.strided?.free ?? 0, a.strided?.over ?? 0, b.strided?.over ?? 0, b.strided?.free ?? 0]
]

const boundOf = (name: string, { bound }: Filled): ReadonlyArray<readonly [Binding, Expr]> =>
  bound === undefined ? [] : [[{ name, access: 'read', type: bound.type }, bound.leaf]]

/** The bindings of the kernel, with the names that the module gives them. */
const bind = (a: Filled, b: Filled, c: Storing, all: Operands): ReadonlyArray<readonly [Binding, Expr | undefined]> => [
  ...boundOf('a', a),
  ...boundOf('b', b),
  ...RA.zip(bindingsOf(all), all.nodes),
  [{ name: 'c', access: 'read_write', type: c.type }, undefined],
  [{ name: 'sizes', access: 'uniform', type: 'Sizes' }, undefined]
]

interface Tiling {
  readonly source: KernelName
  readonly rows: number
  readonly columns: number
  readonly constants: ReadonlyArray<readonly [string, string]>
}

const tiling = ({ schedule, lanes }: Context['target'], { n }: Sizes, a: Filled): Tiling => {
  if (schedule === 'tile' || ![4, 8, 16].includes(lanes))
    return {
      source: 'contractTile',
      rows: 64,
      columns: 64,
      constants: [['ALONG_K', `const ALONG_K = ${a.strided?.free !== 1};`]]
    }
  const quads = n > 4 * lanes ? 2 : 1
  return {
    source: 'contractSubgroup',
    rows: 16,
    columns: 4 * quads * lanes,
    constants: [
      ['LANES', `const LANES = ${lanes}u;`],
      ['QUADS', `const QUADS = ${quads}u;`]
    ]
  }
}

const tiled = (context: Context, product: Product): Kernel => {
  const { root } = context.group
  const { sizes } = product
  const all = operands()
  const a = left(context, product, all)
  const b = right(context, product, all)
  const c = storing(context, product, all)
  const { source, rows, columns, constants } = tiling(context.target, sizes, a)
  const bindings = bind(a, b, c, all)
  const absent = [...(a.bound === undefined ? ['a', 'startA'] : []), ...(b.bound === undefined ? ['b', 'startB'] : [])]
  const starts: ReadonlyArray<readonly [string, string]> = [
    ...(a.bound === undefined ? [['startA', 'fn startA(z: u32) -> u32 { return 0u; }'] as const] : []),
    ...(b.bound === undefined ? [['startB', 'fn startB(z: u32) -> u32 { return 0u; }'] as const] : [])
  ]
  const replaced = new Map<string, string>([
    ...constants,
    ...absent.map((name) => [name, ''] as const),
    ...starts,
    ...bindings
      .filter(([{ name }]) => 'a b c sizes'.split(' ').includes(name))
      .map(
        ([binding]) =>
          [
            binding.name,
            printBinding(
              binding,
              bindings.findIndex(([x]) => x === binding)
            )
          ] as const
      ),
    ...a.replaced,
    ...b.replaced,
    ...c.replaced
  ])
  const extra = bindings.flatMap(([binding], i) => (/^x\d+$/.test(binding.name) ? [printBinding(binding, i)] : []))
  const functions = [...accessorsOf(all).map(printFunction), ...a.more, ...b.more, ...c.more]
  const more = [...extra, ...preludeOf([...functions, ...replaced.values()].join('\n')), ...functions]
  const reads = bindings.flatMap(([, leaf]): ReadonlyArray<Value> => (leaf === undefined ? [] : [node(leaf)]))
  return {
    wgsl: specialise(context.sources[source], replaced, more),
    reads,
    writes: [node(root)],
    uniform: uniformOf(sizes, a, b),
    workgroups: [Math.ceil(sizes.m / rows), Math.ceil(sizes.n / columns), sizes.batch],
    label: context.label
  }
}

/** As a fold of products, one element a thread. */
const folded = (context: Context, { core, operands: [x, y], params, sizes: { m, n, k } }: Product) =>
  emitFold(context, {
    core,
    count: k,
    identity: isFloat(core.dtype) ? '0.0' : '0',
    combine: (a, b) => `(${a} + ${b})`,
    body: ({ value }, o, over) => {
      const z = `(${o} / ${m * n}u)`
      const a = value(x, placeOf(x.shape, params.left, z, `((${o} / ${n}u) % ${m}u)`, over))
      const b = value(y, placeOf(y.shape, params.right, z, `(${o} % ${n}u)`, over))
      return `(${a} * ${b})`
    }
  })

export const emitContract = (context: Context): ReadonlyArray<Kernel> => {
  const product = productOf(context.group.core)
  return suitsTiles(product) ? [tiled(context, product)] : folded(context, product)
}
