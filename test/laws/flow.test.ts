import { describe } from 'vitest'
import { flowMap, gaussianFlow, type FlowMap } from '../../laws/flowMap.ts'
import { guidance, interpolant, type Path } from '../../laws/interpolant.ts'
import { lift } from '../../laws/lift.ts'
import { flowMapMutants } from '../../laws/mutants/flowMap.ts'
import { guidanceMutants, interpolantMutants } from '../../laws/mutants/interpolant.ts'
import { samplerMutants } from '../../laws/mutants/sampler.ts'
import { gridsMutants, publishedGridsMutants, scheduleMutants, shiftsMutants } from '../../laws/mutants/schedule.ts'
import { sampler } from '../../laws/sampler.ts'
import { grids, publishedGrids, schedule, shifts, type Grid } from '../../laws/schedule.ts'
import { f64 } from '../../src/core/Close.ts'
import { uniform } from '../../src/core/Key.ts'
import { fill } from '../../src/ops/api.ts'
import * as gaussian from '../../src/flow/gaussian.ts'
import * as path from '../../src/flow/path.ts'
import { grid, latest, sampleTimes, shift, shifted, unshift } from '../../src/flow/schedule.ts'
import { covered, hold, reject } from './hold.ts'

describe('schedules', () => {
  hold(schedule(shift(5), f64))
  reject(scheduleMutants)
  covered(schedule(shift(5), f64), scheduleMutants)
})

describe('shifts', () => {
  hold(shifts(shift, f64))
  reject(shiftsMutants)
  covered(shifts(shift, f64), shiftsMutants)
})

describe('grids', () => {
  const plain: Grid = (gamma, steps) => grid({ gamma, steps, rule: 'plain' })
  const floor: Grid = (gamma, steps) => grid({ gamma, steps, rule: 'floor' })

  hold(grids(plain, latest, f64))
  reject(gridsMutants)
  covered(grids(plain, latest, f64), gridsMutants)
  hold(publishedGrids(floor))
  reject(publishedGridsMutants)
  covered(publishedGrids(floor), publishedGridsMutants)
})

describe('samplers of times', () => {
  const law = shifted(5)
  const span = law.max - law.min
  const times = sampler(sampleTimes(law), {
    min: law.min,
    max: law.max,
    cumulative: (t) => (t >= law.max ? 1 : Math.max(0, (unshift(5)(t) - law.min) / span))
  })

  hold(times)
  hold({
    ...Object.fromEntries(
      Object.entries(sampler(uniform, { min: 0, max: 1, cumulative: (x) => x })).map(([name, property]) => [
        `uniform: ${name}`,
        property
      ])
    )
  })
  reject(samplerMutants)
  covered(times, samplerMutants)
})

describe('the straight path', () => {
  const straight: Path = {
    interpolate: (x, noise, t) => lift((a, b) => path.interpolate(a!, b!, t))(x, noise),
    velocity: lift((x, noise) => path.velocity(x!, noise!)),
    dataOfVelocity: (xt, v, t) => lift((a, b) => path.toData(a!, b!, t))(xt, v),
    noiseOfVelocity: (xt, v, t) => lift((a, b) => path.convert('velocity', 'noise')({ xt: a!, t })(b!))(xt, v),
    velocityOfData: (xt, x, t) => lift((a, b) => path.fromData(a!, b!, t))(xt, x),
    noiseOfData: (xt, x, t) => lift((a, b) => path.convert('data', 'noise')({ xt: a!, t })(b!))(xt, x),
    dataOfNoise: (xt, noise, t) => lift((a, b) => path.convert('noise', 'data')({ xt: a!, t })(b!))(xt, noise)
  }
  const guide = guidance((n, p, scale) => lift((a, b) => path.guide(scale, b!, a!))(n, p), straight, f64)

  hold(interpolant(straight, f64))
  reject(interpolantMutants)
  covered(interpolant(straight, f64), interpolantMutants)
  hold(guide)
  reject(guidanceMutants)
  covered(guide, guidanceMutants)
})

describe('flow maps', () => {
  const [mean, deviation] = [-0.3, 0.6]
  const law: gaussian.Gaussian = { mean: fill(mean, [1, 1]), deviation: fill(deviation, [1, 1]) }
  const times = (t: number) => fill(t, [1])
  const graph: FlowMap = {
    map: (y, s, r) => lift((x) => gaussian.flowMap(law)(x!, times(s), times(r)))(y),
    average: (y, s, r) => lift((x) => gaussian.averageVelocity(law)(x!, times(s), times(r)))(y),
    velocity: (y, s) => lift((x) => gaussian.velocity(law)(x!, times(s)))(y)
  }

  hold(flowMap(graph, f64), 50)
  hold(
    Object.fromEntries(
      Object.entries(flowMap(gaussianFlow(mean, deviation), f64)).map(([name, property]) => [
        `in closed form: ${name}`,
        property
      ])
    )
  )
  reject(flowMapMutants)
  covered(flowMap(graph, f64), flowMapMutants)
})
