/** Kernels of elementwise work: every thread computes a few strips in a row, or on GPUs one. */
import { size } from '../../core/Shape.ts'
import { fromLinear } from '../../ops/place.ts'
import { grid, groupNumber, node, type Context, type Kernel } from './Kernel.ts'
import {
  accessorsOf,
  bindingsOf,
  calls,
  operands,
  statement,
  strip,
  type Operands,
  type Strip,
  type Width
} from './strip.ts'
import { printModule, storedType, toStored, wgslType } from './Wgsl.ts'

const threads = 64

const stripOf = ({ group: { root }, stored }: Context, width: Width, all: Operands): Strip => {
  const n = size(root.shape)
  return strip({
    name: 'element',
    width,
    result: wgslType(root.dtype),
    names: [['q', n / width - 1]],
    stored: (x) => x !== root && stored(x),
    compute: (inliner) => inliner.value(root, fromLinear(root.shape, width === 4 ? '(q * 4u + e)' : 'q')),
    operands: all
  })
}

/** Loads that the text of a kernel may repeat for the sake of whole vectors. */
const most = 16

const choose = (context: Context): readonly [Strip, Operands] => {
  const wide = operands()
  const four = size(context.group.root.shape) % 4 === 0 ? stripOf(context, 4, wide) : undefined
  if (four !== undefined && four.loads.length + 4 * four.single <= most) return [four, wide]
  const narrow = operands()
  return [stripOf(context, 1, narrow), narrow]
}

export const emitMap = (context: Context): Kernel => {
  const { root } = context.group
  const [chosen, all] = choose(context)
  const { width } = chosen
  const type = storedType(root.dtype)
  const values = calls(chosen).map((call) => toStored(root.dtype, call))
  const perThread = context.target.schedule === 'subgroup' ? 4 : 1
  const strips = size(root.shape) / width
  return {
    wgsl: printModule({
      comment: context.label,
      bindings: [
        ...bindingsOf(all),
        { name: 'y', access: 'read_write', type: width === 4 ? `array<vec4<${type}>>` : `array<${type}>` }
      ],
      declarations: [],
      functions: [...accessorsOf(all), chosen.element],
      workgroup: threads,
      main: [
        `let first = (${groupNumber} * ${threads}u + lane) * ${perThread}u;`,
        `let end = min(first + ${perThread}u, arrayLength(&y));`,
        'for (var q = first; q < end; q++) {',
        ...chosen.loads.map((l) => `  ${statement(l)}`),
        `  y[q] = ${width === 4 ? `vec4<${type}>(${values.join(', ')})` : values[0]};`,
        '}'
      ]
    }),
    reads: all.nodes.map(node),
    writes: [node(root)],
    workgroups: grid(Math.ceil(strips / (threads * perThread))),
    label: context.label
  }
}
