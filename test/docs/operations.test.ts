import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { operationsPage } from '../../docs/generate/operations.ts'
import { errorOf, rounded, type Precision } from '../../docs/generate/precision.ts'
import { constructors } from '../../docs/generate/signatures.ts'
import { floats, tensor } from '../../src/core/Tensor.ts'
import * as api from '../../src/ops/api.ts'
import { ops } from '../../src/ops/registry.ts'

const at = (path: string): string => readFileSync(new URL(`../../docs/${path}`, import.meta.url), 'utf8')

const page = at('operations.md')
const sectionsOf = (text = ''): ReadonlyArray<string> =>
  [...text.matchAll(/^### (\w+)$/gm)].map(([, name = '']) => name).toSorted()
const precision = JSON.parse(at('generate/precision.json')) as Precision
const all = Object.values(ops)

describe('the page of operations', () => {
  it('has a section for every operation', () => {
    expect(sectionsOf(page.split('## Functions')[0])).toEqual(all.map(({ name }) => name).toSorted())
  })

  it('has a section for every function that users call', () => {
    const called = Object.entries(api).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []))

    expect(called.filter((name) => !sectionsOf(page).includes(name))).toEqual([])
  })

  it('says what a function is made of, through what it does not export', () => {
    const uses = (wanted: string) => constructors.find(({ name }) => name === wanted)?.uses

    expect(uses('mean')).toContain('sum')
    expect(uses('crossEntropy')).toEqual(
      expect.arrayContaining(['div', 'equal', 'less', 'logSoftmax', 'mean', 'neg', 'take', 'takeAlong', 'where'])
    )
    expect(uses('crossEntropy')).not.toContain('slice')
    expect(uses('scalar')).toEqual([])
  })

  it('says what the records say: run `npm run docs` where it does not', () => {
    expect(page).toBe(operationsPage(all, precision))
  })

  it('has a measured error of every operation on both targets', () => {
    const measured = all.filter(({ examples }) => examples.length > 0).map(({ name }) => name)

    for (const { adapter, errors } of [precision.onnx, precision.wgsl]) {
      expect(adapter).not.toBe('')
      expect(measured.filter((name) => errors[name] === undefined)).toEqual([])
      expect(Object.entries(errors).filter(([, error]) => !(Number(error) < 1e-5))).toEqual([])
    }
  })

  it('gives no type that the source does not give', () => {
    expect(constructors.find(({ name }) => name === 'matmul')?.signature).toMatch(
      /^matmul: <D extends DType, A extends Shape, B extends Shape>\(x: Expr<D, A>.*, y: .+\) => Expr<D, Out<Matmul<A, B>>>$/
    )
    expect(constructors.filter(({ signature }) => /: $/.test(signature))).toEqual([])
  })
})

describe('a measured error', () => {
  it('is relative to the largest element', () => {
    expect(errorOf(floats([2], [1, 9]), floats([2], [1, 10]))).toBeCloseTo(0.1)
  })

  it('of integers is the share that differs', () => {
    const words = (...values: ReadonlyArray<number>) => tensor('u32', [2], Uint32Array.from(values))

    expect(errorOf(words(1, 2), words(1, 3))).toBe(0.5)
  })

  it('is rounded to one digit', () => {
    expect([0, 1.23e-7, 9.6e-7, NaN].map(rounded)).toEqual(['0', '1e-7', '1e-6', 'no number'])
  })
})
