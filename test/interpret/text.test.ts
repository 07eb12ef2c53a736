import { describe, expect, it } from 'vitest'
import { E } from '../../src/core/fp.ts'
import { parse, showUnreadable } from '../../src/interpret/parse.ts'
import { show } from '../../src/interpret/show.ts'
import { input, pad, scale, square, sum, type Expr } from '../../src/ops/api.ts'
import { $ } from '../../src/ops/registry.ts'

const x = input('x', 'f32', [2, 3])

const why = (text: string): string => {
  const read = parse(text)
  return E.isLeft(read) ? showUnreadable(read.left) : 'was read'
}

describe('the text of a graph', () => {
  it('has a node on each line, after its operands', () => {
    expect(show([sum([1])(square(x)), x])).toBe(
      [
        '%0 = input "x" : f32[2,3]',
        '%1 = mul(%0, %0) : f32[2,3]',
        '%2 = sum(%1) {"axes":[1]} : f32[2]',
        'return %2, %0'
      ].join('\n')
    )
  })

  it('gives back the same objects', () => {
    const roots = [sum('all')(scale(-0.1)(x)), pad([[1, 0], [0, 2]], -Infinity)(x)] // prettier-ignore

    expect(parse(show(roots))).toEqual(E.right(roots))
  })

  it('keeps names that look like text of its own', () => {
    const odd = input('a" : f32[1] = %0\n\\', 'f32', [])

    expect(parse(show([odd]))).toEqual(E.right([odd]))
  })

  it('says what is wrong where something is', () => {
    expect(show([$.add(x, input('y', 'f32', [4]))])).toContain('add(%0, %1) ! add: shapes differ, [2,3] and [4]')
  })

  it('brings faults back with the graph', () => {
    const wrong: Expr = $.add(x, input('y', 'f32', [4]))

    expect(parse(show([wrong]))).toEqual(E.right([wrong]))
  })
})

describe('a text that is not of a graph', () => {
  it('is refused at the line that cannot be read', () => {
    expect(why('%0 = input "x" : f32[2]\n%1 = sinh(%0) : f32[2]\nreturn %1')).toBe(
      "line 2: there is no operation 'sinh'"
    )
    expect(why('%0 = input "x" : f32[2]\n%1 = sin(%7) : f32[2]\nreturn %1')).toBe('line 2: %7 is not defined above')
    expect(why('%0 = input "x" : f32[2]\n%1 = sin(%0) : f32[3]\nreturn %1')).toBe(
      'line 2: the text says f32[3], the type is f32[2]'
    )
    expect(why('%0 = input "x" : f32[2]')).toBe('line 1: the text ends without a return')
    expect(why('x = 3')).toBe('line 1: not a node: x = 3')
    expect(why('%0 = input "x" : f32[2]\n%1 = sum(%0) {axes} : f32[]\nreturn %1')).toBe(
      'line 2: parameters are not JSON: {axes}'
    )
  })
})
