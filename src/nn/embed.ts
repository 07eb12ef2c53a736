/** A table of vectors for tokens: captions as networks read them. */
import { constant, cast, contract, equal, expandDims, type Expr } from '../ops/api.ts'
import { range } from '../core/Shape.ts'
import { normals, type Parameter, type Real } from './params.ts'

export interface Embedding<A = Real> {
  /** `[tokens of the vocabulary, width]`. */
  readonly weight: A
}

/** The token that fills captions up: its vector is zero, whatever the table says. */
export const paddingToken = 0

export const embeddingInit = (vocabulary: number, width: number): Embedding<Parameter> => ({
  weight: normals(1)([vocabulary, width])
})

/**
 * The vectors of token numbers: a product with one-hot rows, since a vocabulary of captions is small and the gradient
 * is then a product as well.
 *
 * - `ids` `[batch, tokens]`, numbers in the vocabulary; result `[batch, tokens, width]`
 */
export const embedding = ({ weight }: Embedding, ids: Expr<'i32'>): Real => {
  const rows = range(weight.shape[0] ?? 0).map((id) => (id === paddingToken ? -1 : id))
  const hot = cast('f32')(equal(expandDims(-1)(ids), cast('i32')(constant([rows.length], rows)) as Expr<'i32'>))
  return contract({ batch: [], over: [2] }, { batch: [], over: [0] })(hot as Real, weight)
}
