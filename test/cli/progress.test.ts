import { describe, expect, it } from 'vitest'
import { screen } from '../../src/cli/progress.ts'
import { inBatches } from '../../src/cli/teacher.ts'
import { labelsOf } from '../../src/cli/clips.ts'
import { evaluate, evaluationDefaults } from '../../src/cli/evaluate.ts'
import { E, TE } from '../../src/core/fp.ts'
import { key } from '../../src/core/Key.ts'
import { dataDefaults } from '../../src/cli/configs.ts'
import { labels } from '../../src/data/movingDigits.ts'
import { clipSize } from '../../src/cli/inputs.ts'
import type { Clips } from '../../src/cli/judge.ts'

const pipeOf = (): { readonly out: NodeJS.WriteStream; readonly lines: Array<string> } => {
  const lines: Array<string> = []
  return { lines, out: { isTTY: false, write: (line: string) => lines.push(line) } as unknown as NodeJS.WriteStream }
}

describe('a screen', () => {
  it('shows the first line at once, and the newest at the end whenever it came', () => {
    const { out, lines } = pipeOf()
    const shown = screen(out)

    shown.show('0')
    shown.show('1')
    shown.show('2')
    shown.end()
    shown.show('another')

    expect(lines).toEqual(['0\n', '2\n', 'another\n'])
  })
})

/** A system that fills clips with one number, three at a time. */
const system = {
  name: 'grey',
  nfe: 1,
  generate: inBatches(3, clipSize(dataDefaults), (labels) =>
    TE.right(new Float32Array(labels.length * clipSize(dataDefaults)).fill(0.5))
  )
}

describe('making clips', () => {
  it('tells how many are done after every batch, those that fill up the last not counted', async () => {
    const told: Array<number> = []

    const made = await system.generate(labelsOf(key(0), 7), key(1), (clips) => told.push(clips))()

    expect(told).toEqual([3, 6, 7])
    expect(E.isRight(made) && made.right.length).toBe(7 * clipSize(dataDefaults))
  })
})

describe('making a batch', () => {
  it('tells its fraction as that many clips of the batch', async () => {
    const told: Array<number> = []
    const halves = inBatches(4, 1, (labels, _, part) => {
      part(0.5)
      return TE.right(new Float32Array(labels.length))
    })

    await halves(labelsOf(key(0), 6), key(1), (clips) => told.push(clips))()

    expect(told).toEqual([2, 4, 6, 6])
  })
})

describe('an evaluation', () => {
  it('shows how many clips of the current system are done, of how many, and the time left', async () => {
    const lines: Array<string> = []
    const judge = ({ labels: { length }, pixels }: Clips) =>
      TE.right({
        count: length,
        digit: Array.from({ length }, () => true),
        direction: Array.from({ length }, () => true),
        features: { width: 1, rows: Float64Array.from({ length }, (_, i) => pixels[i] ?? 0) },
        motion: new Float64Array(length).fill(1)
      })
    const images = labels.map(({ digit }, index) => ({ digit, index, pixels: new Float32Array(28 * 28).fill(1) }))

    const result = await evaluate({
      judge,
      digits: { training: images, heldOut: images },
      data: dataDefaults,
      options: { ...evaluationDefaults, clips: 7, resamples: 2 },
      screen: { show: (line) => lines.push(line), end: () => lines.push('end') }
    })([system])()

    expect(E.isRight(result) && result.right.rows.map(({ name }) => name)).toEqual(['real clips, held out', 'grey'])
    expect(lines.map((line) => line.replace(/ [█░]+/, '').replace(/7[ ,].*/, '7'))).toEqual([
      'grey 0/7',
      'grey 3/7',
      'grey 6/7',
      'grey 7/7',
      'end'
    ])
    expect(lines[1]).toMatch(/ms\/clip, \d+s left$/)
  })
})
