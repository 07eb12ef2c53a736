/** Whatever is wrong, a function says it in the name that the user wrote, and building never fails. */
import { describe, expect, it } from 'vitest'
import type { Type } from '../../src/core/Expr.ts'
import { show } from '../../src/core/Fault.ts'
import type { Shape } from '../../src/core/Shape.ts'
import { built } from './built.ts'
import { callOf, operandsOf, samples, type Sample } from './samples.ts'

const shapes: ReadonlyArray<Shape> = [[], [2], [7], [1, 1], [2, 5], [3, 0, 2], [5, 4, 3, 2, 6]]

/** The operands with one of them, or all, of another shape. */
const reshaped = (name: string, sample: Sample): ReadonlyArray<ReadonlyMap<string, Type>> => {
  const operands = [...operandsOf(name, sample, 'f32')]
  const by = (shape: Shape, at: (i: number) => boolean): ReadonlyMap<string, Type> =>
    new Map(operands.map(([input, type], i) => [input, at(i) ? { ...type, shape } : type]))
  return shapes.flatMap((shape) => [by(shape, () => true), ...operands.map((_, i) => by(shape, (j) => i === j))])
}

/** Whether a sentence begins with a function that the text calls. */
const isOf = (text: string, sentence: string): boolean => new RegExp(`\\b${sentence.split(':')[0]}\\b`).test(text)

describe('every public function speaks in its own name', () => {
  for (const [name, { made, sentences }] of Object.entries(built))
    it(`in the table of wrong calls: ${name}`, () => {
      expect(sentences.filter((sentence) => !isOf(made.toString(), sentence))).toEqual([])
      expect(made().faults.map(show)).toEqual(sentences)
    })

  for (const [name, sample] of Object.entries(samples))
    it(`of operands that do not fit: ${name}`, () => {
      const said = reshaped(name, sample).flatMap((operands) =>
        callOf(sample, operands, 'f32').flatMap(({ faults }) => faults.map(show))
      )

      expect(said.filter((sentence) => !sentence.startsWith(`${name}: `))).toEqual([])
    })
})
