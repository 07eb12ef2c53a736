/** Parameters of an operation, one number or one list of numbers changed: other axes, another order, another size. */
import type { Params } from '../../src/core/Expr.ts'

type Variant = readonly [name: string, value: unknown]

const isNumbers = (value: unknown): value is ReadonlyArray<number> =>
  Array.isArray(value) && value.length > 0 && value.every((x) => typeof x === 'number')

const isPlain = (value: unknown): value is Params =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype

const replaced = (list: ReadonlyArray<number>, at: number, by: number): ReadonlyArray<number> =>
  list.map((x, i) => (i === at ? by : x))

const ofList = (list: ReadonlyArray<number>): ReadonlyArray<Variant> => [
  ...(list.length > 1 ? [['reversed', list.toReversed()] as const] : []),
  ...(list.length > 2 ? [['rotated', [...list.slice(1), ...list.slice(0, 1)]] as const] : []),
  ...list.flatMap(
    (x, i): ReadonlyArray<Variant> => [
      [`[${i}] + 1`, replaced(list, i, x + 1)],
      [`[${i}] - 1`, replaced(list, i, x - 1)]
    ]
  )
]

const ofValue = (value: unknown): ReadonlyArray<Variant> =>
  typeof value === 'number'
    ? [
        [' + 1', value + 1],
        [' - 1', value - 1]
      ]
    : isNumbers(value)
      ? ofList(value).map(([name, list]) => [` ${name}`, list] as const)
      : isPlain(value) && !('term' in value) && !('variables' in value)
        ? variants(value).map(([name, inner]) => [`.${name}`, inner] as const)
        : []

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

/** Every set of parameters that differs in one place, by what differs. */
export const variants = (params: Params): ReadonlyArray<readonly [name: string, params: Params]> =>
  Object.entries(params).flatMap(([key, value]) =>
    ofValue(value)
      .filter(([, other]) => !same(other, value))
      .map(([name, other]) => [`${key}${name}`, { ...params, [key]: other }] as const)
  )
