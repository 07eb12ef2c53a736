/**
 * Graphs with the values of their inputs as text, and back: what a counterexample is printed as, and replayed from. The
 * text of the graph comes first, then a line for each input: its name, its type, its elements.
 */
import type { DType } from '../src/core/DType.ts'
import { topological, type Expr } from '../src/core/Expr.ts'
import { E, pipe } from '../src/core/fp.ts'
import { equal } from '../src/core/Shape.ts'
import { tensor, type Tensor } from '../src/core/Tensor.ts'
import type { Environment } from '../src/interpret/evaluate.ts'
import { parse, showUnreadable } from '../src/interpret/parse.ts'
import { show, showNumber } from '../src/interpret/show.ts'
import type * as fc from 'fast-check'
import { from, law, unless, type Laws, type Verdict } from './Laws.ts'

const text = from('the contract of `parse`, `src/interpret/parse.ts`')

// model ----------------------------------------------------------------------------------

/** Roots, and a value for every input below them. */
export interface Given {
  readonly roots: ReadonlyArray<Expr>
  readonly environment: Environment
}

const mark = '\nwith\n'

// writing --------------------------------------------------------------------------------

const inputNames = (roots: ReadonlyArray<Expr>): ReadonlyArray<string> =>
  topological(roots).flatMap(({ term }) => (term._tag === 'Input' ? [term.name] : []))

const showValue = (name: string, { dtype, shape, data }: Tensor): string =>
  [JSON.stringify(name), `${dtype}[${shape.join(',')}]`, ...Array.from(data, showNumber)].join(' ')

/** A graph with values for its inputs. */
export const write = ({ roots, environment }: Given): string => {
  const values = inputNames(roots).flatMap((name) => {
    const value = environment.get(name)
    return value === undefined ? [] : [showValue(name, value)]
  })
  return [show(roots), mark.trim(), ...values].join('\n')
}

// reading --------------------------------------------------------------------------------

const pattern = /^("(?:[^"\\]|\\.)*") (\w+)\[([\d,]*)\](.*)$/

const readValue = (line: string): readonly [string, Tensor] | undefined => {
  const [, name, dtype, sizes = '', numbers = ''] = pattern.exec(line) ?? []
  if (name === undefined) return undefined
  const values = numbers.split(' ').slice(1).map(Number)
  const shape = sizes === '' ? [] : sizes.split(',').map(Number)
  return [JSON.parse(name) as string, tensor(dtype as DType, shape, Float64Array.from(values))]
}

const readValues = (lines: ReadonlyArray<string>): E.Either<string, Environment> => {
  const read = lines.map(readValue)
  const bad = read.indexOf(undefined)
  return bad < 0
    ? E.right(new Map(read.filter((value) => value !== undefined)))
    : E.left(`this is not a value: ${lines[bad]}`)
}

/** What `write` wrote. */
export const read = (written: string): E.Either<string, Given> => {
  const [graph = '', values = ''] = written.split(mark)
  return pipe(
    parse(graph.trim()),
    E.mapLeft(showUnreadable),
    E.flatMap((roots) =>
      pipe(
        readValues(values.split('\n').filter((line) => line.trim() !== '')),
        E.map((environment) => ({ roots, environment }))
      )
    )
  )
}

// laws -----------------------------------------------------------------------------------

const sameTensor = (a: Tensor | undefined, b: Tensor | undefined): boolean =>
  a !== undefined &&
  b !== undefined &&
  a.dtype === b.dtype &&
  equal(a.shape, b.shape) &&
  a.data.every((x, i) => Object.is(x, b.data[i]))

const readsBack = (given: Given, written: string, reader: typeof read): Verdict => {
  const again = reader(written)
  if (E.isLeft(again)) return again.left
  const lost = inputNames(given.roots).find(
    (name) => !sameTensor(given.environment.get(name), again.right.environment.get(name))
  )
  const other = given.roots.findIndex((root, i) => root !== again.right.roots[i])
  return other >= 0 ? `root ${other} is another` : unless(lost === undefined, () => `the value of ${lost} is another`)
}

/** How a graph and its values are written down and read. */
export interface GraphText {
  readonly write: (given: Given) => string
  readonly read: (written: string) => E.Either<string, Given>
}

/** A counterexample can be read back: the same nodes, by identity, and the same numbers. */
export const graphText = (subject: GraphText, graphs: fc.Arbitrary<Given>): Laws => ({
  'what is printed reads back as the same graph, with the same numbers': law(
    text('read ∘ write = id'),
    graphs,
    (given) => readsBack(given, subject.write(given), subject.read)
  )
})
