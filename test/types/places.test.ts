/** Shapes that the types work out beside the values: what is built is of the shape that its type says, wherever it is built. */
import * as fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Shape } from '../../src/core/Shape.ts'
import * as f from '../../src/ops/api.ts'
import type { Expr } from '../../src/ops/api.ts'
import { compile } from './compiler.ts'

type Real = Expr<'f32'>

interface Call {
  readonly text: string
  readonly built: (x: Real) => Expr
}

/** Calls at an axis, and at it and another. */
const callsAt = (axis: number, other: number): ReadonlyArray<Call> => [
  { text: `f.expandDims(${axis})(x)`, built: (x) => f.expandDims(axis)(x) },
  { text: `f.squeeze(${axis})(x)`, built: (x) => f.squeeze(axis)(x) },
  { text: `f.swapAxes(${axis}, ${other})(x)`, built: (x) => f.swapAxes(axis, other)(x) },
  { text: `f.narrow(${axis}, 0, 1)(x)`, built: (x) => f.narrow(axis, 0, 1)(x) },
  { text: `f.repeat(2, ${axis})(x)`, built: (x) => f.repeat(2, axis)(x) },
  { text: `f.concat(${axis})([x, x])`, built: (x) => f.concat(axis)([x, x]) },
  { text: `f.stack(${axis})([x, x, x])`, built: (x) => f.stack(axis)([x, x, x]) },
  { text: `f.take(${axis})(x, i)`, built: (x) => f.take(axis)(x, f.input('i', 'i32', [7, 8])) },
  { text: `f.argmax(${axis})(x)`, built: (x) => f.argmax(axis)(x) },
  { text: `f.sum([${axis}])(x)`, built: (x) => f.sum([axis])(x) },
  { text: `f.sum([${axis}, ${other}])(x)`, built: (x) => f.sum([axis, other])(x) },
  { text: `f.max([${axis}, ${other}], 'kept')(x)`, built: (x) => f.max([axis, other], 'kept')(x) },
  { text: `f.sum([${axis}, ${other}, 3], 'kept')(x)`, built: (x) => f.sum([axis, other, 3], 'kept')(x) },
  { text: `f.trace(x)`, built: (x) => f.trace(x) }
]

const place = fc.integer({ min: -3, max: 4 })
const drawn = fc.tuple(fc.array(fc.constantFrom(1, 2, 3), { maxLength: 5 }), place, place)

const statements = ([shape, axis, other]: readonly [Shape, number, number], n: number): ReadonlyArray<string> => {
  const x = f.input('x', 'f32', shape)
  return [
    `declare const x${n}: Expr<'f32', readonly [${shape}]>`,
    `export const given${n} = x${n}`,
    ...callsAt(axis, other).flatMap(({ text, built }, k) => {
      const y = built(x)
      const call = text.replace(/\bx\b/g, `x${n}`)
      const name = `y${n}_${k}`
      return y.faults.length > 0
        ? []
        : [`const ${name} = ${call}`, `export const c${name}: Holds<typeof ${name}, readonly [${y.shape}]> = true`]
    })
  ]
}

const text = (body: ReadonlyArray<string>): string =>
  [
    "import * as f from '../../src/ops/api.ts'",
    "import type { Expr } from '../../src/ops/api.ts'",
    "declare const i: Expr<'i32', readonly [7, 8]>",
    'type Holds<Y extends Expr, S> = S extends Y["shape"] ? true : never',
    "export const used: Holds<Expr<'f32', readonly [1]>, readonly [1]> = true",
    'export const index = i',
    ...body
  ].join('\n')

it('what is built at an axis is of the shape that its type says', () => {
  const body = fc.sample(drawn, { numRuns: 150, seed: 7 }).flatMap(statements)

  expect(body.filter((line) => line.includes('Holds')).length).toBeGreaterThan(500)
  expect(compile(text(body))).toBe('')
})

it('a shape that is not that of the type is noticed', () => {
  const wrong = ["declare const x: Expr<'f32', readonly [2, 3]>", 'const y = f.expandDims(0)(x)']

  expect(compile(text([...wrong, 'export const c: Holds<typeof y, readonly [2, 1, 3]> = true']))).toContain('TS2322')
})
