/**
 * Broken lowerings to WGSL: one token of the texts that an operation writes is another. What it is handed (indices of
 * the kernel, operands as they are loaded) stands in its texts as a name, so that only what it wrote itself is changed.
 */
import type { Params } from '../../src/core/Expr.ts'
import type { At, Scope, Wgsl } from '../../src/core/Lowering.ts'
import type { Op } from '../../src/core/Op.ts'
import { numbered } from './Mutant.ts'

type TextChange = readonly [name: string, text: string]

// tokens ---------------------------------------------------------------------------------

const operators: Readonly<Record<string, string>> = {
  '+': '-',
  '-': '+',
  '*': '+',
  '/': '*',
  '%': '/',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  '==': '!=',
  '!=': '==',
  '&&': '||',
  '||': '&&',
  '^': '&',
  '&': '|',
  '|': '&',
  '<<': '>>',
  '>>': '<<',
  '+=': '-='
}

/** Calls that change the type, not the value: without them there is no program. */
const casts = ['for', 'if', 'while', 'switch', 'f32', 'i32', 'u32', 'bool', 'bitcast', 'vec2', 'array']

const splice = (text: string, at: number, length: number, by: string): string =>
  text.slice(0, at) + by + text.slice(at + length)

const named = (changes: ReadonlyArray<TextChange>): ReadonlyArray<TextChange> => {
  const names = numbered(changes.map(([name]) => name))
  return changes.map(([, text], i) => [names[i] ?? '', text])
}

const matches = (text: string, pattern: RegExp): ReadonlyArray<RegExpExecArray> => [...text.matchAll(pattern)]

const inOperators = (text: string): ReadonlyArray<TextChange> =>
  matches(text, / (\+=|\+|-|\*|\/|%|<=|>=|<<|>>|<|>|==|!=|&&|\|\||\^|&|\|) /g).map((found) => {
    const [, token = ''] = found
    const by = operators[token] ?? token
    return [`${token} to ${by}`, splice(text, found.index + 1, token.length, by)]
  })

const inSigns = (text: string): ReadonlyArray<TextChange> =>
  matches(text, /(?<=[(,]\s*)[-!](?=[\w(])/g).map((found) => [`without ${found[0]}`, splice(text, found.index, 1, '')])

const anotherNumber = (token: string): string =>
  token.endsWith('u')
    ? `${(Number(token.slice(0, -1)) + 1) % 2 ** 32}u`
    : /[.e]/.test(token)
      ? Number(token) === 0
        ? '1.0'
        : `${token} * 2.0`
      : String(Number(token) + 1)

const inNumbers = (text: string): ReadonlyArray<TextChange> =>
  matches(text, /(?<![\w.])(0x[\da-f]+u|\d+u|\d+\.\d*(e[-+]?\d+)?|\d+)(?![\w.])/g).map((found) => [
    `another number for ${found[0]}`,
    splice(text, found.index, found[0].length, anotherNumber(found[0]))
  ])

/** Where each operand of a call begins and ends, the call's bracket being at `open`. */
const operandsAt = (text: string, open: number): ReadonlyArray<readonly [number, number]> => {
  const out: Array<readonly [number, number]> = [] // local
  const at = { depth: 0, start: open + 1 }
  for (let i = open; i < text.length; i++) {
    const c = text[i] ?? ''
    if (c === ')' || c === ']') at.depth--
    if ((c === ',' && at.depth === 1) || (c === ')' && at.depth === 0)) {
      out.push([at.start, i])
      at.start = i + 1
    }
    if (c === '(' || c === '[') at.depth++
    if (at.depth === 0 && c === ')') return out
  }
  return out
}

const inCalls = (text: string): ReadonlyArray<TextChange> =>
  matches(text, /\b([A-Za-z]\w*)(?:<\w+>)?\(/g).flatMap((found): ReadonlyArray<TextChange> => {
    const [whole, name = ''] = found
    const parts = operandsAt(text, found.index + whole.length - 1)
    const [first, second] = parts
    if (first === undefined || casts.includes(name)) return []
    const own = text.slice(...first)
    const end = parts.at(-1)?.[1] ?? first[1]
    return second === undefined
      ? own.trim() === ''
        ? []
        : [[`without ${name}`, splice(text, found.index, end + 1 - found.index, `(${own})`)]]
      : [
          [
            `operands of ${name} exchanged`,
            `${text.slice(0, first[0])}${text.slice(...second)},${own}${text.slice(second[1])}`
          ],
          ...(name === 'min' || name === 'max'
            ? [[`another function for ${name}`, splice(text, found.index, 3, name === 'min' ? 'max' : 'min')] as const]
            : [])
        ]
  })

/** Every text that differs in one token; a text that is but a name is what was handed in. */
export const textChanges = (text: string): ReadonlyArray<TextChange> =>
  named([...inOperators(text), ...inSigns(text), ...inNumbers(text), ...inCalls(text)])

// scopes ---------------------------------------------------------------------------------

/** Gives each text that is written a chance to be another. */
export type Edit = (kind: string, text: string) => string

/** A scope whose texts are names, and what the names stand for. */
const hidden = (
  scope: Scope<Params>,
  edit: Edit
): { readonly scope: Scope<Params>; readonly shown: (text: string) => string } => {
  const known = new Map<string, string>() // local
  const hide = (text: string): string => {
    if (/^(0u|\w+)$/.test(text)) return text
    const name = `h${known.size}_`
    known.set(name, text)
    return name
  }
  const shown = (text: string): string => text.replace(/\bh\d+_(?!\w)/g, (name) => known.get(name) ?? name)
  const at: At = { shape: scope.at.shape, linear: () => hide(scope.at.linear()), axes: () => scope.at.axes().map(hide) }
  const placed = (place: At): At =>
    place === at
      ? scope.at
      : {
          shape: place.shape,
          linear: () => shown(edit('index', place.linear())),
          axes: () => place.axes().map(shown)
        }
  return {
    shown,
    scope: {
      ...scope,
      at,
      load: (i, place) => {
        const where = placed(place)
        const linear = where.linear()
        return hide(scope.load(i, where === scope.at ? where : { ...where, linear: () => linear }))
      },
      bind: (type, text) => hide(scope.bind(type, shown(edit('bound', text))))
    }
  }
}

const editedBody = (scope: Scope<Params>, edit: Edit, body: (scope: Scope<Params>) => string): string => {
  const inner = hidden(scope, edit)
  return inner.shown(edit('result', body(inner.scope)))
}

/** The lowering with an editor for each time that it is called. */
const edited = (lowering: Wgsl<Params>, editor: () => Edit): Wgsl<Params> =>
  lowering._tag === 'Map'
    ? { ...lowering, element: (scope) => editedBody(scope, editor(), lowering.element) }
    : lowering._tag === 'Contract'
      ? lowering
      : {
          ...lowering,
          count: (inputs, params) => Number(editor()('count', `${lowering.count(inputs, params)}`)),
          identity: (type) => editor()('identity', lowering.identity(type)),
          combine: (a, b, type) =>
            editor()('combine', lowering.combine('a_', 'b_', type)).replace(/\b[ab]_/g, (x) => (x === 'a_' ? a : b)),
          body: (scope, k) => editedBody(scope, editor(), (inner) => lowering.body(inner, k))
        }

// rules ----------------------------------------------------------------------------------

const withWgsl = (op: Op, by: (lowering: Wgsl<Params>) => Wgsl<Params>): Op =>
  op.wgsl === 'derived' ? op : { ...op, wgsl: by(op.wgsl) }

/** The operation whose lowering writes other texts: each is told its place among those of its kind. */
const rewritten = (op: Op, by: (place: string, text: string) => string): Op =>
  withWgsl(op, (lowering) =>
    edited(lowering, () => {
      const kinds: Array<string> = [] // local
      return (kind, text) => {
        kinds.push(kind)
        return by(numbered(kinds).at(-1) ?? '', text)
      }
    })
  )

/** The changes that a lowering offers each time it is called, added to `names`. */
export const listening = (op: Op, names: Set<string>): Op =>
  rewritten(op, (place, text) => {
    textChanges(text).forEach(([name]) => void names.add(`${place}: ${name}`))
    return text
  })

/** The operation whose lowering makes the change wherever it can. */
export const brokenWgsl = (op: Op, change: string): Op =>
  rewritten(op, (place, text) => textChanges(text).find(([name]) => `${place}: ${name}` === change)?.[1] ?? text)
