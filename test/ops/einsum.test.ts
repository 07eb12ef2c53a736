import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { difference, f64 } from '../../src/measure/Close.ts'
import type { Expr } from '../../src/core/Expr.ts'
import { size } from '../../src/core/Shape.ts'
import { generate, type Tensor } from '../../src/core/Tensor.ts'
import { constant, einsum, input } from '../../src/ops/api.ts'
import { everyIndex } from '../../src/ops/view.ts'
import { evaluated, faultsOf, numbers, varied } from './evaluated.ts'

const sizes: Readonly<Record<string, number>> = { a: 2, b: 3, c: 2, d: 4 }
const shapeOf = (names: string): ReadonlyArray<number> => [...names].map((name) => sizes[name] ?? 0)

/** The sum over all values of all names, as the equation is read. */
const written = (terms: ReadonlyArray<string>, result: string, xs: ReadonlyArray<Tensor>): Tensor => {
  const names = [...new Set([...terms.join(''), ...result])]
  const sums = new Float64Array(size(shapeOf(result)))
  everyIndex(shapeOf(names.join('')), (index) => {
    const linear = (term: string): number =>
      [...term].reduce((at, name) => at * (sizes[name] ?? 0) + (index[names.indexOf(name)] ?? 0), 0)
    const product = terms.reduce((value, term, i) => value * (xs[i]?.data[linear(term)] ?? NaN), 1)
    sums[linear(result)] = (sums[linear(result)] ?? NaN) + product
  })
  return generate('f32', shapeOf(result), (i) => sums[i] ?? NaN)
}

const term = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 3 }).map((names) => names.join(''))

/** One to four terms, and some of their names in some order. */
const equations = fc.array(term, { minLength: 1, maxLength: 4 }).chain((terms) =>
  fc.record({
    terms: fc.constant(terms),
    result: fc.shuffledSubarray([...new Set(terms.join(''))]).map((names) => names.join(''))
  })
)

const build = einsum as unknown as (equation: string) => (...xs: ReadonlyArray<Expr>) => Expr<'f32'>

describe('einsum', () => {
  it('is the sum that any equation says, of one to four operands', () => {
    fc.assert(
      fc.property(equations, ({ terms, result }) => {
        const xs = terms.map((names) => varied(shapeOf(names)))
        const value = build(`${terms.join(',')}->${result}`)(...xs)

        expect(faultsOf(value)).toEqual([])
        expect(difference(f64, evaluated(value), written(terms, result, xs.map(evaluated)))).toBeUndefined()
      }),
      { numRuns: 300 }
    )
  })

  it('reads words that are apart by spaces', () => {
    const [x, y] = [varied([2, 3, 4]), varied([2, 5, 4])]

    const words = einsum('batch row depth, batch column depth -> batch row column')(x, y)

    expect(numbers(words)).toEqual(numbers(einsum('bid,bjd->bij')(x, y)))
    expect(words.shape).toEqual([2, 3, 5])
  })

  it('takes diagonals and traces', () => {
    const x = constant([2, 2], [1, 2, 3, 4])

    expect(numbers(einsum('ii->i')(x))).toEqual([1, 4])
    expect(numbers(einsum('ii->')(x))).toEqual([5])
  })

  it('says what is wrong with an equation', () => {
    const [x, y] = [
      input('x', 'f32', [2, 3] as ReadonlyArray<number>),
      input('y', 'f32', [4, 3] as ReadonlyArray<number>)
    ]
    const said = (equation: string) => faultsOf(build(equation)(x, y))[0]

    expect(said('ij,ik->jk')).toBe("einsum: sizes differ, 'ij,ik->jk' of [2,3] and [4,3]")
    expect(said('ij,j->i')).toBe("einsum: 'ij,j->i' does not name the axes of [2,3] and [4,3]")
    expect(said('ij->i')).toBe("einsum: 'ij->i' does not name the axes of [2,3] and [4,3]")
    expect(said('ij,kj->iz')).toBe("einsum: 'z' of the result is in no operand, 'ij,kj->iz'")
    expect(said('ij,kj->ii')).toBe("einsum: 'i' of the result is there twice, 'ij,kj->ii'")
    expect(said('ij,kj')).toBe("einsum: 'ij,kj' needs one '->' and an operand")
  })
})
