/**
 * A graph as a drawing, in SVG: every node a box with its number in the text of the graph, its operation and its shape,
 * below its operands. Numbers that are the same everywhere stand in the box that uses them. A graph of more nodes than
 * a person reads is drawn as its kernels.
 */
import { inputsOf, isApply, topological, type Expr } from '../core/Expr.ts'
import { show } from '../core/Fault.ts'
import type { Wgsl } from '../core/Lowering.ts'
import type { Params } from '../core/Expr.ts'
import { listing, type Line, type Section } from '../interpret/listing.ts'
import { showNumber } from '../interpret/show.ts'
import type { Outputs } from '../runtime/steps.ts'
import type { KernelTable, Launched } from './kernels.ts'
import { layered, type Diagram, type Layered, type Placed } from './layered.ts'
import { showFlops, showOperations, showType } from './table.ts'

// model ----------------------------------------------------------------------------------

type Kind = 'input' | 'constant' | 'view' | 'elementwise' | 'reduction' | 'contraction' | 'composite'

interface Box {
  readonly kind: Kind
  readonly title: string
  readonly detail: string
  /** Names of outputs that it is. */
  readonly outputs: ReadonlyArray<string>
  readonly sign: string
}

interface Picture {
  readonly boxes: ReadonlyArray<Box>
  readonly above: ReadonlyArray<ReadonlyArray<number>>
}

/** Nodes up to which a person reads a drawing of operations. */
export const mostNodes = 400

// operations -----------------------------------------------------------------------------

const views = new Set([
  'broadcast',
  'reshape',
  'transpose',
  'slice',
  'flip',
  'pad',
  'concat',
  'take',
  'windows',
  'after'
])

const kindOf = (node: Expr): Kind => {
  if (node.term._tag === 'Input') return 'input'
  if (node.term._tag === 'Constant') return 'constant'
  const { op } = node.term
  if (views.has(op.name)) return 'view'
  if (op.wgsl === 'derived' || op._tag === 'Composite') return 'composite'
  const lowered = op.wgsl as Wgsl<Params>
  return lowered._tag === 'Map' ? 'elementwise' : lowered._tag === 'Reduce' ? 'reduction' : 'contraction'
}

/** The number that a node is everywhere, if it is a constant or one repeated. */
const uniform = (node: Expr): number | undefined => {
  if (node.term._tag === 'Constant')
    return node.term.value.data.length > 0 && node.term.value.data.every((x, _, all) => Object.is(x, all[0]))
      ? node.term.value.data[0]
      : undefined
  const [x] = inputsOf(node)
  return isApply(node) && node.term.op.name === 'broadcast' && x !== undefined ? uniform(x) : undefined
}

const short = (value: number): string => showNumber(Number(value.toPrecision(4)))

const titleOf = (node: Expr): string => {
  const { term } = node
  if (term._tag === 'Input') return term.name
  if (term._tag === 'Constant') return uniform(node) === undefined ? 'constant' : short(uniform(node) ?? NaN)
  const numbers = term.inputs.flatMap((x) => uniform(x) ?? []).map(short)
  return [term.op.name, ...numbers].join(' ')
}

const outputNames = (outputs: Outputs): ReadonlyMap<Expr, ReadonlyArray<string>> => {
  const names = new Map<Expr, ReadonlyArray<string>>() // local
  for (const [name, node] of Object.entries(outputs)) names.set(node, [...(names.get(node) ?? []), name])
  return names
}

/** The functions that a node holds, by their numbers in the text. */
const functionsOf = ({ content }: Line): ReadonlyArray<string> =>
  content._tag === 'Apply' ? [...JSON.stringify(content.params).matchAll(/"@":(\d+)/g)].map(([, n]) => `@${n}`) : []

/** A section of the graph's text as a picture: what it gives is marked by name. */
const ofSection = ({ nodes: all, lines }: Section, names: ReadonlyMap<Expr, ReadonlyArray<string>>): Picture => {
  const shown = all.flatMap((node, i) => (uniform(node) === undefined || names.has(node) ? [i] : []))
  const places = new Map(shown.map((i, place) => [all[i], place]))
  return {
    boxes: shown.flatMap((i) => {
      const [node, line] = [all[i], lines[i]]
      if (node === undefined || line === undefined) return []
      const wrong = node.faults.map(show).join('; ')
      return {
        kind: kindOf(node),
        title: [titleOf(node), ...functionsOf(line)].join(' '),
        detail: wrong === '' ? `%${i}  ${showType(node)}` : wrong,
        outputs: names.get(node) ?? [],
        sign: `%${i}`
      }
    }),
    above: shown.map((i) => (all[i] === undefined ? [] : inputsOf(all[i]).flatMap((x) => places.get(x) ?? [])))
  }
}

/** The names that a function's results have: their places. */
const resultNames = ({ nodes, results }: Section): ReadonlyMap<Expr, ReadonlyArray<string>> =>
  outputNames(
    Object.fromEntries(
      results.flatMap((place, i) => (nodes[place] === undefined ? [] : [[`result ${i}`, nodes[place]] as const]))
    )
  )

// kernels --------------------------------------------------------------------------------

const strongest = ({ operations }: Launched): Kind => {
  const kinds = new Set(operations.map(kindOf))
  return (['contraction', 'reduction', 'composite', 'elementwise'] as const).find((kind) => kinds.has(kind)) ?? 'view'
}

const ofKernels = ({ launches }: KernelTable): Picture => {
  const makers = new Map<Expr, number>() // local
  launches.forEach(({ writes }, i) => writes.forEach((node) => makers.set(node, i)))
  return {
    boxes: launches.map((launch, i) => ({
      kind: strongest(launch),
      title:
        showOperations(
          launch.operations.filter((node) => kindOf(node) !== 'view'),
          4
        ) || launch.name,
      detail: `${i}  ${launch.writes.map(showType).join(' ')}${launch.flops === 0 ? '' : `  ${showFlops(launch.flops)}`}`,
      outputs: [],
      sign: `${i}`
    })),
    above: launches.map(({ reads }, i) => [
      ...new Set(reads.flatMap((node) => makers.get(node) ?? []).filter((maker) => maker < i))
    ])
  }
}

// drawing --------------------------------------------------------------------------------

const row = 68
const height = 36
const margin = 16

const colours: Readonly<Record<Kind, readonly [fill: string, stroke: string]>> = {
  input: ['#e3effa', '#4a86bd'],
  constant: ['#eeeeee', '#999999'],
  view: ['#ffffff', '#bbbbbb'],
  elementwise: ['#fdf6e3', '#c9a227'],
  reduction: ['#f1e6f7', '#9660b0'],
  contraction: ['#fde4d6', '#d2691e'],
  composite: ['#e4f3e6', '#4f9a5b']
}

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c)

const widest = 46

const cut = (text: string): string => (text.length > widest ? `${text.slice(0, widest - 1)}…` : text)

const widthOf = ({ title, detail }: Box): number =>
  Math.max(48, 7.6 * cut(title).length + 18, 5.8 * cut(detail).length + 18)

const n = (value: number): string => String(Math.round(value * 10) / 10)

const xOf = ({ x }: Placed): number => x + margin
const yOf = ({ layer }: Placed): number => layer * row + margin

const label = (x: number, y: number, style: string, text: string): string =>
  `<text x="${n(x)}" y="${n(y)}" class="${style}">${escaped(text)}</text>`

const drawNode = (at: Placed, { kind, title, detail, outputs }: Box): string => {
  const [fill, stroke] = colours[kind]
  const [x, y] = [xOf(at), yOf(at)]
  const frame = `x="${n(x - at.width / 2)}" y="${n(y)}" width="${n(at.width)}" height="${height}" rx="${kind === 'input' ? 17 : 5}"`
  return [
    `<g><title>${escaped(`${title}\n${detail}`)}</title>`,
    `<rect ${frame} fill="${fill}" stroke="${stroke}" stroke-width="${outputs.length > 0 ? 2.5 : 1}"/>`,
    label(x, y + 15, 'title', cut(title)),
    label(x, y + 29, 'detail', cut(detail)),
    ...(outputs.length > 0 ? [label(x, y + height + 14, 'output', outputs.join(', '))] : []),
    '</g>'
  ].join('')
}

const drawSign = (at: Placed, { sign }: Box): string => {
  const [x, y] = [xOf(at), yOf(at) + 10]
  const frame = `x="${n(x - at.width / 2)}" y="${n(y)}" width="${n(at.width)}" height="18" rx="9"`
  return `<rect ${frame} fill="#ffffff" stroke="#999999" stroke-dasharray="3 2"/>${label(x, y + 13, 'detail', sign)}`
}

const drawItem =
  (boxes: ReadonlyArray<Box>) =>
  (at: Placed): string => {
    const box = boxes[at.node]
    if (box === undefined || at.what === 'bend') return ''
    return at.what === 'node' ? drawNode(at, box) : drawSign(at, box)
  }

/** Where a line leaves what it comes from, and where it reaches what it goes to. */
const bottom = (at: Placed): number => yOf(at) + (at.what === 'node' ? height : at.what === 'sign' ? 28 : height / 2)
const top = (at: Placed): number => yOf(at) + (at.what === 'bend' ? height / 2 : 0)

const drawLine = (placed: ReadonlyArray<Placed>, line: ReadonlyArray<number>): string => {
  const points = line.flatMap((i) => placed[i] ?? [])
  const [first] = points
  if (first === undefined) return ''
  const parts = points.slice(1).map((to, i) => {
    const from = points[i] ?? first
    const [y0, y1] = [bottom(from), top(to)]
    const middle = (y0 + y1) / 2
    return `C${n(xOf(from))} ${n(middle)} ${n(xOf(to))} ${n(middle)} ${n(xOf(to))} ${n(y1)}`
  })
  return `<path d="M${n(xOf(first))} ${n(bottom(first))} ${parts.join(' ')}"/>`
}

const style = [
  'text{font-family:system-ui,sans-serif;text-anchor:middle}',
  '.title{font-size:12px;font-weight:600;fill:#222}',
  '.detail{font-size:10px;fill:#555}',
  '.heading{font-size:14px;font-weight:600;fill:#222;text-anchor:start}',
  '.output{font-size:11px;font-weight:600;fill:#b03030}',
  'path{fill:none;stroke:#888;stroke-width:1.1;marker-end:url(#tip)}'
].join('')

const tip =
  '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="6" markerHeight="6" orient="auto"><path d="M0 0L8 4L0 8Z" style="fill:#888;stroke:none;marker-end:none"/></marker>'

interface Part {
  readonly heading: string
  readonly boxes: ReadonlyArray<Box>
  readonly layered: Layered
}

const partOf = (heading: string, { boxes, above }: Picture): Part => {
  const diagram: Diagram = { boxes: boxes.map((box) => ({ width: widthOf(box), sign: box.sign })), above }
  return { heading, boxes, layered: layered(diagram) }
}

const headingHeight = 26

const heightOf = ({ heading, layered: { layers } }: Part): number =>
  layers * row + margin + (heading === '' ? 0 : headingHeight)

const drawPart = ({ heading, boxes, layered: { placed, lines } }: Part, y: number): string => {
  const down = y + (heading === '' ? 0 : headingHeight)
  return [
    ...(heading === '' ? [] : [`<text x="${margin}" y="${n(y + 18)}" class="heading">${escaped(heading)}</text>`]),
    `<g transform="translate(0 ${n(down)})">`,
    ...lines.map((line) => drawLine(placed, line)),
    ...placed.map(drawItem(boxes)).filter((text) => text !== ''),
    '</g>'
  ].join('\n')
}

/** Pictures one below another. */
const page = (parts: ReadonlyArray<Part>): string => {
  const heights = parts.map(heightOf)
  const above = (i: number): number => heights.slice(0, i).reduce((sum, h) => sum + h, 0)
  const w = Math.ceil(Math.max(...parts.map(({ layered: { width } }) => width)) + 2 * margin)
  const h = above(parts.length)
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}" width="${w}" height="${h}">`,
    `<style>${style}</style><defs>${tip}</defs><rect width="${w}" height="${h}" fill="#ffffff"/>`,
    ...parts.map((part, i) => drawPart(part, above(i))),
    '</svg>',
    ''
  ].join('\n')
}

/** Whether a graph is small enough to be drawn node by node. */
export const isReadable = (outputs: Outputs): boolean => topological(Object.values(outputs)).length <= mostNodes

/**
 * A graph as it is written, inputs above, outputs below and named; then the bodies of its loops, and every other
 * function that it holds, under the names that its text gives them.
 *
 * @example graphSvg({ loss })   // '<svg …'
 */
export const graphSvg = (outputs: Outputs): string => {
  const { sections } = listing(Object.values(outputs))
  const pictures = sections.map((section, i) =>
    i === sections.length - 1
      ? partOf('', ofSection(section, outputNames(outputs)))
      : partOf(`@${i}`, ofSection(section, resultNames(section)))
  )
  return page([...pictures.slice(-1), ...pictures.slice(0, -1)])
}

/** The launches of a program, each below those whose results it reads; numbers are those of launches. */
export const kernelSvg = (table: KernelTable): string => page([partOf('', ofKernels(table))])
