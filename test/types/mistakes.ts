/**
 * Wrong calls, each below the sentence that the editor must show there. `messages.test.ts` compares the sentences with
 * the compiler's, and with those that the same mistakes give when the graph is built.
 */
import { pipe } from '../../src/core/fp.ts'
import { add, dim, einsum, input, less, matmul, mul, pow, where } from '../../src/ops/api.ts'

const a = input('a', 'f32', [2, 3])
const b = input('b', 'f32', [4, 5])
const half = input('half', 'f16', [2, 3])
const flags = input('flags', 'bool', [2, 3])
const batch = dim('batch', 8)
const tokens = dim('tokens', 4)
const h = input('h', 'f32', [batch, tokens, 16])
const k = input('k', 'f32', [tokens, batch, 16])
const m = input('m', 'f32', [batch, 16, 5])
const w = input('w', 'f32', [batch, tokens, 5])
const v = input('v', 'f32', [3])

// @ts-expect-error matmul: inner sizes differ, [2,3] x [4,5]
export const inner: unknown = matmul(a, b)

// @ts-expect-error matmul: inner sizes differ, [batch,tokens,16] x [batch,tokens,5]
export const named: unknown = matmul(h, w)

// @ts-expect-error matmul: leading axes differ, [tokens,batch,16] x [batch,16,5]
export const leading: unknown = matmul(k, m)

// @ts-expect-error matmul: left operand needs at least 2 axes, got [3]
export const left: unknown = matmul(v, b)

// @ts-expect-error matmul: right operand needs at least 2 axes, got [3]
export const right: unknown = matmul(a, v)

// @ts-expect-error add: shapes differ, [2,3] and [4,5]
export const shapes: unknown = add(a, b)

// @ts-expect-error add: shapes differ, [batch,tokens,16] and [tokens,batch,16]
export const order: unknown = add(h, k)

// @ts-expect-error mul: shapes differ, [4,5] and [2,3]
export const piped: unknown = pipe(b, mul(a))

// @ts-expect-error less: shapes differ, [2,3] and [4,5]
export const compared: unknown = less(a, b)

// @ts-expect-error where: shapes differ, [2,3] and [4,5]
export const chosen: unknown = where(flags, a, b)

// @ts-expect-error Type '"f16"' is not assignable to type '"f32"'.
export const types: unknown = add(a, half)

// @ts-expect-error Type '"f32"' is not assignable to type '"bool"'.
export const condition: unknown = where(a, a, a)

// @ts-expect-error einsum: sizes differ, 'ij,ik->jk' of [2,3] and [4,5]
export const summed: unknown = einsum('ij,ik->jk')(a, b)

// @ts-expect-error einsum: 'i j k, k j -> i' does not name the axes of [2,3] and [4,5]
export const unnamed: unknown = einsum('i j k, k j -> i')(a, b)

// @ts-expect-error einsum: 'iij->j' does not name the axes of [2,3]
export const unary: unknown = einsum('iij->j')(a)

// @ts-expect-error einsum: sizes differ, 'x y z, y x z -> z' of [batch,tokens,16] and [tokens,batch,5]
export const mixed: unknown = einsum('x y z, y x z -> z')(h, input('n', 'f32', [tokens, batch, 5]))

// What is built on a mistake has an unknown shape: one mistake is one error.
// @ts-expect-error pow: shapes differ, [2,3] and [4,5]
export const once: unknown = add(pow(a, b), input('other', 'f32', [7]))
