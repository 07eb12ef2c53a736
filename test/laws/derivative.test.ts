import { describe } from 'vitest'
import { derivative } from '../../laws/derivative.ts'
import { derivativeMutants } from '../../laws/mutants/derivative.ts'
import { ops } from '../../src/ops/registry.ts'
import { covered, hold, reject } from './hold.ts'

describe('derivatives', () => {
  const laws = Object.values(ops).map(derivative)

  for (const suite of laws) hold(suite, 25)
  reject(derivativeMutants)
  covered(Object.assign({}, ...laws), derivativeMutants)
})
