import { describe, expect, it } from 'vitest'
import { floats, type Tensor } from '../../src/core/Tensor.ts'
import { places, sources, ts } from '../source.ts'
import { isSkip, type Manifest } from './case.ts'
import { schedules } from './tmd/closed.ts'
import { inNames, listed, said } from './tmd/expected.ts'

describe('the words of a manifest', () => {
  it('give the numbers that stand behind them', () => {
    expect(listed('std[sN in (1,.999)][N in (1,2,4,8)][S]', 'sN in')).toEqual([1, 0.999])
    expect(listed('std[sN in (1,.999)][N in (1,2,4,8)][S]', 'N in')).toEqual([1, 2, 4, 8])
    expect(listed('AdamW lr 1e-3, betas (.9, .99), eps 1e-8; one', 'betas')).toEqual([0.9, 0.99])
    expect(said('AdamW lr 1e-3, betas (.9, .99), eps 1e-8; one', 'lr')).toBe(1e-3)
    expect(said('(1-1/i)^(gamma+1), gamma 16.97, H=.5', 'gamma')).toBe(16.97)
  })

  it('are missed where they are not there', () => {
    expect(() => said('grid plain', 'gamma')).toThrow(/no numbers for gamma/)
  })
})

/** Schedules of another size than any that are stored. */
const other = (): { readonly manifest: Manifest; readonly tensors: ReadonlyMap<string, Tensor> } => {
  const vectors: Readonly<Record<string, number>> = {
    'shift.gamma': 2,
    'shift.t': 3,
    'grid.plain.gamma7.M3': 4,
    'pick_r.s_mf': 5,
    'pick_r.N3.le': 5,
    'sample_t.uniform': 6,
    'sample_t.gamma7': 6,
    'sample_t.gamma7.unclamped': 6,
    'sample_t.point_mass': 1,
    'convert.t': 2,
    ...Object.fromEntries(['edm.sigma', 'edm.t_from_sigma', 'trig.theta', 'trig.c_in'].map((name) => [name, 2])),
    'shift.mean_uniform': 2
  }
  const tables = ['convert.x_t', 'convert.x0', 'convert.eps', 'convert.v', 'convert.score']
  const more = ['edm.x', 'trig.x', 'trig.velocity', 'shift.value', 'shift.inverse', 'shift.derivative']
  const tensors = new Map([
    ...Object.entries(vectors).map(([name, n]) => [name, floats([n], new Float64Array(n).fill(0.5))] as const),
    ...[...tables, ...more].map((name) => [name, floats([2, 3], new Float64Array(6).fill(0.5))] as const)
  ])
  const given = ['shift.gamma', 'shift.t', 'pick_r.s_mf', 'sample_t.uniform', 'convert.t', 'convert.x_t', 'convert.x0']
  const role = (name: string) => ({ role: given.includes(name) ? 'input' : 'output', tol: 1 })
  const cases = [
    { case: 'pick_r', about: 'grid plain, gamma 7, N steps' },
    { case: 'sample_t', about: 'for gamma 7 (0)' },
    { case: 'effective_nfe', rows: [{ M: 3, N: 1, H: 1, L: 2, effective_nfe: 3 }] }
  ]
  const table = Object.fromEntries([...tensors.keys()].map((name) => [name, role(name)]))
  return { manifest: { file: 'other.safetensors', cases, tensors: table }, tensors }
}

describe('an adapter', () => {
  it('takes names, sizes and numbers from the manifest', () => {
    const { manifest, tensors } = other()

    const cases = schedules(manifest, tensors)

    const expected = cases.flatMap((given) => (isSkip(given) ? [] : [...given.expected.keys()]))
    const outputs = inNames({ manifest, tensors }, /^(.*)$/).filter(
      (name) => (manifest['tensors'] as Record<string, { role: string }>)[name]?.role === 'output'
    )
    expect(expected.filter((name) => tensors.has(name)).sort()).toEqual([...outputs].sort())
  })

  it('leaves tolerances to the manifests, and to the one default', () => {
    const code = sources('test/goldens').filter(({ path }) => !/\.test\.ts$|\/case\.ts$/.test(path))
    const small = (node: ts.Node): boolean => ts.isNumericLiteral(node) && /e-/.test(node.getText())
    const stated = (node: ts.Node): boolean =>
      ts.isPropertyAssignment(node) && node.name.getText() === 'tolerance' && ts.isNumericLiteral(node.initializer)

    expect(code.length).toBeGreaterThan(10)
    expect(code.flatMap((source) => places(source, (node) => small(node) || stated(node)))).toEqual([])
  })
})
