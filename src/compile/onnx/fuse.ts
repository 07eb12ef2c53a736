/** A product of matrices that is multiplied by a number afterwards does so itself: onnxruntime's products take a factor. */
import type { OnnxAttribute } from '../../core/Lowering.ts'
import type { OnnxConstant, OnnxNode } from './model.ts'

/** The nodes of a graph by what they make, and how often each value is used. */
interface Uses {
  readonly makers: ReadonlyMap<string, OnnxNode>
  readonly counts: ReadonlyMap<string, number>
  readonly numbers: ReadonlyMap<string, number>
}

/** A product and what stands between it and its factor. */
interface Scaled {
  readonly product: OnnxNode
  readonly reshape: OnnxNode | undefined
  readonly factor: number
}

const products = ['Gemm', 'MatMul', 'FusedMatMul']

/** Scalars of `f32`, by name. */
const numbersOf = (constants: ReadonlyArray<OnnxConstant>): ReadonlyMap<string, number> =>
  new Map(
    constants.flatMap(({ name, type, shape, data }) =>
      type === 'f32' && shape.length === 0
        ? [[name, new DataView(data.buffer, data.byteOffset).getFloat32(0, true)] as const]
        : []
    )
  )

const usesOf = (
  nodes: ReadonlyArray<OnnxNode>,
  constants: ReadonlyArray<OnnxConstant>,
  outputs: ReadonlyArray<string>
): Uses => {
  const counts = new Map<string, number>() // local
  for (const name of [...outputs, ...nodes.flatMap(({ inputs }) => inputs)])
    counts.set(name, (counts.get(name) ?? 0) + 1)
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)))
  return { makers, counts, numbers: numbersOf(constants) }
}

/** What makes a value, where nobody else uses it. */
const soleMaker = ({ makers, counts }: Uses, name: string | undefined): OnnxNode | undefined =>
  name !== undefined && counts.get(name) === 1 ? makers.get(name) : undefined

const scaledProduct = (uses: Uses, { op, inputs }: OnnxNode): Scaled | undefined => {
  const [, factor] = op === 'Mul' ? inputs.map((name) => uses.numbers.get(name)) : []
  if (factor === undefined) return undefined
  const maker = soleMaker(uses, inputs[0])
  const reshape = maker?.op === 'Reshape' ? maker : undefined
  const product = reshape === undefined ? maker : soleMaker(uses, reshape.inputs[0])
  // A third operand of a product would not be multiplied.
  return product !== undefined && products.includes(product.op) && product.inputs.length === 2
    ? { product, reshape, factor }
    : undefined
}

const alphaOf = ({ attributes }: OnnxNode): number => {
  const alpha: OnnxAttribute | undefined = attributes['alpha']
  return typeof alpha === 'object' && 'float' in alpha ? alpha.float : 1
}

/** The product with its factor, under the name of what it was multiplied to. */
const merged = ({ product, reshape, factor }: Scaled, { outputs }: OnnxNode): ReadonlyArray<OnnxNode> => {
  const attributes = { ...product.attributes, alpha: { float: alphaOf(product) * factor } }
  const plain = product.op === 'MatMul' ? { op: 'FusedMatMul', domain: 'com.microsoft' } : {}
  const made = { ...product, ...plain, attributes }
  return reshape === undefined ? [{ ...made, outputs }] : [made, { ...reshape, outputs }]
}

/** The same graph with factors in its products. */
export const fuse = (
  nodes: ReadonlyArray<OnnxNode>,
  constants: ReadonlyArray<OnnxConstant>,
  outputs: ReadonlyArray<string>
): ReadonlyArray<OnnxNode> => {
  const uses = usesOf(nodes, constants, outputs)
  const found = new Map(nodes.flatMap((node) => [[node, scaledProduct(uses, node)] as const]))
  const gone = new Set([...found.values()].flatMap((it) => (it === undefined ? [] : [it.product, it.reshape])))
  return nodes.flatMap((node) => {
    const scaled = found.get(node)
    return scaled !== undefined ? merged(scaled, node) : gone.has(node) ? [] : [node]
  })
}
