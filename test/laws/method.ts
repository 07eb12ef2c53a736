/** The laws of the method and of what it stands on, over Fluxion's own instances, and the mutants of each suite. */
import * as laws from '../../laws/index.ts'
import type { Laws, Mutant } from '../../laws/Laws.ts'
import { f64 } from '../../src/measure/Close.ts'
import { uniform } from '../../src/core/Key.ts'
import { grid, latest, sampleTimes, shift, shifted, unshift } from '../../src/flow/schedule.ts'

const { instances: own, mutants } = laws

export interface Held {
  readonly laws: Laws
  readonly mutants: ReadonlyArray<Mutant>
  /** How often each law is tried; 50 where it is not said. */
  readonly runs?: number
}

const gridBy =
  (rule: 'plain' | 'floor'): laws.Grid =>
  (gamma, steps) =>
    grid({ gamma, steps, rule })

const times = shifted(5)
const span = times.max - times.min

/** Suites by their names. */
export const held: Readonly<Record<string, Held>> = {
  schedule: { laws: laws.schedule(shift(5), f64), mutants: mutants.scheduleMutants },
  shifts: { laws: laws.shifts(shift, f64), mutants: mutants.shiftsMutants },
  grids: { laws: laws.grids(gridBy('plain'), latest, f64), mutants: mutants.gridsMutants },
  publishedGrids: { laws: laws.publishedGrids(gridBy('floor')), mutants: mutants.publishedGridsMutants },
  sampler: {
    laws: {
      ...laws.sampler(sampleTimes(times), {
        min: times.min,
        max: times.max,
        cumulative: (t) => (t >= times.max ? 1 : Math.max(0, (unshift(5)(t) - times.min) / span))
      }),
      ...laws.about('uniform', laws.sampler(uniform, { min: 0, max: 1, cumulative: (x) => x }))
    },
    mutants: mutants.samplerMutants
  },
  interpolant: { laws: laws.interpolant(own.straight, f64), mutants: mutants.interpolantMutants },
  guidance: { laws: laws.guidance(own.guidance, own.straight, f64), mutants: mutants.guidanceMutants },
  scores: { laws: laws.scores(own.scores, f64), mutants: mutants.scoresMutants },
  coordinates: { laws: laws.coordinates(own.coordinates, f64), mutants: mutants.coordinatesMutants },
  flowMap: {
    laws: {
      ...laws.flowMap(own.gaussianMap({ mean: -0.3, deviation: 0.6 }), f64),
      ...laws.about('over plain numbers', laws.flowMap(laws.gaussianFlow(-0.3, 0.6), f64))
    },
    mutants: mutants.flowMapMutants,
    runs: 50
  },
  difference: { laws: laws.difference(own.difference, own.gaussianAverage, f64), mutants: mutants.differenceMutants },
  meanFlow: { laws: laws.meanFlow(own.meanFlow, f64), mutants: mutants.meanFlowMutants, runs: 50 },
  innerFlow: { laws: laws.innerFlow(own.innerFlow, f64), mutants: mutants.innerFlowMutants },
  printedForm: { laws: laws.printedForm(own.printedForm), mutants: mutants.printedFormMutants },
  transition: { laws: laws.transition(own.outerSteps, f64), mutants: mutants.transitionMutants },
  cost: { laws: laws.cost(own.cost, f64), mutants: mutants.costMutants },
  curvature: { laws: laws.curvature(own.curvature, f64), mutants: mutants.curvatureMutants },
  closedForm: { laws: laws.closedForm(own.closedForm, f64), mutants: mutants.closedFormMutants, runs: 50 },
  mixtureForm: { laws: laws.mixtureForm(own.mixtureForm, f64), mutants: mutants.mixtureFormMutants, runs: 30 },
  distillationDirection: {
    laws: laws.distillationDirection(own.pull, f64),
    mutants: mutants.distillationDirectionMutants
  },
  loss: { laws: laws.loss(mutants.squaredError), mutants: mutants.lossMutants },
  adaptive: { laws: laws.adaptive(own.adaptive, f64), mutants: mutants.adaptiveMutants },
  matching: { laws: laws.matching(own.matching, f64), mutants: mutants.matchingMutants },
  distillation: {
    laws: laws.distillation(own.distillation, 1 / 3, f64),
    mutants: mutants.distillationMutants,
    runs: 50
  },
  printedMatching: { laws: laws.printedMatching(own.printedMatching, f64), mutants: mutants.printedMatchingMutants },
  spaces: { laws: laws.spaces(own.spaces, f64), mutants: mutants.spacesMutants },
  adversarial: { laws: laws.adversarial(own.adversarial, f64), mutants: mutants.adversarialMutants },
  optimiser: { laws: laws.optimiser(own.adam, f64), mutants: mutants.optimiserMutants, runs: 20 },
  movingAverage: { laws: laws.movingAverage(own.movingAverage, f64), mutants: mutants.movingAverageMutants },
  powerLaw: { laws: laws.powerLaw(own.powerLaw, f64), mutants: mutants.powerLawMutants },
  accumulation: { laws: laws.accumulation(own.batchGradient, f64), mutants: mutants.accumulationMutants, runs: 50 }
}
