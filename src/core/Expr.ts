/**
 * `Expr` is a graph of operations, as data: immutable, and the same description gives the same object, so that equality
 * is identity. Building one never fails: an expression whose operands do not fit carries its faults in place of a shape,
 * faults flow to whatever is built on it, and `compile` reports them all at once.
 */
import { isFloat, type DType } from './DType.ts'
import type { Fault, Faults } from './Fault.ts'
import type { Op } from './Op.ts'
import type { Shape } from './Shape.ts'
import { lengthFault, tensor, type Tensor } from './Tensor.ts'

// model ----------------------------------------------------------------------------------

export interface Type {
  readonly dtype: DType
  readonly shape: Shape
}

export type Params = Readonly<Record<string, unknown>>

export type Term =
  | { readonly _tag: 'Input'; readonly name: string }
  | { readonly _tag: 'Constant'; readonly value: Tensor }
  | { readonly _tag: 'Apply'; readonly op: Op; readonly params: Params; readonly inputs: ReadonlyArray<Expr> }

export interface Expr<out D extends DType = DType, out S extends Shape = Shape> {
  readonly dtype: D
  readonly shape: S
  /** Everything wrong with this expression or with what it is built on; its type means nothing unless this is empty. */
  readonly faults: Faults
  readonly term: Term
  /** Equal descriptions have equal ids, within one process; never part of a program's text. */
  readonly id: number
}

export interface Apply extends Expr {
  readonly term: Extract<Term, { readonly _tag: 'Apply' }>
}

export const isExpr = (value: unknown): value is Expr => typeof value === 'object' && value !== null && 'term' in value
export const isApply = (node: Expr): node is Apply => node.term._tag === 'Apply'
export const inputsOf = (node: Expr): ReadonlyArray<Expr> => (node.term._tag === 'Apply' ? node.term.inputs : [])

// constructors ---------------------------------------------------------------------------

// See Note [Sharing]
const table = new Map<string, WeakRef<Expr>>()
const forget = new FinalizationRegistry((text: string) => {
  if (table.get(text)?.deref() === undefined) table.delete(text)
})
const ids = { next: 0 }
const opIds = new WeakMap<Op, number>()

/** Operations are told apart by identity: two of one name are two operations. */
const opId = (op: Op): number => {
  const known = opIds.get(op)
  if (known !== undefined) return known
  const made = ids.next++
  opIds.set(op, made)
  return made
}

/** A text describes one kind of expression. */
const share = <X extends Expr>(text: string, make: (id: number) => X): X => {
  const known = table.get(text)?.deref()
  if (known !== undefined) return known as X
  const made = make(ids.next++)
  table.set(text, new WeakRef(made))
  forget.register(made, text)
  return made
}

const describe = (value: unknown): string =>
  typeof value === 'number'
    ? Object.is(value, -0)
      ? '-0'
      : String(value)
    : isExpr(value)
      ? `#${value.id}`
      : Array.isArray(value)
        ? `[${value.map(describe).join(',')}]`
        : typeof value === 'object' && value !== null
          ? `{${Object.entries(value)
              .map(([name, v]) => `${name}:${describe(v)}`)
              .join(',')}}`
          : JSON.stringify(value)

const faultsOf = (fault: Fault | undefined): Faults => (fault === undefined ? [] : [fault])

const unshaped = (op: string, shape: Shape): Fault | undefined =>
  shape.every((d) => Number.isInteger(d) && d >= 0)
    ? undefined
    : { _tag: 'Invalid', op, why: `[${shape}] is no shape; sizes are whole numbers, 0 at least` }

/** Integers have no fractions: a half that is made one of them would be 0, without a word. */
const unheld = ({ dtype, data }: Tensor): Fault | undefined => {
  const broken = isFloat(dtype) ? undefined : Array.from(data).find((x) => !Number.isInteger(x))
  return broken === undefined ? undefined : { _tag: 'Invalid', op: 'constant', why: `${broken} is no ${dtype}` }
}

/** A value that is given when the program runs. Two inputs of one name and type are the same input. */
export const input = <const D extends DType, const S extends Shape>(name: string, dtype: D, shape: S): Expr<D, S> =>
  share(`input ${JSON.stringify(name)} ${dtype} ${shape}`, (id) => ({
    dtype,
    shape: [...shape] as Shape as S,
    faults: faultsOf(unshaped(`input '${name}'`, shape)),
    term: { _tag: 'Input', name },
    id
  }))

/**
 * A value that a transformation will put something in place of: equal to no other, so that the variables of a function
 * within a function are never taken for one another. A graph that still has one when it is compiled says so.
 */
export const variable = ({ dtype, shape }: Type): Expr => ({
  dtype,
  shape: [...shape],
  faults: [],
  term: { _tag: 'Input', name: 'a variable outside its function' },
  id: ids.next++
})

/** An expression that is nothing but what is wrong. */
export const misfit = (...faults: Faults): Expr => ({
  dtype: 'f32',
  shape: [],
  faults,
  term: { _tag: 'Input', name: '' },
  id: ids.next++
})

/** A tensor that is part of the program. Large ones belong in inputs. */
export const literal = (value: Tensor): Expr =>
  share(`constant ${value.dtype} ${value.shape} ${Array.from(value.data, describe).join(' ')}`, (id) => ({
    dtype: value.dtype,
    shape: value.shape,
    faults: faultsOf(unshaped('constant', value.shape) ?? lengthFault('constant', value) ?? unheld(value)),
    term: { _tag: 'Constant', value },
    id
  }))

/** A number that is part of the program. */
export const scalar = <D extends DType>(value: number, dtype: D): Expr<D, readonly []> =>
  literal(tensor(dtype, [], Float64Array.of(value))) as Expr<D, readonly []>

const isFault = (typing: Type | Fault): typing is Fault => '_tag' in typing

/** What stands in place of a type that there is none of. */
const untyped: Type = { dtype: 'f32', shape: [] }

/** One operation on operands. Total: what does not fit is recorded, not thrown. */
export const apply = (op: Op, inputs: ReadonlyArray<Expr>, params: Params = {}): Apply => {
  const text = `${op.name} ${opId(op)} ${describe(params)} ${inputs.map((x) => x.id).join(' ')}`
  return share(text, (id) => {
    const inherited = inputs.flatMap((x) => x.faults)
    const found: Type | Fault =
      inherited.length > 0
        ? untyped
        : op.arity >= 0 && op.arity !== inputs.length
          ? { _tag: 'WrongInputs', op: op.name, expected: op.arity, got: inputs.length }
          : op.typing(inputs, params)
    const typing = isFault(found) ? found : (unshaped(op.name, found.shape) ?? found)
    const term = { _tag: 'Apply', op, params, inputs } as const
    return isFault(typing)
      ? { ...untyped, faults: [typing], term, id }
      : { dtype: typing.dtype, shape: typing.shape, faults: [...new Set(inherited)], term, id }
  })
}

// traversals -----------------------------------------------------------------------------

/**
 * The nodes below `roots`, every node after its operands; nothing below a node of `leaves`. Iterative: depth is bounded
 * by memory, not by the call stack. The order depends on the graph's description alone.
 */
export const topological = (
  roots: ReadonlyArray<Expr>,
  leaves: { readonly has: (node: Expr) => boolean } = new Set<Expr>()
): ReadonlyArray<Expr> => {
  const done = new Set<Expr>() // local
  const pending: Array<Expr> = [...roots].reverse()
  for (let node = pending.at(-1); node !== undefined; node = pending.at(-1)) {
    const next = done.has(node) || leaves.has(node) ? [] : inputsOf(node).filter((x) => !done.has(x))
    for (const x of next.reverse()) pending.push(x)
    if (next.length > 0) continue
    done.add(node)
    pending.pop()
  }
  return [...done]
}

// Note [Sharing]
// The table makes "equal descriptions" and "same object" one thing: gradients accumulate by identity and common
// subexpressions are shared as they are written. It is the one value at module level that changes; nothing can observe
// it but the identity of objects, and it holds nothing alive.
