/**
 * Parameters as trees: nested records and arrays of leaves. A leaf's name is its path, joined by dots; names are
 * stable, and are the names in checkpoints.
 *
 * Laws: `laws/tree.ts` (functor; `unflatten ∘ flatten = id`).
 */
export type Tree<A> = A | { readonly [name: string]: Tree<A> } | ReadonlyArray<Tree<A>>

/** The tree `T` with every leaf of type `A` replaced by `B`. */
export type Mapped<T, A, B> = T extends A ? B : { readonly [K in keyof T]: Mapped<T[K], A, B> }

type IsLeaf = (value: unknown) => boolean

/** Trees whose leaves are those values that `isLeaf` accepts. */
export interface Trees<A> {
  readonly flatten: <T>(tree: T, prefix?: string) => ReadonlyArray<readonly [name: string, leaf: A]>
  readonly map: <T, B>(tree: T, f: (leaf: A, name: string) => B) => Mapped<T, A, B>
  /** A tree of the same form, with leaves looked up by name. */
  readonly unflatten: <T, B>(tree: T, leaves: ReadonlyMap<string, B>) => Mapped<T, A, B>
  /** Two trees of one form, leaf by leaf. */
  readonly zip: <T, B, C>(tree: T, other: Mapped<T, A, B>, f: (a: A, b: B, name: string) => C) => Mapped<T, A, C>
}

/** What is neither a leaf nor holds any, such as `null`, the condition of a model without one, is a tree of no leaves. */
const isEmpty = (value: unknown): boolean => typeof value !== 'object' || value === null

const join = (prefix: string, name: string): string => (prefix === '' ? name : `${prefix}.${name}`)

const walk = (
  isLeaf: IsLeaf,
  value: unknown,
  name: string,
  visit: (leaf: unknown, name: string) => unknown
): unknown =>
  isLeaf(value)
    ? visit(value, name)
    : isEmpty(value)
      ? value
      : Array.isArray(value)
        ? value.map((child, i) => walk(isLeaf, child, join(name, String(i)), visit))
        : Object.fromEntries(
            Object.entries(value as object).map(([key, child]) => [key, walk(isLeaf, child, join(name, key), visit)])
          )

export const trees = <A>(isLeaf: (value: unknown) => value is A): Trees<A> => {
  const flatten: Trees<A>['flatten'] = (tree, prefix = '') => {
    const out: Array<readonly [string, A]> = [] // local
    walk(isLeaf, tree, prefix, (leaf, name) => out.push([name, leaf as A]))
    return out
  }
  const map = <T, B>(tree: T, f: (leaf: A, name: string) => B): Mapped<T, A, B> =>
    walk(isLeaf, tree, '', (leaf, name) => f(leaf as A, name)) as Mapped<T, A, B>
  return {
    flatten,
    map,
    unflatten: <T, B>(tree: T, leaves: ReadonlyMap<string, B>) => map(tree, (_, name) => leaves.get(name) as B),
    zip: <T, B, C>(tree: T, other: Mapped<T, A, B>, f: (a: A, b: B, name: string) => C) => {
      const names = new Set(flatten(tree).map(([name]) => name))
      const found = new Map<string, B>() // local
      const collect = (value: unknown, name: string): void => {
        if (names.has(name)) found.set(name, value as B)
        else if (!isEmpty(value))
          for (const [key, child] of Object.entries(value as object)) collect(child, join(name, key))
      }
      collect(other, '')
      return map(tree, (a, name) => f(a, found.get(name) as B, name))
    }
  }
}

/** Trees of one form and one kind of leaf, leaf by leaf, as one more of them. */
export const leafwise =
  <A>({ flatten, map }: Trees<A>) =>
  <T>(tree: T, ...others: ReadonlyArray<T>) =>
  (f: (leaf: A, ...others: ReadonlyArray<A>) => A): T => {
    const found = others.map((other) => new Map(flatten(other)))
    return map(tree, (leaf, name) => f(leaf, ...found.map((leaves) => leaves.get(name) as A))) as T
  }
