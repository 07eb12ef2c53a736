import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { compile } from './types/compiler.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')
const code = /```ts\n([^]*?import[^]*?)```/.exec(readme)?.[1] ?? ''

const compiled = (text: string): string =>
  compile(text, ['--customConditions', 'fluxion-source', '--types', 'node,@webgpu/types']).trim()

it('the example of the README compiles, and its mistake is one', () => {
  expect(code).toContain("from 'fluxion'")
  expect(compiled(code)).toBe('')
  expect(compiled(code.replace('@ts-expect-error', ''))).toContain(
    'matmul: right operand needs at least 2 axes, got [2]'
  )
})
