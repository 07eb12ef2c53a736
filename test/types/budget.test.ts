import { expect, it } from 'vitest'
import { compile } from './compiler.ts'

/** Calls with shapes of their own, so that no call can use what the compiler knows of another. */
const calls = (n: number): string =>
  [
    "import { add, div, input, matmul, mul, reshape, sub } from '../../src/ops/api.ts'",
    ...Array.from({ length: n }, (_, i) => {
      const [a, b, c] = [2 * i + 2, 3 * i + 5, 5 * i + 7]
      return [
        `const x${i} = input('x', 'f32', [8, ${a}, ${b}]), w${i} = input('w', 'f32', [${b}, ${c}])`,
        `const y${i} = matmul(x${i}, w${i})`,
        `const z${i} = add(y${i}, input('b', 'f32', [${c}]))`,
        `export const r${i} = reshape([8, ${a * c}])(mul(sub(z${i}, y${i}), div(z${i}, input('s', 'f32', [${a}, 1]))))`
      ].join('\n')
    })
  ].join('\n')

const callsEach = 10

const instantiations = (text: string): number =>
  Number(/^Instantiations:\s+(\d+)/m.exec(compile(text, ['--extendedDiagnostics']))?.[1])

it('a typed call costs at most 80 instantiations', () => {
  const none = instantiations(calls(0))
  const many = instantiations(calls(200))

  expect((many - none) / (200 * callsEach)).toBeLessThanOrEqual(80)
})
