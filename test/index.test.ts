import { expect, it } from 'vitest'
import * as fluxion from '../src/index.ts'
import * as laws from '../laws/index.ts'

it('the public surface builds, differentiates, evaluates and compiles', () => {
  const x = fluxion.input('x', 'f32', [2])
  const loss = fluxion.sum('all')(fluxion.square(x))
  const { x: slope } = fluxion.gradOf(loss)({ x })

  const values = fluxion.evaluate(new Map([['x', fluxion.Tensor.floats([2], [3, -1])]]))([slope])

  expect(values).toMatchObject({ _tag: 'Right', right: [{ data: Float64Array.of(6, -2) }] })
  expect(fluxion.compile.program({ slope })._tag).toBe('Right')
})

it('the public surface has every layer', () => {
  const layers = [fluxion.nn, fluxion.optim, fluxion.flow, fluxion.tmd, fluxion.measure, fluxion.runtime, fluxion.io]

  expect(layers.filter((layer) => Object.keys(layer).length === 0)).toEqual([])
})

it('every suite of laws that takes a subject has mutants beside it', () => {
  expect(Object.values(laws.mutants).flat().length).toBeGreaterThan(60)
})
