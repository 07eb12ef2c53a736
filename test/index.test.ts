import { expect, it } from 'vitest'
import * as fluxion from 'fluxion'
import * as laws from 'fluxion/laws'
import * as source from '../src/index.ts'

it('the package by its own name is its source, which need not be built', () => {
  expect(fluxion.add).toBe(source.add)
})

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

it('the laws bring their mutants with them', () => {
  expect(Object.values(laws.mutants).flat().length).toBeGreaterThan(60)
})
