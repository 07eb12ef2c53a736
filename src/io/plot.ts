/**
 * Line plots as SVG. The one idea: a scale is a function from values to places together with the values worth marking,
 * and a logarithmic axis is another scale.
 */
import { markup, nothing, type Html } from './html.ts'

// model ----------------------------------------------------------------------------------

export interface Series {
  readonly name: string
  readonly points: ReadonlyArray<readonly [x: number, y: number]>
}

export interface Plot {
  readonly title: string
  readonly x: string
  readonly y: string
  /** A logarithmic axis of `y`; points that are not above 0 are left out. */
  readonly logarithmic: boolean
  readonly series: ReadonlyArray<Series>
}

interface Scale {
  readonly place: (value: number) => number
  readonly ticks: ReadonlyArray<number>
}

type Range = readonly [low: number, high: number]
type Points = Series['points']

// scales ---------------------------------------------------------------------------------

/** A number as few letters. */
export const brief = (value: number): string => {
  const size = Math.abs(value)
  if (size !== 0 && (size >= 1e6 || size < 1e-3))
    return value
      .toExponential(3)
      .replace(/\.?0+e/, 'e')
      .replace('e+', 'e')
  return String(Number(value.toPrecision(4)))
}

/** Steps of 1, 2 or 5 times a power of ten, about `n` of them. */
export const niceTicks = ([low, high]: Range, n: number): ReadonlyArray<number> => {
  const rough = (high - low) / n
  const unit = 10 ** Math.floor(Math.log10(rough))
  const step = ([1, 2, 5, 10].find((m) => m * unit >= rough) ?? 10) * unit
  const first = Math.ceil(low / step - 1e-9)
  const last = Math.floor(high / step + 1e-9)
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/** Powers of ten, thinned where there are many, with 2 and 5 times them where there are few. */
export const logTicks = ([low, high]: Range): ReadonlyArray<number> => {
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))]
  const stride = Math.ceil((last - first) / 8)
  const times = last - first <= 3 ? [1, 2, 5] : [1]
  const powers = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((p) => p % stride === 0)
  const marks = powers.flatMap((power) => times.map((m) => Number(`${m}e${power}`)))
  return marks.filter((v) => v >= low * (1 - 1e-9) && v <= high * (1 + 1e-9))
}

const rangeOf = (values: ReadonlyArray<number>): Range => {
  const low = values.reduce((a, b) => Math.min(a, b), Infinity)
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity)
  return values.length === 0 ? [0, 1] : [low, high]
}

/** A range of some width around one that may have none. */
const widened = ([low, high]: Range): Range => {
  const margin = low === high ? Math.abs(low) * 0.1 || 1 : 0
  return [low - margin, high + margin]
}

const linear = (values: ReadonlyArray<number>, from: number, to: number, n: number): Scale => {
  const [low, high] = widened(rangeOf(values))
  return { place: (v) => from + ((v - low) / (high - low)) * (to - from), ticks: niceTicks([low, high], n) }
}

const logarithmic = (values: ReadonlyArray<number>, from: number, to: number): Scale => {
  const exponents = linear(values.map(Math.log10), from, to, 1)
  const [low, high] = widened(rangeOf(values.map(Math.log10)))
  return { place: (v) => exponents.place(Math.log10(v)), ticks: logTicks([10 ** low, 10 ** high]) }
}

// drawing --------------------------------------------------------------------------------

const [width, height] = [640, 300]
const [left, right, top, bottom] = [64, 12, 12, 44]
const colours = 8

/** At most about two points for every place on the paper: the lowest and the highest of each. */
const thinned = (points: Points): Points => {
  const wide = Math.ceil(points.length / (width - left - right))
  if (wide <= 2) return points
  return Array.from({ length: Math.ceil(points.length / wide) }, (_, i) =>
    points.slice(i * wide, (i + 1) * wide).sort((a, b) => a[1] - b[1])
  ).flatMap((some) => [some[0], some.at(-1)].filter((p) => p !== undefined).sort((a, b) => a[0] - b[0]))
}

const line = (points: Points, x: Scale, y: Scale, i: number): Html => {
  const places = thinned(points).map(([u, v]) => [x.place(u).toFixed(1), y.place(v).toFixed(1)] as const)
  const colour = `colour-${i % colours}`
  const [first] = places
  return places.length === 1 && first !== undefined
    ? markup`<circle class="${colour}" cx="${first[0]}" cy="${first[1]}" r="3" />`
    : markup`<polyline class="${colour}" points="${places.map((place) => place.join(',')).join(' ')}" />`
}

const across = (y: Scale): ReadonlyArray<Html> =>
  y.ticks.map((v) => {
    const at = y.place(v).toFixed(1)
    return markup`<line class="rule" x1="${left}" x2="${width - right}" y1="${at}" y2="${at}" />
<text x="${left - 8}" y="${at}" dy="0.32em" text-anchor="end">${brief(v)}</text>`
  })

const along = (x: Scale): ReadonlyArray<Html> =>
  x.ticks.map(
    (v) =>
      markup`<text x="${x.place(v).toFixed(1)}" y="${height - bottom + 18}" text-anchor="middle">${brief(v)}</text>`
  )

const entry = ({ name }: Series, i: number): Html => markup`<li><i class="colour-${i % colours}"></i>${name}</li>`

const legend = (series: ReadonlyArray<Series>): Html =>
  series.length < 2 ? nothing : markup`<ul class="legend">${series.map(entry)}</ul>`

const isShown =
  ({ logarithmic }: Plot) =>
  ([x, y]: Points[number]): boolean =>
    Number.isFinite(x) && Number.isFinite(y) && (!logarithmic || y > 0)

/** Rules, axes and lines. */
const drawing = (plot: Plot): Html => {
  const shown = plot.series.map(({ points }) => points.filter(isShown(plot)))
  const all = shown.flat()
  const [base, middle] = [height - bottom, (left + width - right) / 2]
  const x = linear(
    all.map(([u]) => u),
    left,
    width - right,
    6
  )
  const y = (plot.logarithmic && all.length > 0 ? logarithmic : linear)(
    all.map(([, v]) => v),
    base,
    top,
    5
  )
  return markup`${across(y)}
${along(x)}
<line class="axis" x1="${left}" x2="${width - right}" y1="${base}" y2="${base}" />
<text x="${middle}" y="${height - 6}" text-anchor="middle">${plot.x}</text>
<text transform="translate(12 ${(top + base) / 2}) rotate(-90)" text-anchor="middle">${plot.y}</text>
${shown.map((points, i) => line(points, x, y, i))}`
}

/** The drawing with its title and legend, for a page. Values that are not finite are left out. */
export const draw = (plot: Plot): Html => markup`<figure class="plot"><figcaption>${plot.title}</figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${plot.title}">
${drawing(plot)}
</svg>
${legend(plot.series)}</figure>`

// images ---------------------------------------------------------------------------------

const head = 34

const imageStyle: Html = markup`<style>
text { fill: #667079; font: 13px system-ui, sans-serif }
.title { fill: #1c2024; font-weight: 600 } .paper { fill: #fff }
.rule { stroke: #e2e6ea } .axis { stroke: #667079 }
polyline, .key { fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linejoin: round }
circle { fill: currentColor }
.colour-0 { color: #2f6fd0 } .colour-1 { color: #d9622b } .colour-2 { color: #2a9d5c } .colour-3 { color: #b8429c }
.colour-4 { color: #8a6d1f } .colour-5 { color: #1a93a8 } .colour-6 { color: #7a55d3 } .colour-7 { color: #c23b4a }
</style>`

/** One below the other, at the upper right. */
const key = ({ name }: Series, i: number): Html => {
  const [x, y] = [width - right, head + top + 14 + 18 * i]
  return markup`<text x="${x - 28}" y="${y}" dy="0.32em" text-anchor="end">${name}</text>
<line class="key colour-${i % colours}" x1="${x - 22}" x2="${x}" y1="${y}" y2="${y}" />`
}

/** The same as an SVG file that stands alone, on white. */
export const image = (plot: Plot): string =>
  markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height + head}">
${imageStyle}
<rect class="paper" width="${width}" height="${height + head}" />
<text class="title" x="${left}" y="22">${plot.title}</text>
<g transform="translate(0 ${head})">
${drawing(plot)}
</g>
${plot.series.length < 2 ? [] : plot.series.map(key)}
</svg>
`.text
