/** Flow maps with the errors that are easy to make, among them the sign as printed in the method's Eqs. 7 and 13. */
import { f64 } from '../../src/measure/Close.ts'
import { flowMap, gaussianFlow, type FlowMap } from '../flowMap.ts'
import type { Mutant } from '../Laws.ts'
import { along } from '../vectors.ts'

/** What is wrong with a flow map, whatever the flow. */
export interface FlowMapError<L> {
  readonly name: string
  readonly brokenLaw: string
  readonly flow: (law: L) => Partial<FlowMap>
}

/** The errors, of exact flows. */
export const flowMapErrors = <L>(exactly: (law: L) => FlowMap): ReadonlyArray<FlowMapError<L>> => {
  const error = (name: string, brokenLaw: string, wrong: (exact: FlowMap) => Partial<FlowMap>): FlowMapError<L> => ({
    name,
    brokenLaw,
    flow: (law) => wrong(exactly(law))
  })
  const euler = ({ velocity }: FlowMap): Partial<FlowMap> => ({ map: (y, s, r) => along(y, velocity(y, s), r - s) })
  return [
    error('a map that always moves a little', 'going nowhere is the identity', ({ map }) => ({
      map: (y, s, r) => map(y, s, r - 0.01)
    })),
    error('one step of Euler', 'two passages in a row are one', euler),
    error('one step of Euler', 'going back undoes going', euler),
    error('the sign as printed', 'moves by the average velocity, against time', ({ average }) => ({
      map: (y, s, r) => along(y, average(y, s, r), s - r)
    })),
    error('an average that is zero over no time', 'the average over no time is the velocity', ({ average }) => ({
      average: (y, s, r) => (s === r ? y.map(() => 0) : average(y, s, r))
    })),
    error('the velocity at the start for the average', 'displacements add up along the path', ({ velocity }) => ({
      average: velocity
    })),
    error('a map that goes half as fast', 'leaves with the velocity', ({ map }) => ({
      map: (y, s, r) => map(y, s, (s + r) / 2)
    })),
    error('one step of Euler', 'the end moves with the velocity there (Lagrange)', euler),
    error('one step of Euler', 'the end stays where it is when the start moves along the flow (Euler)', euler),
    error(
      'the velocity at the end for the average',
      'velocity is average plus elapsed time times its rate of change (MeanFlow)',
      ({ map, velocity }) => ({ average: (y, s, r) => velocity(map(y, s, r), r) })
    )
  ]
}

const exactFlow = gaussianFlow(0.4, 0.7)

export const flowMapMutants: ReadonlyArray<Mutant> = flowMapErrors(() => exactFlow).map(
  ({ name, brokenLaw, flow }) => ({
    name,
    brokenLaw,
    laws: flowMap({ ...exactFlow, ...flow(undefined) }, f64)
  })
)
