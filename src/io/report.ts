/**
 * The report of a run: one page that holds everything it shows, so that it can be sent and kept. The page forbids
 * itself to load anything.
 */
import { markup, nothing, type Html } from './html.ts'
import { toUri } from './gif.ts'
import { brief, draw, type Plot } from './plot.ts'

// model ----------------------------------------------------------------------------------

/** A playing clip, as the bytes of a GIF. */
export interface Shown {
  readonly caption: string
  readonly gif: Uint8Array
}

/** Clips that belong together, such as those of one model or of one caption. */
export interface Group {
  readonly title: string
  readonly note: string
  readonly clips: ReadonlyArray<Shown>
}

/** A number with the interval that it is known to. */
export interface Measure {
  readonly value: number
  readonly low: number
  readonly high: number
}

export type Cell = string | number | Measure

export interface Table {
  readonly title: string
  readonly note: string
  readonly columns: ReadonlyArray<string>
  readonly rows: ReadonlyArray<ReadonlyArray<Cell>>
}

export interface Report {
  readonly title: string
  /** Paragraphs. */
  readonly summary: ReadonlyArray<string>
  readonly groups: ReadonlyArray<Group>
  readonly plots: ReadonlyArray<Plot>
  readonly tables: ReadonlyArray<Table>
  /** The resolved configuration, as YAML. */
  readonly config: string
}

// style ----------------------------------------------------------------------------------

const style: Html = markup`<style>
  :root {
    color-scheme: light dark; --paper: #fff; --ink: #1c2024; --faint: #667079; --rule: #e2e6ea; --card: #f6f8fa;
    --c0: #2f6fd0; --c1: #d9622b; --c2: #2a9d5c; --c3: #b8429c; --c4: #8a6d1f; --c5: #1a93a8; --c6: #7a55d3;
    --c7: #c23b4a
  }
  @media (prefers-color-scheme: dark) {
    :root {
      --paper: #14171a; --ink: #e6e9ec; --faint: #98a2ac; --rule: #2c3238; --card: #1c2126;
      --c0: #6ea8ff; --c1: #ff9a66; --c2: #5fd394; --c3: #ec86d3; --c4: #d9b95c; --c5: #5fcfe2; --c6: #b096ff;
      --c7: #ff8290
    }
  }
  * { box-sizing: border-box }
  body {
    margin: 0 auto; max-width: 70rem; padding: 2rem 1.25rem 4rem; background: var(--paper); color: var(--ink);
    font: 16px/1.55 system-ui, sans-serif
  }
  h1 { font-size: 1.75rem; line-height: 1.2; margin: 0 0 1rem }
  h2 { font-size: 1.2rem; margin: 2.5rem 0 0.75rem; padding-top: 1rem; border-top: 1px solid var(--rule) }
  h3 { font-size: 1rem; margin: 1.25rem 0 0.25rem }
  p { max-width: 45rem; margin: 0.5rem 0 }
  .note, figcaption { color: var(--faint); font-size: 0.85rem }
  .clips { display: flex; flex-wrap: wrap; gap: 0.9rem; margin-top: 0.6rem }
  .clips figure { margin: 0; width: min-content }
  .clips img { display: block; image-rendering: pixelated; border-radius: 4px }
  .clips figcaption { margin-top: 0.25rem; line-height: 1.3 }
  .plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(26rem, 100%), 1fr)); gap: 1rem }
  .plot { margin: 0; padding: 0.75rem; background: var(--card); border-radius: 8px }
  .plot figcaption { color: var(--ink); font-weight: 600; margin-bottom: 0.25rem }
  svg { display: block; width: 100%; height: auto; font-size: 13px }
  svg text { fill: var(--faint) }
  svg .rule { stroke: var(--rule) }
  svg .axis { stroke: var(--faint) }
  polyline { fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linejoin: round }
  circle { fill: currentColor }
  .legend { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; list-style: none; margin: 0.25rem 0 0; padding: 0 }
  .legend { font-size: 0.85rem }
  .legend i { display: inline-block; width: 1rem; height: 3px; margin-right: 0.4rem; background: currentColor }
  .legend i { vertical-align: middle }
  .colour-0 { color: var(--c0) } .colour-1 { color: var(--c1) } .colour-2 { color: var(--c2) }
  .colour-3 { color: var(--c3) } .colour-4 { color: var(--c4) } .colour-5 { color: var(--c5) }
  .colour-6 { color: var(--c6) } .colour-7 { color: var(--c7) }
  .wide { overflow-x: auto }
  table { border-collapse: collapse; margin-top: 0.5rem; font-variant-numeric: tabular-nums }
  th, td { padding: 0.35rem 1.5rem 0.35rem 0; text-align: left; border-bottom: 1px solid var(--rule);}
  th, td { white-space: nowrap }
  td.number, th.number { text-align: right }
  td small { color: var(--faint); margin-left: 0.4rem }
  pre { overflow-x: auto; padding: 1rem; background: var(--card); border-radius: 8px; font: 0.85rem/1.5 ui-monospace }
</style>`

// parts ----------------------------------------------------------------------------------

const note = (text: string): Html => (text === '' ? nothing : markup`<p class="note">${text}</p>`)

const section = (title: string, parts: ReadonlyArray<Html>, around = 'stack'): Html =>
  parts.length === 0 ? nothing : markup`<section><h2>${title}</h2><div class="${around}">${parts}</div></section>`

const shownClip = ({ caption, gif }: Shown): Html =>
  markup`<figure><img src="${toUri(gif)}" alt="${caption}"><figcaption>${caption}</figcaption></figure>`

const group = ({ title, note: text, clips }: Group): Html =>
  markup`<h3>${title}</h3>${note(text)}<div class="clips">${clips.map(shownClip)}</div>`

const cell = (value: Cell): Html =>
  typeof value === 'string'
    ? markup`<td>${value}</td>`
    : typeof value === 'number'
      ? markup`<td class="number">${brief(value)}</td>`
      : markup`<td class="number">${brief(value.value)}<small>${brief(value.low)} – ${brief(value.high)}</small></td>`

const heading =
  ({ rows }: Table) =>
  (title: string, column: number): Html =>
    typeof (rows[0]?.[column] ?? '') === 'string' ? markup`<th>${title}</th>` : markup`<th class="number">${title}</th>`

const table = (of: Table): Html =>
  markup`<h3>${of.title}</h3>${note(of.note)}<div class="wide"><table>
<thead><tr>${of.columns.map(heading(of))}</tr></thead>
<tbody>${of.rows.map((row) => markup`<tr>${row.map(cell)}</tr>`)}</tbody>
</table></div>`

/** The page, as text. */
export const render = (report: Report): string =>
  markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>${report.title}</title>
${style}
</head>
<body>
<h1>${report.title}</h1>
${report.summary.map((text) => markup`<p>${text}</p>`)}
${section('Clips', report.groups.map(group))}
${section('Measures', report.tables.map(table))}
${section('Curves', report.plots.map(draw), 'plots')}
${section('Configuration', report.config === '' ? [] : [markup`<pre>${report.config}</pre>`])}
</body>
</html>
`.text
