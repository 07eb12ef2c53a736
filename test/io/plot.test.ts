import { describe, expect, it } from 'vitest'
import { image, type Plot } from '../../src/io/plot.ts'

const plot = (...names: ReadonlyArray<string>): Plot => ({
  title: 'Loss < 1',
  ...{ x: 'step', y: 'loss', logarithmic: true },
  series: names.map((name, i) => ({
    name,
    points: [
      [0, 1],
      [1, 0.5 / (i + 1)]
    ]
  }))
})

const count = (text: string, part: RegExp): number => [...text.matchAll(part)].length

describe('image', () => {
  it('stands alone: its namespace, its colours and its title are in it', () => {
    const svg = image(plot('a'))

    expect(svg).toMatch(/^<svg xmlns="http:\/\/www.w3.org\/2000\/svg" viewBox="0 0 \d+ \d+"/)
    expect(svg).toContain('.colour-0 { color: #2f6fd0 }')
    expect(svg).toContain('Loss &lt; 1')
  })

  it('names its lines where there are several', () => {
    expect(count(image(plot('a')), /class="key/g)).toBe(0)
    expect(count(image(plot('a', 'b')), /class="key/g)).toBe(2)
    expect(count(image(plot('a', 'b')), /<polyline/g)).toBe(2)
  })
})
