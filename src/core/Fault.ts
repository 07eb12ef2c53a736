/** What is wrong with a graph, as data. A sentence is made of it in one place, `show`. */
import type { DType } from './DType.ts'
import type { Shape } from './Shape.ts'

export type Fault =
  | { readonly _tag: 'ShapesDiffer'; readonly op: string; readonly left: Shape; readonly right: Shape }
  | { readonly _tag: 'InnerSizesDiffer'; readonly op: string; readonly left: Shape; readonly right: Shape }
  | { readonly _tag: 'LeadingAxesDiffer'; readonly op: string; readonly left: Shape; readonly right: Shape }
  | { readonly _tag: 'DTypesDiffer'; readonly op: string; readonly left: DType; readonly right: DType }
  | { readonly _tag: 'WrongDType'; readonly op: string; readonly expected: string; readonly got: DType }
  | { readonly _tag: 'AxisOutOfRange'; readonly op: string; readonly axis: number; readonly shape: Shape }
  | {
      readonly _tag: 'TooFewAxes'
      readonly op: string
      readonly operand: string
      readonly least: number
      readonly shape: Shape
    }
  | { readonly _tag: 'SizesDiffer'; readonly op: string; readonly from: Shape; readonly to: Shape }
  | { readonly _tag: 'WrongInputs'; readonly op: string; readonly expected: number; readonly got: number }
  | { readonly _tag: 'Unexpected'; readonly expected: Shape; readonly got: Shape }
  | { readonly _tag: 'Invalid'; readonly op: string; readonly why: string }
  | { readonly _tag: 'UnboundInput'; readonly name: string }
  | { readonly _tag: 'InputDiffers'; readonly name: string; readonly expected: Shape; readonly got: Shape }
  | { readonly _tag: 'NameTaken'; readonly name: string }
  | {
      readonly _tag: 'TooLarge'
      readonly what: string
      readonly bytes: number
      readonly limit: number
      readonly remedy: string
    }
  | { readonly _tag: 'NotLowered'; readonly op: string; readonly target: string; readonly why: string }
  | { readonly _tag: 'Device'; readonly device: string; readonly why: string }

export type Faults = ReadonlyArray<Fault>

const list = (shape: Shape): string => `[${shape.join(',')}]`

/** One sentence: the operation, what is wrong, the operands as the user wrote them, and what to do if that is known. */
export const show = (fault: Fault): string => {
  switch (fault._tag) {
    case 'ShapesDiffer':
      return `${fault.op}: shapes differ, ${list(fault.left)} and ${list(fault.right)}`
    case 'InnerSizesDiffer':
      return `${fault.op}: inner sizes differ, ${list(fault.left)} x ${list(fault.right)}`
    case 'LeadingAxesDiffer':
      return `${fault.op}: leading axes differ, ${list(fault.left)} x ${list(fault.right)}`
    case 'DTypesDiffer':
      return `${fault.op}: element types differ, ${fault.left} and ${fault.right}; convert one with cast`
    case 'WrongDType':
      return `${fault.op}: needs ${fault.expected}, got ${fault.got}`
    case 'AxisOutOfRange':
      return `${fault.op}: axis ${fault.axis} is out of range for ${list(fault.shape)}`
    case 'TooFewAxes':
      return `${fault.op}: ${fault.operand} operand needs at least ${fault.least} axes, got ${list(fault.shape)}`
    case 'SizesDiffer':
      return `${fault.op}: ${list(fault.from)} does not have as many elements as ${list(fault.to)}`
    case 'WrongInputs':
      return `${fault.op}: takes ${fault.expected} operand${fault.expected === 1 ? '' : 's'}, got ${fault.got}`
    case 'Unexpected':
      return `expect: shape is ${list(fault.got)}, not ${list(fault.expected)}`
    case 'Invalid':
      return `${fault.op}: ${fault.why}`
    case 'UnboundInput':
      return `input '${fault.name}' has no value`
    case 'InputDiffers':
      return `input '${fault.name}' has shape ${list(fault.got)}, not ${list(fault.expected)}`
    case 'NameTaken':
      return `input '${fault.name}' is declared twice with different types`
    case 'TooLarge':
      return `${fault.what} needs ${fault.bytes} bytes, the limit is ${fault.limit}; ${fault.remedy}`
    case 'NotLowered':
      return `${fault.op}: not available on ${fault.target}; ${fault.why}`
    case 'Device':
      return `${fault.device}: ${fault.why}`
  }
}
