import { describe, expect, it } from 'vitest'
import * as api from '../../src/ops/api.ts'
import { calls, functions } from './calls.ts'
import { costs } from './counting.ts'

const budget = 80

const ofApi = functions.filter((name) => name in api)

const imports = [
  `import { ${ofApi.join(', ')} } from '../../src/ops/api.ts'`,
  "import type { Expr } from '../../src/ops/api.ts'",
  "import { floats } from '../../src/core/Tensor.ts'",
  "import { checkpoint } from '../../src/autodiff/checkpoint.ts'",
  "import { customJvp, customVjp } from '../../src/autodiff/custom.ts'",
  "import { differenceAt, finiteDifference, modeOf } from '../../src/autodiff/finiteDifference.ts'",
  "import { grad, gradOf, pullback, valueAndGrad } from '../../src/autodiff/grad.ts'",
  "import { hessianVectorProduct, jacobian } from '../../src/autodiff/jacobian.ts'",
  "import { jvp } from '../../src/autodiff/jvp.ts'",
  "import { iterate, scan } from '../../src/autodiff/scan.ts'",
  "import { vjp } from '../../src/autodiff/vjp.ts'",
  "import { vmap } from '../../src/autodiff/vmap.ts'"
].join('\n')

it('every public function has a call that is counted', () => {
  expect(Object.keys(calls).sort()).toEqual([...functions].sort())
})

describe(`a call costs at most ${budget} type instantiations`, () => {
  const found = costs(calls, imports)

  for (const [name, { instantiations, errors }] of found)
    it(name, () => {
      expect(errors).toEqual([])
      expect(instantiations).toBeLessThanOrEqual(budget)
    })
})

it('a call that costs more is noticed', () => {
  const joined = "type Joined<T> = T extends readonly [infer H extends number, ...infer R] ? `${H} ${Joined<R>}` : ''"
  const call = 'x: f32[8,A,B,C,A,B,C,A,B,C] => 0 as unknown as Joined<(typeof x)["shape"]>'

  expect(costs({ call }, `${imports}\n${joined}`).get('call')?.instantiations).toBeGreaterThan(budget)
})
