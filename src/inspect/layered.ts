/**
 * Drawings of directed graphs in layers: every node below those that it depends on, few crossings, short lines. A line
 * over many layers gives way to a small sign beside its end that names where it comes from.
 *
 * Source: Sugiyama, Tagawa and Toda 1981.
 */

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

/** As many layers as it takes for each node to be below what it depends on, and right above the first that needs it. */
const depths = ({ above }: Diagram): ReadonlyArray<number> => {
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
  const layer = depths(diagram)
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

/** The places nearest to wishes that keep order and distance: the mean of pushing right and of pushing left. */
const settled = (wishes: ReadonlyArray<number>, distances: ReadonlyArray<number>): ReadonlyArray<number> => {
  const right = [...wishes] // local
  for (let i = 1; i < right.length; i++) right[i] = Math.max(right[i] ?? 0, (right[i - 1] ?? 0) + (distances[i] ?? 0))
  const left = [...wishes]
  for (let i = left.length - 2; i >= 0; i--)
    left[i] = Math.min(left[i] ?? 0, (left[i + 1] ?? 0) - (distances[i + 1] ?? 0))
  return wishes.map((_, i) => ((right[i] ?? 0) + (left[i] ?? 0)) / 2)
}

interface Pull {
  readonly at: number
  readonly weight: number
}

const weightedMean = (pulls: ReadonlyArray<Pull>): number | undefined => {
  const weight = pulls.reduce((sum, pull) => sum + pull.weight, 0)
  return weight === 0 ? undefined : pulls.reduce((sum, pull) => sum + pull.at * pull.weight, 0) / weight
}

/** A node stands below what was computed, rather than below what was given: a chain goes straight down. */
const given = 0.05

const placedIn = (
  { items }: Draft,
  rows: ReadonlyArray<ReadonlyArray<number>>,
  { up, down }: Sides
): ReadonlyArray<number> => {
  const x = items.map(() => 0) // local
  const half = (i: number): number => (items[i]?.width ?? 0) / 2
  const weight = up.map((above) => (above.length === 0 ? given : 1))
  const pull = (row: ReadonlyArray<number>, neighbours: Neighbours): void => {
    const pulls = (i: number): ReadonlyArray<Pull> =>
      (neighbours[i] ?? []).map((j) => ({ at: x[j] ?? 0, weight: weight[j] ?? 1 }))
    const wishes = row.map((i) => weightedMean(pulls(i)) ?? x[i] ?? 0)
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
