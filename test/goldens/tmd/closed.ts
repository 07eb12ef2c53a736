/** Stored numbers of the mathematics alone: schedules, conversions, closed forms, finite differences, metrics. */
import { jvp } from '../../../src/autodiff/jvp.ts'
import type { Expr } from '../../../src/core/Expr.ts'
import { range } from '../../../src/core/Shape.ts'
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
  scalar,
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
import { constantRate, halfLifeRate, powerRate, updateAverage, type Rate } from '../../../src/optim/ema.ts'
import { overall } from '../../../src/measure/vbench.ts'
import { expecting, onHost, type Adapter, type Case, type Graph } from '../case.ts'
import {
  entryOf,
  expected,
  get,
  given,
  inNames,
  inputsOf,
  integers,
  listed,
  outputsOf,
  said,
  table,
  vector,
  type Golden
} from './expected.ts'

type Real = Expr<'f32'>
type Named = Readonly<Record<string, Real>>

const numbers = (x: Tensor): ReadonlyArray<number> => Array.from(x.data)

const hostCase = (
  set: Golden,
  name: string,
  values: Readonly<Record<string, Tensor>>,
  at: ReadonlyArray<string> = []
): Case => onHost(name, () => new Map(Object.entries(values)), expected(set, Object.keys(values)), at)

interface Told {
  readonly about: string
}

interface Rows<A> {
  readonly rows: ReadonlyArray<A>
}

/** One column of a case's rows, computed again. */
const rowsCase = <A>(set: Golden, name: string, column: (row: A) => number, f: (row: A) => number): Case => {
  const { rows } = entryOf<Rows<A>>(set, name)
  const stored = new Map([[name, expecting(vector(rows.map(column)))]])
  return onHost(name, () => new Map([[name, vector(rows.map(f))]]), stored)
}

/** The grid that a text names by its rule, such as `grid plain, gamma 10`. */
const ruleIn = (text: string): S.GridRule => (/grid (\w+)/.exec(text)?.[1] ?? '') as S.GridRule

const graphCase = (set: Golden, name: string, outputs: Named): Graph => ({
  name,
  outputs,
  inputs: inputsOf(set),
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
  const { about } = entryOf<Told>(set, 'pick_r')
  const made = outputsOf(set, 'pick_r.').map((name) => {
    const [, steps = '', rule = ''] = name.split('.')
    const times = numbers(get(set, `grid.${ruleIn(about)}.gamma${said(about, 'gamma')}.M${steps.slice(1)}`))
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
  const made = inNames(set, /^sample_t\.gamma([\d.]+)$/).flatMap((gamma) => {
    const law = S.shifted(Number(gamma))
    return [
      [`sample_t.gamma${gamma}`, vector(uniform.map(S.drawnTime(law)))] as const,
      [`sample_t.gamma${gamma}.unclamped`, vector(uniform.map(S.unclampedTime(law)))] as const
    ]
  })
  const masses = listed(entryOf<Told>(set, 'sample_t').about, 'for gamma')
  return hostCase(set, 'times drawn', {
    ...Object.fromEntries(made),
    'sample_t.point_mass': vector(masses.map((gamma) => S.pointMass(S.shifted(gamma))))
  })
}

const conversions = (set: Golden): ReadonlyArray<Case> => {
  const of = given(set)
  const [xt, x0, t] = [of('convert.x_t'), of('convert.x0'), of('convert.t')]
  const place: P.Place = { xt, t }
  const v = P.convert('data', 'velocity')(place)(x0)
  const times = numbers(get(set, 'convert.t'))
  return [
    graphCase(set, 'conversions', {
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

const nfe = (set: Golden): Case =>
  rowsCase<NfeRow>(
    set,
    'effective_nfe',
    (row) => row.effective_nfe,
    ({ M, N, H, L }) => effectiveNfe({ outerSteps: M, innerSteps: N, headBlocks: H, blocks: L })
  )

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
  return graphCase(
    set,
    'gaussian',
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
  return graphCase(
    set,
    prefix,
    Object.fromEntries(Object.entries(outputs).map(([name, value]) => [`${prefix}.${name}`, value]))
  )
}

/** The axes of Eq. 14 are those that the manifest lists; those of Eq. 15, and the deviations, are stored. */
const biases = (set: Golden): Case => {
  const { about } = entryOf<Told>(set, 'eq14')
  const [lasts, counts] = [listed(about, 'sN in'), listed(about, 'N in')]
  const [deviations, outer] = [numbers(get(set, 'eq14.S')), numbers(get(set, 'eq15.t'))]
  const inner = (last: number, steps: number): S.Grid => [
    ...S.grid({ rule: ruleIn(about), gamma: said(about, 'gamma'), steps }).slice(0, -1),
    last
  ]
  return hostCase(
    set,
    'biases of Eq. 14 and Eq. 15',
    {
      'eq14.std': table([lasts.length, counts.length, deviations.length], (i = 0, j = 0, k = 0) =>
        sampledDeviation(deviations[k] ?? NaN, inner(lasts[i] ?? NaN, counts[j] ?? NaN))
      ),
      'eq14.std_infinite': vector(deviations.map((deviation) => sampledDeviationLimit(deviation, 2000))),
      'eq15.var': vector(outer.map(literalVariance))
    },
    ['eq14.S', 'eq15.t']
  )
}

export const closedForms: Adapter = (manifest, tensors) => {
  const set = { manifest, tensors }
  return [gaussian(set), ...inNames(set, /^(gmm\d+)\./).map((prefix) => mixture(set, prefix)), biases(set)]
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
  return graphCase(set, 'the exact derivative', { u, exact: along })
}

/** `name` is `{rule}.delta{d}`. */
const difference = (set: Golden, name: string): ReadonlyArray<Case> => {
  const [s, r] = [numbers(get(set, 's')), numbers(get(set, 'r'))]
  const [rule, delta] = name.split('.delta')
  const options = { delta: Number(delta), min: S.earliest, max: S.latest, rule: rule as DifferenceRule }
  const chosen = s.map((time, i) => differenceAt(options)(time, r[i] ?? NaN))
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
    graphCase(set, name, {
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
  return [exactly(set), ...inNames(set, /^(\w+\.delta[\d.]+)\.quotient$/).flatMap((name) => difference(set, name))]
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
  return graphCase(set, 'curvature', {
    'curvature.gaussian.x': exact,
    'curvature.gaussian.discrete': curvature(exact, grid),
    'curvature.gaussian.velocity': velocityCurvature(velocity(exact, grid), exact),
    'curvature.euler.x': stepped,
    'curvature.euler.discrete': curvature(stepped, grid),
    'curvature.euler.velocity': velocityCurvature(velocity(stepped, grid), stepped),
    'curvature.random.discrete': curvature(of('curvature.random.x'), grid)
  })
}

/** `ema.{kind}.beta` and `ema.{kind}.value`: the rate at every step, and the average that it leads to. */
const averaged = (set: Golden, kind: string, rate: Rate): Named => {
  const of = given(set)
  const [steps = 0, ...shape] = of('ema.params').shape
  const betas = range(steps).map((i) => rate(scalar(i + 1)))
  const values = betas.reduce<ReadonlyArray<Real>>((known, beta, i) => {
    const row = reshape(shape)(narrow(0, i, i + 1)(of('ema.params')))
    return [...known, updateAverage(beta)(known.at(-1) ?? of('ema.start'), row)]
  }, [])
  return { [`ema.${kind}.beta`]: stack(0)(betas), [`ema.${kind}.value`]: stack(0)(values) }
}

const averages = (set: Golden): Case => {
  const { about } = entryOf<Told>(set, 'ema')
  const [, powers = '', lives = ''] = /power\.beta_table (.*)halflife\.beta_table (.*)$/.exec(about) ?? []
  const rates = (kinds: ReadonlyArray<Rate>, steps: ReadonlyArray<number>): Real =>
    stack(0)(kinds.map((rate) => stack(0)(steps.map((i) => rate(scalar(i))))))
  const life = (halfLife: number, text: string): Rate => halfLifeRate({ halfLife, batch: said(text, 'B') })
  return graphCase(set, 'ema', {
    ...averaged(set, 'constant', constantRate(said(about, 'constant'))),
    ...averaged(set, 'power', powerRate(said(about, 'gamma'))),
    ...averaged(set, 'halflife', life(said(about, 'H'), about)),
    'ema.power.beta_table': rates(listed(powers, 'gamma').map(powerRate), listed(powers, 'i')),
    // A step is behind so many images.
    'ema.halflife.beta_table': rates(
      listed(lives, 'H').map((halfLife) => life(halfLife, lives)),
      listed(lives, 'n').map((seen) => seen / said(lives, 'B') + 1)
    )
  })
}

interface BenchRow {
  readonly quality: number
  readonly semantic: number
  readonly aggregate: number
}

const vbench = (set: Golden): Case => rowsCase<BenchRow>(set, 'vbench', (row) => row.aggregate, overall)

export const metrics: Adapter = (manifest, tensors) => {
  const set = { manifest, tensors }
  return [curvatures(set), averages(set), vbench(set)]
}
