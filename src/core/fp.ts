/** The one door through which fp-ts comes in: this form loads in Node, bundlers and vitest alike, and tree-shakes. */
export { either as E, option as O, taskEither as TE, readonlyArray as RA } from 'fp-ts'
import { function as F } from 'fp-ts'

export const pipe: typeof F.pipe = F.pipe
export const flow: typeof F.flow = F.flow
export const absurd: <A>(_: never) => A = F.absurd
