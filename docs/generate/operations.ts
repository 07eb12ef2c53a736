/** The page of operations: everything that a record says, as a reader wants it. The measured part comes from a file. */
import { apply, input, isApply, type Params } from '../../src/core/Expr.ts'
import { program } from '../../src/compile/Program.ts'
import { emit } from '../../src/compile/onnx/emit.ts'
import { E } from '../../src/core/fp.ts'
import type { Example, Op } from '../../src/core/Op.ts'
import { isFloat } from '../../src/core/DType.ts'
import type { Measured, Precision } from './precision.ts'
import { constructors, typeNames, type Constructor } from './signatures.ts'

// cells ----------------------------------------------------------------------------------

const code = (text: string): string => `\`${text}\``

const paramsText = (params: Params): string =>
  Object.keys(params).length === 0
    ? ''
    : ` ${JSON.stringify(params)
        .replace(/"(\w+)":/g, '$1: ')
        .replace(/,/g, ', ')}`

const typeText = ({ dtype, shape }: { readonly dtype: string; readonly shape: ReadonlyArray<number> }): string =>
  `${dtype}[${shape.join(',')}]`

/** `f32[2,3] {axes: [1]} → f32[2]`. */
const typing =
  (op: Op) =>
  ({ inputs, params }: Example<Params>): string => {
    const type = op.typing(inputs, params)
    return `${inputs.map(typeText).join(', ')}${paramsText(params)} → ${'_tag' in type ? type._tag : typeText(type)}`
  }

const rangeOf = ({ inputs }: Example<Params>): string =>
  inputs
    .map(({ dtype, min, max, apart }) =>
      dtype === 'bool'
        ? 'bool'
        : `${isFloat(dtype) ? '' : `${dtype} `}[${min}, ${max}]${apart === undefined ? '' : ', no two alike'}`
    )
    .join(' × ')

const domain = (op: Op): string => [...new Set(op.examples.map(rangeOf))].filter((text) => text !== '').join(' or ')

// gradients and targets --------------------------------------------------------------------

const isSmooth = (op: Op): boolean =>
  op.examples.some((example) => {
    const type = op.typing(example.inputs, example.params)
    return !('_tag' in type) && isFloat(type.dtype) && example.inputs.some(({ dtype }) => isFloat(dtype))
  })

const gradient = (op: Op): string => {
  if (!isSmooth(op)) return 'none: no floating operand moves a floating result'
  const [backward, forward] = [op.vjp, op.jvp].map((rule) => (rule === 'derived' ? 'derived' : 'a rule'))
  return backward === forward ? `${backward} in both modes` : `reverse mode: ${backward}; forward mode: ${forward}`
}

const kernels = { Map: 'a map, fused into its neighbours', Reduce: 'a fold', Contract: 'the contraction kernel' }

const onWgsl = (op: Op): string => (op.wgsl === 'derived' ? 'expanded' : kernels[op.wgsl._tag])

/** The nodes that one example becomes, in the order of their names. */
const onOnnx = (op: Op): string => {
  const [example] = op.examples
  if (op.onnx === 'derived' || example === undefined) return op.onnx === 'derived' ? 'expanded' : 'nodes'
  const xs = example.inputs.map(({ dtype, shape }, i) => input(`x${i}`, dtype, shape))
  const nodes = E.isRight(program({ y: apply(op, xs, example.params) })) ? nodesOf(op, xs, example.params) : []
  return nodes.length === 0 ? 'no node: the operand itself' : nodes.map(code).join(' ')
}

const nodesOf = (op: Op, xs: Parameters<typeof apply>[1], params: Params): ReadonlyArray<string> => {
  const names = new Set<string>() // local
  const lowering = op.onnx
  if (lowering === 'derived') return []
  const heard: Op = {
    ...op,
    name: `${op.name}*`,
    onnx: (g) => (site) =>
      lowering({
        ...g,
        node: (name, inputs, attributes, domain) => {
          names.add(name)
          return g.node(name, inputs, attributes, domain)
        },
        nodes: (name, inputs, attributes, outputs, domain) => {
          names.add(name)
          return g.nodes(name, inputs, attributes, outputs, domain)
        }
      })(site)
  }
  const node = apply(heard, xs, params)
  const made = isApply(node) ? program({ y: node }) : undefined
  if (made !== undefined && E.isRight(made)) emit(made.right)
  return [...names].sort()
}

const error = ({ errors }: Measured, { name }: Op): string => errors[name] ?? 'not measured'

// sections -------------------------------------------------------------------------------

const namesOf = (found: ReadonlyArray<Constructor>): string => found.map(({ name }) => code(name)).join(', ')

/** The function of its name, else those that build it. */
const types = ({ name }: Op): string => {
  const own = constructors.filter((one) => one.name === name)
  const others = constructors.filter(({ builds }) => builds.includes(name))
  return own.length > 0
    ? own.map(({ signature }) => code(signature)).join(', ')
    : others.length > 0
      ? `built by ${namesOf(others)}`
      : 'built by rules and passes'
}

const docOf = ({ name }: Op): ReadonlyArray<string> =>
  constructors.flatMap((one) => (one.name === name && one.doc !== '' ? [one.doc, ''] : []))

const section =
  ({ onnx, wgsl }: Precision) =>
  (op: Op): ReadonlyArray<string> => [
    `### ${op.name}`,
    '',
    `**${op.equation}**`,
    '',
    ...docOf(op),
    `- types: ${types(op)}`,
    `- shapes: ${[...new Set(op.examples.map(typing(op)))].map(code).join(', ') || 'any'}`,
    `- domain: ${domain(op) || 'no operand'}`,
    `- gradient: ${gradient(op)}`,
    `- WGSL: ${onWgsl(op)}; error ${error(wgsl, op)}`,
    `- ONNX: ${onOnnx(op)}; error ${error(onnx, op)}`,
    ''
  ]

/** A function without a record of its own. */
const functionSection = ({ name, signature, doc, points, uses }: Constructor): ReadonlyArray<string> => [
  `### ${name}`,
  '',
  ...(doc === '' ? [] : [doc, '']),
  ...points.map((point) => `- ${point}`),
  `- types: ${code(signature)}`,
  ...(uses.length === 0 ? [] : [`- made of: ${uses.map(code).join(', ')}`]),
  ''
]

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1)

const used = (text: string): ReadonlyArray<string> =>
  typeNames.filter(({ name }) => new RegExp(`\\b${name}\\b`).test(text)).map((type) => `${type.text}\n`)

const intro = ({ onnx, wgsl }: Precision): ReadonlyArray<string> => [
  '# Operations',
  '',
  '<!-- Generated by `npm run docs`. -->',
  '',
  'Every operation of the registry, from its own record: the typed constructor that users call, the shapes of its',
  'examples with what comes out, its equation, where the laws draw operands from, how it is differentiated, and what it',
  'becomes on each target. *Expanded* is its definition by other operations.',
  '',
  'An error is the largest `max|y − y₀| / max|y₀|` over the examples, 8 draws each, against the reference in double',
  'precision on the same single-precision operands; of integers and truth values it is the share that differs.',
  '',
  `- WGSL: measured on ${wgsl.adapter}`,
  `- ONNX: measured on ${onnx.adapter}`,
  ''
]

const contents = (all: ReadonlyArray<{ readonly name: string }>): string =>
  all.map(({ name }) => `[${name}](#${name.toLowerCase()})`).join(' · ')

const family = (title: string, ops: ReadonlyArray<Op>, precision: Precision): ReadonlyArray<string> => [
  `## ${title}`,
  '',
  contents(ops),
  '',
  ...[...ops].sort(byName).flatMap(section(precision))
]

const functions = (found: ReadonlyArray<Constructor>): ReadonlyArray<string> => [
  '## Functions',
  '',
  'What else users call. These have no record: a call builds the operations that it is made of, whose gradients, targets',
  'and precision are above.',
  '',
  contents(found),
  '',
  ...found.flatMap(functionSection)
]

/** The whole page. */
export const operationsPage = (ops: ReadonlyArray<Op>, precision: Precision): string => {
  const of = (tag: Op['_tag']): ReadonlyArray<Op> => ops.filter(({ _tag }) => _tag === tag).sort(byName)
  const others = constructors.filter(({ name }) => ops.every((op) => op.name !== name)).toSorted(byName)
  const signatures = [...ops.map(types), ...others.map(({ signature }) => signature)].join('\n')
  return [
    ...intro(precision),
    ...family('Primitives', of('Primitive'), precision),
    ...family('Composites', of('Composite'), precision),
    ...functions(others),
    '## Types in signatures',
    '',
    '```ts',
    used(signatures).join('\n').trimEnd(),
    '```',
    ''
  ].join('\n')
}
