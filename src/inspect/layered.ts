/**
 * Drawings of directed graphs in layers: every node below those that it depends on, few crossings, short lines. A line
 * over many layers gives way to a small sign beside its end that names where it comes from.
 *
 * Source: Sugiyama, Tagawa and Toda 1981.
 */
import { RA } from '../core/fp.ts'

// model ----------------------------------------------------------------------------------

export interface Box {
  readonly width: number
  /** What a sign calls it. */
  readonly sign: string
}

/** Nodes each after those that they depend on; `above[i]` are the places of those of node `i`. */
export interface Diagram {
  readonly boxes: ReadonlyArray<Box>
  readonly above: ReadonlyArray<ReadonlyArray<number>>
}

/** A node where it is drawn, by its centre and its layer. */
export interface Placed {
  readonly x: number
  readonly layer: number
  readonly width: number
  /** The node of the diagram, a sign of one, or a bend of a line. */
  readonly what: 'node' | 'sign' | 'bend'
  readonly node: number
}

export interface Layered {
  readonly placed: ReadonlyArray<Placed>
  /** Lines as places of what they pass through, from above to below. */
  readonly lines: ReadonlyArray<ReadonlyArray<number>>
  readonly width: number
  readonly layers: number
}

/** Layers that a line may pass before a sign stands for it. */
const farthest = 8
const gap = 14
const bendWidth = 6
const signWidth = (sign: string): number => 6 * sign.length + 14

// layers ---------------------------------------------------------------------------------

/** Boxes of one layer, gaps counted: what more there is waits for the next. */
const widestLayer = 2400

/** As many layers as it takes for each node to be below what it depends on, and right above the first that needs it. */
const depths = ({ above }: Diagram): Array<number> => {
  const depth: Array<number> = [] // local
  for (const own of above) depth.push(1 + Math.max(-1, ...own.map((i) => depth[i] ?? 0)))
  const first = depth.map(() => Infinity)
  for (let i = above.length - 1; i >= 0; i--) {
    const layer = Number.isFinite(first[i]) ? (first[i] ?? 0) - 1 : (depth[i] ?? 0)
    depth[i] = layer
    for (const from of above[i] ?? []) first[from] = Math.min(first[from] ?? Infinity, layer)
  }
  const least = depth.reduce((found, d) => Math.min(found, d), Infinity)
  return depth.map((d) => d - least)
}

/** The layers that depend on each node, one below another. */
const heights = ({ above }: Diagram): ReadonlyArray<number> => {
  const height = above.map(() => 0) // local
  for (let i = above.length - 1; i >= 0; i--)
    for (const from of above[i] ?? []) height[from] = Math.max(height[from] ?? 0, 1 + (height[i] ?? 0))
  return height
}

/** As many of a layer as there is room for, one at least. */
const fitting = ({ boxes }: Diagram, nodes: ReadonlyArray<number>): number => {
  const ends = RA.scanLeft(0, (sum, i: number) => sum + (boxes[i]?.width ?? 0) + gap)(nodes).slice(1)
  const many = ends.findIndex((end) => end > widestLayer)
  return many < 0 ? nodes.length : Math.max(1, many)
}

/** Layers of which none is too wide: what least depends on waits, and all below it. */
const narrowed = (diagram: Diagram): ReadonlyArray<number> => {
  const layer = depths(diagram) // local
  const height = heights(diagram)
  const rows = (): ReadonlyArray<ReadonlyArray<number>> => {
    const made: Array<Array<number>> = []
    layer.forEach((at, i) => (made[at] ??= []).push(i))
    return made
  }
  for (let [at, now] = [0, rows()]; at < now.length; at++) {
    const row = (now[at] ?? []).toSorted((a, b) => (height[b] ?? 0) - (height[a] ?? 0) || a - b)
    const late = row.slice(fitting(diagram, row))
    if (late.length === 0) continue
    for (const i of late) layer[i] = at + 1
    for (const [i, own] of diagram.above.entries())
      layer[i] = Math.max(layer[i] ?? 0, ...own.map((j) => 1 + (layer[j] ?? 0)))
    now = rows()
  }
  return layer
}

interface Draft {
  readonly items: Array<{ what: Placed['what']; node: number; layer: number; width: number }>
  readonly lines: Array<ReadonlyArray<number>>
}

const add = ({ items }: Draft, item: Draft['items'][number]): number => items.push(item) - 1

const signOf = (draft: Draft, { boxes }: Diagram, from: number, layer: number): number =>
  add(draft, { what: 'sign', node: from, layer, width: signWidth(boxes[from]?.sign ?? '') })

/** The bends of a line between two layers. */
const bends = (draft: Draft, from: number, start: number, end: number): ReadonlyArray<number> =>
  Array.from({ length: Math.max(0, end - start - 1) }, (_, i) =>
    add(draft, { what: 'bend', node: from, layer: start + 1 + i, width: bendWidth })
  )

const drafted = (diagram: Diagram): Draft => {
  const layer = narrowed(diagram)
  const draft: Draft = { items: [], lines: [] } // local
  diagram.boxes.forEach(({ width }, node) => add(draft, { what: 'node', node, layer: layer[node] ?? 0, width }))
  diagram.above.forEach((own, to) => {
    for (const from of new Set(own)) {
      const [start, end] = [layer[from] ?? 0, layer[to] ?? 0]
      draft.lines.push(
        end - start > farthest
          ? [signOf(draft, diagram, from, end - 1), to]
          : [from, ...bends(draft, from, start, end), to]
      )
    }
  })
  return draft
}

// order ----------------------------------------------------------------------------------

type Neighbours = ReadonlyArray<ReadonlyArray<number>>

interface Sides {
  readonly up: Neighbours
  readonly down: Neighbours
}

const sidesOf = ({ items, lines }: Draft): Sides => {
  const up: Array<Array<number>> = items.map(() => []) // local
  const down: Array<Array<number>> = items.map(() => [])
  for (const line of lines)
    line.slice(1).forEach((to, i) => {
      up[to]?.push(line[i] ?? 0)
      down[line[i] ?? 0]?.push(to)
    })
  return { up, down }
}

const rowsOf = ({ items }: Draft): Array<Array<number>> => {
  const rows: Array<Array<number>> = Array.from(
    { length: Math.max(0, ...items.map(({ layer }) => layer)) + 1 },
    () => []
  )
  items.forEach(({ layer }, i) => rows[layer]?.push(i))
  return rows
}

const mean = (values: ReadonlyArray<number>): number | undefined =>
  values.length === 0 ? undefined : values.reduce((sum, x) => sum + x, 0) / values.length

/** Each row by the mean place of its neighbours in the row before; those without neighbours stay where they are. */
const sweep = (rows: Array<Array<number>>, order: Array<number>, neighbours: Neighbours): void => {
  for (const row of rows) {
    const wish = new Map(row.map((i) => [i, mean((neighbours[i] ?? []).map((j) => order[j] ?? 0)) ?? order[i] ?? 0]))
    row.sort((a, b) => (wish.get(a) ?? 0) - (wish.get(b) ?? 0) || a - b)
    row.forEach((i, place) => (order[i] = place - (row.length - 1) / 2))
  }
}

const ordered = (draft: Draft, { up, down }: Sides): ReadonlyArray<ReadonlyArray<number>> => {
  const rows = rowsOf(draft) // local
  const order = draft.items.map(() => 0)
  for (const row of rows) row.forEach((i, place) => (order[i] = place - (row.length - 1) / 2))
  for (let turn = 0; turn < 6; turn++) {
    sweep(rows, order, up)
    sweep(rows.toReversed(), order, down)
  }
  sweep(rows, order, up)
  return rows
}

// coordinates ----------------------------------------------------------------------------

interface Pull {
  readonly at: number
  readonly weight: number
}

/** Neighbours that stand as near as they may, as one: where its first would stand, and how much it resists. */
interface Run extends Pull {
  readonly count: number
}

const together = (a: Run, b: Run): Run => ({
  at: (a.at * a.weight + b.at * b.weight) / (a.weight + b.weight),
  weight: a.weight + b.weight,
  count: a.count + b.count
})

/**
 * The places nearest to wishes that keep order and distance, in the mean square by weight: what is light gives way.
 * Source: pool adjacent violators, Ayer et al. 1955.
 */
const settled = (wishes: ReadonlyArray<Pull>, distances: ReadonlyArray<number>): ReadonlyArray<number> => {
  const offsets = RA.scanLeft(0, (sum, distance: number) => sum + distance)(distances).slice(1)
  const runs: Array<Run> = [] // local
  wishes.forEach(({ at, weight }, i) => {
    runs.push({ at: at - (offsets[i] ?? 0), weight, count: 1 })
    for (let [before, last] = runs.slice(-2); before && last && before.at > last.at; [before, last] = runs.slice(-2))
      runs.splice(-2, 2, together(before, last))
  })
  const starts = runs.flatMap(({ at, count }) => Array.from({ length: count }, () => at))
  return starts.map((at, i) => at + (offsets[i] ?? 0))
}

const weightedMean = (pulls: ReadonlyArray<Pull>): number | undefined => {
  const weight = pulls.reduce((sum, pull) => sum + pull.weight, 0)
  return weight === 0 ? undefined : pulls.reduce((sum, pull) => sum + pull.at * pull.weight, 0) / weight
}

/** A node stands below what was computed, rather than below what was given: a chain goes straight down. */
const given = 0.05

/** The share of its way from the middle that everything keeps from row to row. See Note [Drift] */
const gravity = 0.9

/** How firmly everything stands: by the layers that depend on it, so that side branches make room for the trunk. */
const firmnesses = ({ items }: Draft, rows: ReadonlyArray<ReadonlyArray<number>>, { up, down }: Sides) => {
  const below = items.map(() => 0) // local
  for (const row of rows.toReversed())
    for (const i of row) below[i] = Math.max(0, ...(down[i] ?? []).map((j) => 1 + (below[j] ?? 0)))
  return items.map((_, i) => (1 + (below[i] ?? 0)) * (up[i]?.length === 0 ? given : 1))
}

const placedIn = (
  draft: Draft,
  rows: ReadonlyArray<ReadonlyArray<number>>,
  { up, down }: Sides
): ReadonlyArray<number> => {
  const { items } = draft
  const x = items.map(() => 0) // local
  const half = (i: number): number => (items[i]?.width ?? 0) / 2
  const firmness = firmnesses(draft, rows, { up, down })
  const pull = (row: ReadonlyArray<number>, neighbours: Neighbours): void => {
    const pulls = (i: number): ReadonlyArray<Pull> =>
      (neighbours[i] ?? []).map((j) => ({ at: x[j] ?? 0, weight: firmness[j] ?? 1 }))
    const wishes = row.map((i) => ({
      at: gravity * (weightedMean(pulls(i)) ?? x[i] ?? 0),
      weight: firmness[i] ?? 1
    }))
    const distances = row.map((i, k) => (k === 0 ? 0 : half(row[k - 1] ?? 0) + gap + half(i)))
    settled(wishes, distances).forEach((at, k) => (x[row[k] ?? 0] = at))
  }
  for (let turn = 0; turn < 8; turn++) {
    for (const row of rows) pull(row, up)
    for (const row of rows.toReversed()) pull(row, down)
  }
  return x
}

// the drawing ----------------------------------------------------------------------------

/** Where everything stands. The same diagram gives the same drawing. */
export const layered = (diagram: Diagram): Layered => {
  const draft = drafted(diagram)
  const sides = sidesOf(draft)
  const rows = ordered(draft, sides)
  const x = placedIn(draft, rows, sides)
  const half = (i: number): number => (draft.items[i]?.width ?? 0) / 2
  const least = x.reduce((found, at, i) => Math.min(found, at - half(i)), x.length === 0 ? 0 : Infinity)
  const most = x.reduce((found, at, i) => Math.max(found, at + half(i)), x.length === 0 ? 0 : -Infinity)
  return {
    placed: draft.items.map((item, i) => ({ ...item, x: (x[i] ?? 0) - least })),
    lines: draft.lines,
    width: most - least,
    layers: rows.length
  }
}

// Note [Drift]
// Where a chain has something beside it on one side, row after row, each row moves the chain a little to the other, and
// what hangs on it follows: a chain of hundreds of rows would leave the page. A pull to the middle in every row undoes it:
// the training step of a transformer of 8 blocks is 2,800 wide with it, and 5,600 without, most of that empty.
