/**
 * Graphs as text, one node a line after its operands, so that a graph can be read, compared, kept and given back by
 * `parse`. The text depends on the graph's description alone: equal graphs have equal texts, on every machine.
 *
 * Laws: `laws/codec.ts` (`parse ∘ show = id`, by identity).
 */
import type { Expr } from '../core/Expr.ts'
import { show as sentence } from '../core/Fault.ts'
import { absurd } from '../core/fp.ts'
import { listing, type Content, type Line, type Section } from './listing.ts'

// values ---------------------------------------------------------------------------------

/** The shortest text that reads back as the same number. */
export const showNumber = (value: number): string => (Object.is(value, -0) ? '-0' : String(value))

/** JSON, with words for the numbers that JSON has none for. */
const showValue = (value: unknown): string =>
  typeof value === 'number'
    ? showNumber(value)
    : Array.isArray(value)
      ? `[${value.map(showValue).join(',')}]`
      : typeof value === 'object' && value !== null
        ? `{${Object.entries(value)
            .map(([key, x]) => `${JSON.stringify(key)}:${showValue(x)}`)
            .join(',')}}`
        : String(JSON.stringify(value))

// nodes ----------------------------------------------------------------------------------

const name = (place: number): string => `%${place}`
const names = (places: ReadonlyArray<number>): string => places.map(name).join(', ')

const showContent = (content: Content): string => {
  switch (content._tag) {
    case 'Input':
      return `input ${JSON.stringify(content.name)}`
    case 'Constant':
      return ['constant', ...Array.from(content.data, showNumber)].join(' ')
    case 'Apply': {
      const { op, inputs, params } = content
      return `${op}(${names(inputs)})${Object.keys(params).length === 0 ? '' : ` ${showValue(params)}`}`
    }
    default:
      return absurd(content)
  }
}

const showType = ({ dtype, shape, faults }: Line): string =>
  faults.length > 0 ? `! ${faults.map(sentence).join('; ')}` : `: ${dtype}[${shape.join(',')}]`

const body = ({ lines, results }: Section): ReadonlyArray<string> => [
  ...lines.map((line, i) => `${name(i)} = ${showContent(line.content)} ${showType(line)}`),
  `return ${names(results)}`.trimEnd()
]

const showSection = (section: Section, i: number, all: ReadonlyArray<Section>): ReadonlyArray<string> =>
  i === all.length - 1
    ? body(section)
    : [`@${i} = function(${names(section.variables)})`, ...body(section).map((line) => `  ${line}`)]

// the graph ------------------------------------------------------------------------------

/**
 * The graph below `roots`:
 *
 * @example
 * show([sum([1])(square(input('x', 'f32', [2, 3])))])
 * // %0 = input "x" : f32[2,3]
 * // %1 = mul(%0, %0) : f32[2,3]
 * // %2 = sum(%1) {"axes":[1]} : f32[2]
 * // return %2
 *
 * The body of a loop, and every other function that a node holds, stands before the graph, and is named by its number:
 *
 * @example
 * show([iterate(3, (y: Real) => add(y, y))(input('x', 'f32', [2]))])
 * // @0 = function(%0, %1)
 * //   %0 = input "%0" : f32[2]
 * //   %1 = input "%1" : i32[]
 * //   %2 = add(%0, %0) : f32[2]
 * //   return %2, %0
 * // …
 * // %2 = scan(%0, %1) {"body":{"@":0},"carries":1,…} : f32[8]
 */
export const show = (roots: ReadonlyArray<Expr>): string => listing(roots).sections.flatMap(showSection).join('\n')
