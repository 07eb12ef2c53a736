/** Flow maps with the errors that are easy to make, among them the sign as printed in the method's Eqs. 7 and 13. */
import { f64 } from '../../src/core/Close.ts'
import { flowMap, gaussianFlow, type FlowMap } from '../flowMap.ts'
import type { Mutant, Vector } from '../Laws.ts'
import { mutantsOf } from './mutant.ts'

const exactFlow = gaussianFlow(0.4, 0.7)

const mutant = mutantsOf((flow: FlowMap) => flowMap(flow, f64), exactFlow)

const along = (y: Vector, v: Vector, distance: number): Vector => y.map((x, i) => x + distance * (v[i] ?? NaN))
const wrongSign: FlowMap['map'] = (y, s, r) => along(y, exactFlow.average(y, s, r), s - r)
const euler: FlowMap['map'] = (y, s, r) => along(y, exactFlow.velocity(y, s), r - s)
const atEnd: FlowMap['average'] = (y, s, r) => exactFlow.velocity(exactFlow.map(y, s, r), r)

export const flowMapMutants: ReadonlyArray<Mutant> = [
  mutant('a map that always moves a little', 'going nowhere is the identity', {
    map: (y, s, r) => exactFlow.map(y, s, r - 0.01)
  }),
  mutant('one step of Euler', 'two passages in a row are one', { map: euler }),
  mutant('one step of Euler', 'going back undoes going', { map: euler }),
  mutant('the sign as printed', 'moves by the average velocity, against time', { map: wrongSign }),
  mutant('an average that is zero over no time', 'the average over no time is the velocity', {
    average: (y, s, r) => (s === r ? y.map(() => 0) : exactFlow.average(y, s, r))
  }),
  mutant('the velocity at the start in place of the average', 'displacements add up along the path', {
    average: exactFlow.velocity
  }),
  mutant('one step of Euler', 'the end moves with the velocity there (Lagrange)', { map: euler }),
  mutant('one step of Euler', 'the end stays where it is when the start moves along the flow (Euler)', { map: euler }),
  mutant(
    'the velocity at the end in place of the average',
    'velocity is average plus elapsed time times its rate of change (MeanFlow)',
    { average: atEnd }
  )
]
