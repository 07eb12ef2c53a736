/** What goes wrong with graphs as wholes: a text that loses, a device that is off, derivatives that forget. */
import type * as fc from 'fast-check'
import { f64 } from '../../src/measure/Close.ts'
import { transformations } from '../composition.ts'
import { graphDerivative } from '../graphDerivative.ts'
import { graphText, read, write, type Given } from '../graphText.ts'
import type { Mutant } from '../Laws.ts'
import { onDevice } from '../onDevice.ts'
import { offByAThousandth } from './graph.ts'

export const graphTextMutants = (graphs: fc.Arbitrary<Given>): ReadonlyArray<Mutant> => [
  {
    name: 'numbers with four digits',
    brokenLaw: 'what is printed reads back as the same graph, with the same numbers',
    laws: graphText({ write: (given) => write(given).replace(/(\.\d{4})\d+/g, '$1'), read }, graphs)
  }
]

export const onDeviceMutants = (graphs: fc.Arbitrary<Given>): ReadonlyArray<Mutant> => [
  {
    name: 'a device that is a thousandth off',
    brokenLaw: 'agrees with the meaning, as far as rounding lets it',
    laws: onDevice(offByAThousandth, graphs)
  }
]

export const graphDerivativeMutants = (graphs: fc.Arbitrary<Given>): ReadonlyArray<Mutant> => {
  const { vjp, jvp } = transformations
  return [
    {
      name: 'gradients of the first output alone',
      brokenLaw: 'vjp and jvp of a graph are dual',
      laws: graphDerivative(
        { vjp: (outputs, wrt) => (g) => vjp(outputs.slice(0, 1), wrt)(g.slice(0, 1)), jvp },
        graphs,
        f64
      )
    },
    {
      name: 'tangents of the first input alone',
      brokenLaw: 'jvp of a graph agrees with finite differences',
      laws: graphDerivative(
        { vjp, jvp: (outputs, wrt) => (v) => jvp(outputs, wrt.slice(0, 1))(v.slice(0, 1)) },
        graphs,
        f64
      )
    }
  ]
}
