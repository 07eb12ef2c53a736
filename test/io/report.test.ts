import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { encode } from '../../src/io/gif.ts'
import { escape, markup } from '../../src/io/html.ts'
import { brief, draw, logTicks, niceTicks, type Plot } from '../../src/io/plot.ts'
import { render, type Report } from '../../src/io/report.ts'

const gif = encode({ frames: 1, height: 1, width: 1, channels: 1, pixels: [0] })
const plot: Plot = {
  title: 'loss',
  x: 'step',
  y: 'mean squared error',
  logarithmic: false,
  series: [
    {
      name: 'training',
      points: [
        [0, 1],
        [1, 0.5],
        [2, 0.25]
      ]
    }
  ]
}
const report = (text: string): Report => ({
  title: text,
  summary: [text],
  groups: [{ title: text, note: text, clips: [{ caption: text, gif }] }],
  plots: [
    {
      ...plot,
      title: text,
      x: text,
      y: text,
      series: [
        { name: text, points: [[0, 1]] },
        { name: text, points: [] }
      ]
    }
  ],
  tables: [
    { title: text, note: text, columns: ['model', text], rows: [[text, { value: 0.83, low: 0.79, high: 0.87 }]] }
  ],
  config: text
})

/** Names of elements that are open at the end, or closed without being open. */
const unbalanced = (page: string): ReadonlyArray<string> => {
  const open: Array<string> = []
  for (const [, slash, name = '', rest = ''] of page.matchAll(/<(\/?)([a-z][a-z0-9]*)([^>]*)>/g)) {
    if (slash === '/') {
      if (open.pop() !== name) return [`</${name}>`]
    } else if (!['meta', 'img'].includes(name) && !rest.endsWith('/')) open.push(name)
  }
  return open
}

/** The points of the lines of a drawing. */
const lines = (svg: string): ReadonlyArray<ReadonlyArray<readonly number[]>> =>
  [...svg.matchAll(/points="([^"]*)"/g)].map(([, points = '']) =>
    points === '' ? [] : points.split(' ').map((p) => p.split(',').map(Number))
  )

describe('a report', () => {
  it('shows any text as it is, wherever it stands', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const marked = `<script>&"'${text}`
        const page = render(report(marked))
        expect(page.split(escape(marked)).length - 1).toBe(18)
        expect(page).not.toContain('<script')
        expect(unbalanced(page)).toEqual([])
      })
    )
  })

  it('refers to nothing outside itself', () => {
    const page = render(report('x'))
    expect(page).not.toMatch(/https?:|@import|<link|<script|url\(/)
    expect([...page.matchAll(/src="([^"]{0,16})/g)].map(([, start]) => start)).toEqual(['data:image/gif;b'])
  })

  it('leaves out sections that have nothing in them', () => {
    const empty = render({ title: 'x', summary: [], groups: [], plots: [], tables: [], config: '' })
    expect(empty).not.toContain('<h2>')
  })

  it('gives measures with their intervals', () => {
    expect(render(report('x'))).toContain('0.83<small>0.79 – 0.87</small>')
  })
})

describe('markup', () => {
  it('escapes text and keeps markup', () => {
    expect(markup`<b>${'<&>'}${markup`<i>${1}</i>`}</b>`.text).toBe('<b>&lt;&amp;&gt;<i>1</i></b>')
  })
})

describe('a plot', () => {
  it('has its points in order, higher values higher up', () => {
    const [points = []] = lines(draw(plot).text)
    expect(points.map(([x]) => x)).toEqual([64, 346, 628])
    expect(points.map(([, y]) => y)).toEqual([12, 174.7, 256])
  })

  it('has equal steps for equal ratios on a logarithmic axis, without points that have no place there', () => {
    const series = [
      {
        name: 'x',
        points: [
          [0, 100],
          [1, 10],
          [2, 1],
          [3, 0],
          [4, NaN]
        ] as const
      }
    ]
    const [points = []] = lines(draw({ ...plot, logarithmic: true, series }).text)
    expect(points.map(([, y]) => y)).toEqual([12, 134, 256])
  })

  it('stays on its paper, whatever the values', () => {
    const value = fc.oneof(fc.double({ min: -1e9, max: 1e9, noNaN: true }), fc.constantFrom(NaN, Infinity, 0, 3))
    fc.assert(
      fc.property(fc.array(fc.tuple(value, value)), fc.boolean(), (points, logarithmic) => {
        const svg = draw({ ...plot, logarithmic, series: [{ name: 'x', points }] }).text
        expect(svg).not.toContain('NaN')
        expect(svg).not.toContain('Infinity')
        for (const [x = NaN, y = NaN] of lines(svg).flat()) {
          expect(x >= 63.9 && x <= 628.1).toBe(true)
          expect(y >= 11.9 && y <= 256.1).toBe(true)
        }
      })
    )
  })

  it('of a long series is short, and keeps its extremes', () => {
    const points = Array.from({ length: 100_000 }, (_, i) => [i, i === 54_321 ? 100 : Math.sin(i)] as const)
    const [shown = []] = lines(draw({ ...plot, series: [{ name: 'x', points }] }).text)
    expect(shown.length).toBeLessThan(1300)
    expect(Math.min(...shown.map(([, y = NaN]) => y))).toBe(12)
  })
})

describe('ticks', () => {
  it('are round and within the range', () => {
    expect(niceTicks([0, 1], 5)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1])
    expect(niceTicks([-3, 12], 5)).toEqual([0, 5, 10])
    expect(logTicks([0.01, 1])).toEqual([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1])
    expect(logTicks([1e-6, 1])).toEqual([1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1])
  })

  it('are a handful, for every range', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e6, max: 1e6, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e6, noNaN: true }),
        (low, width) => {
          const ticks = niceTicks([low, low + width], 5)
          expect(ticks.length >= 1 && ticks.length <= 7).toBe(true)
        }
      )
    )
  })

  it('are written briefly', () => {
    expect([0, 1, -2.5, 0.1234567, 1e-5, 1234567, 123456].map(brief)).toEqual([
      '0',
      '1',
      '-2.5',
      '0.1235',
      '1e-5',
      '1.235e6',
      '123500'
    ])
  })
})
