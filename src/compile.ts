/** From graphs to programs, and the passes on the way. */
export * from './compile/Pass.ts'
export * from './compile/Program.ts'
export { check } from './compile/check.ts'
export { rewriting, type Rule } from './compile/rewrite.ts'
export { expandFor, simplify } from './compile/simplify.ts'
