/** Stored numbers of the mathematics alone: schedules, conversions, closed forms, finite differences, metrics. */
import { jvp } from '../../../src/autodiff/jvp.ts'
import type { Expr } from '../../../src/core/Expr.ts'
import type { Tensor } from '../../../src/core/Tensor.ts'
import { differenceAt, finiteDifference, modeOf, type DifferenceRule } from '../../../src/autodiff/finiteDifference.ts'
import {
  add,
  concat,
  constant,
  contract,
  cos,
  exp,
  expandDims,
  fill,
  mul,
  narrow,
  neg,
  reshape,
  scale,
  sin,
  square,
  stack,
  sub
} from '../../../src/ops/api.ts'
import { literalVariance, sampledDeviation, sampledDeviationLimit } from '../../../src/flow/bias.ts'
import { curvature, velocityCurvature } from '../../../src/flow/curvature.ts'
import * as G from '../../../src/flow/gaussian.ts'
import * as P from '../../../src/flow/path.ts'
import * as S from '../../../src/flow/schedule.ts'
import { eulerPath } from '../../../src/flow/solver.ts'
import { effectiveNfe } from '../../../src/tmd/effectiveNfe.ts'
import { constantRate, halfLifeRate, powerRate, updateAverage } from '../../../src/optim/ema.ts'
import { overall } from '../../../src/measure/vbench.ts'
import { onHost, type Adapter, type Case, type Graph } from '../case.ts'
import { expected, get, given, inputs, integers, outputsOf, table, vector, type Golden } from './expected.ts'

type Real = Expr<'f32'>
type Named = Readonly<Record<string, Real>>

const numbers = (x: Tensor): ReadonlyArray<number> => Array.from(x.data)

const hostCase = (set: Golden, name: string, values: Readonly<Record<string, Tensor>>): Case =>
  onHost(name, () => new Map(Object.entries(values)), expected(set, Object.keys(values)))

const graphCase = (set: Golden, name: string, from: ReadonlyArray<string>, outputs: Named): Graph => ({
  name,
  outputs,
  inputs: inputs(set, from),
  expected: expected(set, Object.keys(outputs))
})

// schedules ------------------------------------------------------------------------------

const shifts = (set: Golden): Case => {
  const gammas = numbers(get(set, 'shift.gamma'))
  const times = numbers(get(set, 'shift.t'))
  const each = (f: (gamma: number) => (t: number) => number): Tensor =>
    table([gammas.length, times.length], (i = 0, j = 0) => f(gammas[i] ?? NaN)(times[j] ?? NaN))
  return hostCase(set, 'shift', {
    'shift.value': each(S.shift),
    'shift.inverse': each(S.unshift),
    'shift.derivative': each(S.shiftDerivative),
    'shift.mean_uniform': vector(gammas.map(S.shiftMean))
  })
}

const grids = (set: Golden): Case => {
  const names = outputsOf(set, 'grid.')
  const made = names.map((name) => {
    const [, rule = '', ...rest] = name.split('.')
    const after = (letters: string): number =>
      Number(rest.find((part) => part.startsWith(letters))?.slice(letters.length))
    const options = { rule: rule as S.GridRule, gamma: after('gamma'), steps: after('M') }
    return [name, vector(S.grid(options))] as const
  })
  return hostCase(set, 'grid', Object.fromEntries(made))
}

const neighbours = (set: Golden): Case => {
  const drawn = numbers(get(set, 'pick_r.s_mf'))
  const made = outputsOf(set, 'pick_r.').map((name) => {
    const [, steps = '', rule = ''] = name.split('.')
    const times = S.grid({ rule: 'plain', gamma: 10, steps: Number(steps.slice(1)) })
    const law: S.NeighbourRule = rule.startsWith('le') ? 'atMost' : 'below'
    const tensor = rule.endsWith('_index')
      ? integers(drawn.map(S.chooseIndex(times, law)))
      : vector(drawn.map(S.chooseR(times, law)))
    return [name, tensor] as const
  })
  return hostCase(set, 'choice of r', Object.fromEntries(made))
}

const draws = (set: Golden): Case => {
  const uniform = numbers(get(set, 'sample_t.uniform'))
  const gammas = [1, 3, 5, 10]
  const made = gammas.flatMap((gamma) => [
    [`sample_t.gamma${gamma}`, vector(uniform.map(S.drawnTime(S.shifted(gamma))))] as const,
    [`sample_t.gamma${gamma}.unclamped`, vector(uniform.map(S.unclampedTime(S.shifted(gamma))))] as const
  ])
  return hostCase(set, 'times drawn', {
    ...Object.fromEntries(made),
    'sample_t.point_mass': vector(gammas.map((gamma) => S.pointMass(S.shifted(gamma))))
  })
}

const conversions = (set: Golden): ReadonlyArray<Case> => {
  const of = given(set)
  const [xt, x0, t] = [of('convert.x_t'), of('convert.x0'), of('convert.t')]
  const place: P.Place = { xt, t }
  const v = P.convert('data', 'velocity')(place)(x0)
  const times = numbers(get(set, 'convert.t'))
  return [
    graphCase(set, 'conversions', ['convert.x_t', 'convert.x0', 'convert.t'], {
      'convert.eps': P.convert('data', 'noise')(place)(x0),
      'convert.v': v,
      'convert.score': P.convert('data', 'score')(place)(x0),
      'edm.x': P.toEdm(place),
      'trig.x': P.toTrig(place),
      'trig.velocity': P.toTrigVelocity(place, v)
    }),
    hostCase(set, 'coordinates', {
      'edm.sigma': vector(times.map(P.sigmaOf)),
      'edm.t_from_sigma': vector(times.map((time) => P.timeOfSigma(P.sigmaOf(time)))),
      'trig.theta': vector(times.map(P.angleOf)),
      'trig.c_in': vector(times.map(P.trigInputScale))
    })
  ]
}

interface NfeRow {
  readonly M: number
  readonly N: number
  readonly H: number
  readonly L: number
  readonly effective_nfe: number
}

const nfe = (set: Golden): Case => {
  const cases = set.manifest['cases'] as ReadonlyArray<{ readonly case: string; readonly rows?: ReadonlyArray<NfeRow> }>
  const rows = cases.find((entry) => entry.case === 'effective_nfe')?.rows ?? []
  const made = rows.map(({ M, N, H, L }) => effectiveNfe({ outerSteps: M, innerSteps: N, headBlocks: H, blocks: L }))
  const stored = { tensor: vector(rows.map((row) => row.effective_nfe)), tolerance: 1e-12 }
  return onHost('effective NFE', () => new Map([['nfe', vector(made)]]), new Map([['nfe', stored]]))
}

export const schedules: Adapter = (manifest, tensors) => {
  const set = { manifest, tensors }
  return [shifts(set), grids(set), neighbours(set), draws(set), ...conversions(set), nfe(set)]
}

// closed forms -----------------------------------------------------------------------------

const gaussian = (set: Golden): Case => {
  const of = (name: string): Real => given(set)(`gaussian.${name}`)
  const law: G.Gaussian = { mean: of('mu'), deviation: of('S') }
  const [x, t, s, r, xt, ti, ys] = [of('x'), of('t'), of('s'), of('r'), of('inner.x_t'), of('inner.t'), of('inner.y_s')]
  const within = G.inner(law, xt, ti)
  const y0 = G.flowMap(within)(ys, s, scale(0)(s))
  const outputs: Named = {
    m_t: G.marginal(law, t).mean,
    sigma_t: G.marginal(law, t).deviation,
    velocity: G.velocity(law)(x, t),
    score: G.score(law)(x, t),
    posterior_mean: G.posteriorMean(law)(x, t),
    posterior_var: G.posteriorVariance(law)(x, t),
    flow_map: G.flowMap(law)(x, s, r),
    average_velocity: G.averageVelocity(law)(x, s, r),
    'inner.mean': within.mean,
    'inner.std': within.deviation,
    'inner.velocity': G.velocity(within)(ys, s),
    'inner.flow_map': G.flowMap(within)(ys, s, r),
    'inner.posterior_mean': G.posteriorMean(within)(ys, s),
    'inner.y0': y0,
    'inner.xhat': P.toData(xt, y0, ti)
  }
  const from = ['mu', 'S', 'x', 't', 's', 'r', 'inner.x_t', 'inner.t', 'inner.y_s'].map((name) => `gaussian.${name}`)
  return graphCase(
    set,
    'gaussian',
    from,
    Object.fromEntries(Object.entries(outputs).map(([name, value]) => [`gaussian.${name}`, value]))
  )
}

const mixture = (set: Golden, prefix: string): Case => {
  const of = (name: string): Real => given(set)(`${prefix}.${name}`)
  const law: G.Mixture = { weights: of('w'), means: of('mu'), deviations: of('S') }
  const [x, t, s, r] = [of('x'), of('t'), of('s'), of('r')]
  const arrived = G.mixtureFlowMap(64)(law)(x, s, r)
  const glass = G.glass(G.mixturePosteriorMean(law))({
    xt: of('glass.x_t'),
    t: of('glass.t'),
    ys: of('glass.y_s'),
    s: of('glass.s')
  })
  const outputs: Named = {
    responsibility: G.responsibilities(law)(x, t),
    velocity: G.mixtureVelocity(law)(x, t),
    score: G.mixtureScore(law)(x, t),
    posterior_mean: G.mixturePosteriorMean(law)(x, t),
    flow_map: arrived,
    average_velocity: G.mixtureAverageVelocity(64)(law)(x, s, r),
    'glass.tau': glass.tau,
    'glass.x_bar': glass.xBar,
    'glass.mean_x': glass.dataMean,
    'glass.mean_y': glass.targetMean,
    'glass.velocity': glass.velocity
  }
  const from = ['w', 'mu', 'S', 'x', 't', 's', 'r', 'glass.x_t', 'glass.t', 'glass.y_s', 'glass.s']
  return graphCase(
    set,
    prefix,
    from.map((name) => `${prefix}.${name}`),
    Object.fromEntries(Object.entries(outputs).map(([name, value]) => [`${prefix}.${name}`, value]))
  )
}

const biases = (set: Golden): Case => {
  const deviations = [0.5, 1, 2]
  const [lasts, counts, outer] = [
    [1, 0.999],
    [1, 2, 4, 8],
    [S.latest, S.shift(10)(0.5), 0.5]
  ] as const
  const inner = (last: number, steps: number): S.Grid => [
    ...S.grid({ rule: 'plain', gamma: 10, steps }).slice(0, -1),
    last
  ]
  return hostCase(set, 'biases of Eq. 14 and Eq. 15', {
    'eq14.S': vector(deviations),
    'eq14.std': table([2, 4, 3], (i = 0, j = 0, k = 0) =>
      sampledDeviation(deviations[k] ?? NaN, inner(lasts[i] ?? NaN, counts[j] ?? NaN))
    ),
    'eq14.std_infinite': vector(deviations.map((deviation) => sampledDeviationLimit(deviation, 2000))),
    'eq15.t': vector(outer),
    'eq15.var': vector(outer.map(literalVariance))
  })
}

export const closedForms: Adapter = (manifest, tensors) => {
  const set = { manifest, tensors }
  return [gaussian(set), mixture(set, 'gmm1'), mixture(set, 'gmm2'), biases(set)]
}

// finite differences -----------------------------------------------------------------------

/** `u(y, s, r)` of the manifest. */
const stored =
  (set: Golden) =>
  (y: Real, s: Real): Real => {
    const of = given(set)
    const [A, C, b, q, r] = [of('A'), of('C'), of('b'), of('q'), of('r')]
    const rows = (W: Real, x: Real): Real => contract({ batch: [], over: [1] }, { batch: [], over: [1] })(x, W)
    const column = expandDims(1)
    const wave = sin(add(rows(A, y), mul(column(s), b)))
    const decay = mul(rows(C, square(y)), column(exp(neg(s))))
    const growth = mul(column(mul(square(s), r)), q)
    return add(add(wave, decay), add(growth, mul(column(cos(sub(scale(3)(s), scale(2)(r)))), y)))
  }

const exactly = (set: Golden): Case => {
  const of = given(set)
  const [y, s, v] = [of('y'), of('s'), of('v')]
  const u = stored(set)(y, s)
  const along = jvp([u], [y, s])([v, fill(1, s.shape)])[0] as Real
  return graphCase(set, 'the exact derivative', ['A', 'C', 'b', 'q', 'r', 'y', 'v', 's'], { u, exact: along })
}

const difference = (set: Golden, rule: DifferenceRule, delta: number): ReadonlyArray<Case> => {
  const [s, r] = [numbers(get(set, 's')), numbers(get(set, 'r'))]
  const options = { delta, min: S.earliest, max: S.latest, rule }
  const chosen = s.map((time, i) => differenceAt(options)(time, r[i] ?? NaN))
  const name = `${rule}.delta${delta}`
  const of = given(set)
  const fixed = (f: (i: number) => number): Real =>
    constant(
      [s.length],
      s.map((_, i) => f(i))
    ) as Real
  const probe = (side: 'ahead' | 'behind') => ({
    time: fixed((i) => chosen[i]?.[side] ?? NaN),
    offset: fixed((i) => (chosen[i]?.[side] ?? NaN) - (s[i] ?? NaN))
  })
  return [
    hostCase(set, `modes of ${name}`, { [`${name}.mode`]: integers(chosen.map((c, i) => modeOf(s[i] ?? NaN)(c))) }),
    graphCase(set, name, ['A', 'C', 'b', 'q', 'r', 'y', 'v', 's'], {
      [`${name}.quotient`]: finiteDifference(stored(set))(of('y'), of('v'), {
        ahead: probe('ahead'),
        behind: probe('behind'),
        factor: fixed((i) => chosen[i]?.factor ?? NaN)
      })
    })
  ]
}

export const differences: Adapter = (manifest, tensors) => {
  const set = { manifest, tensors }
  const rules: ReadonlyArray<DifferenceRule> = ['fastgen', 'paper']
  return [exactly(set), ...rules.flatMap((rule) => [0.005, 0.001].flatMap((delta) => difference(set, rule, delta)))]
}

// metrics --------------------------------------------------------------------------------

const curvatures = (set: Golden): Case => {
  const of = given(set)
  const times = numbers(get(set, 'curvature.grid'))
  const law: G.Gaussian = { mean: of('curvature.gaussian.mu'), deviation: of('curvature.gaussian.S') }
  const noise = expandDims(0)(of('curvature.gaussian.noise'))
  const one = (t: number): Real => constant([1], [t]) as Real
  const last = times.at(-1) ?? NaN
  const exact = concat(0)(times.map((t) => (t === last ? noise : G.flowMap(law)(noise, one(last), one(t)))))
  const velocity = (x: Real, t: Real): Real => G.velocity(law)(x, t)
  const stepped = concat(0)([...eulerPath({ grid: times, time: one })(velocity)(noise)].reverse())
  const grid = of('curvature.grid')
  return graphCase(
    set,
    'curvature',
    [
      'curvature.grid',
      'curvature.gaussian.mu',
      'curvature.gaussian.S',
      'curvature.gaussian.noise',
      'curvature.random.x'
    ],
    {
      'curvature.gaussian.x': exact,
      'curvature.gaussian.discrete': curvature(exact, grid),
      'curvature.gaussian.velocity': velocityCurvature(velocity(exact, grid), exact),
      'curvature.euler.x': stepped,
      'curvature.euler.discrete': curvature(stepped, grid),
      'curvature.euler.velocity': velocityCurvature(velocity(stepped, grid), stepped),
      'curvature.random.discrete': curvature(of('curvature.random.x'), grid)
    }
  )
}

const averages = (set: Golden): Case => {
  const of = given(set)
  const rates = {
    constant: constantRate(0.9),
    power: powerRate(16.97),
    halflife: halfLifeRate({ halfLife: 0.5, batch: 64 })
  }
  const step = (i: number): Real => constant([], [i]) as Real
  const made = Object.entries(rates).flatMap(([name, rate]) => {
    const betas = [1, 2, 3, 4, 5, 6].map((i) => rate(step(i)))
    const values = betas.reduce<ReadonlyArray<Real>>((known, beta, i) => {
      const row = reshape([4])(narrow(0, i, i + 1)(of('ema.params')))
      return [...known, updateAverage(beta)(known.at(-1) ?? of('ema.start'), row)]
    }, [])
    return [[`ema.${name}.beta`, stack(0)(betas)] as const, [`ema.${name}.value`, stack(0)(values)] as const]
  })
  const steps = [1, 2, 10, 100, 1000, 10000]
  const powers = [96.99, 16.97, 6.94].map((gamma) => stack(0)(steps.map((i) => powerRate(gamma)(step(i)))))
  const seen = [0, 64, 6400, 64000, 6400000]
  const lives = [0.5, 10, 500].map((halfLife) =>
    stack(0)(seen.map((n) => halfLifeRate({ halfLife, batch: 64 })(step(n / 64 + 1))))
  )
  return graphCase(set, 'ema', ['ema.params', 'ema.start'], {
    ...Object.fromEntries(made),
    'ema.power.beta_table': stack(0)(powers),
    'ema.halflife.beta_table': stack(0)(lives)
  })
}

interface BenchRow {
  readonly quality: number
  readonly semantic: number
  readonly aggregate: number
}

const vbench = (set: Golden): Case => {
  const cases = set.manifest['cases'] as ReadonlyArray<{
    readonly case: string
    readonly rows?: ReadonlyArray<BenchRow>
  }>
  const rows = cases.find((entry) => entry.case === 'vbench')?.rows ?? []
  const stored = { tensor: vector(rows.map((row) => row.aggregate)), tolerance: 5e-4 }
  return onHost('vbench', () => new Map([['aggregate', vector(rows.map(overall))]]), new Map([['aggregate', stored]]))
}

export const metrics: Adapter = (manifest, tensors) => {
  const set = { manifest, tensors }
  return [curvatures(set), averages(set), vbench(set)]
}
