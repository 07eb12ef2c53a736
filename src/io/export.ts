/** Models as files that others read: graphs with their weights as ONNX, weights as safetensors. */
import { emit, type OnnxFile } from '../compile/onnx/emit.ts'
import { program, type Port, type Program } from '../compile/Program.ts'
import { isFloat } from '../core/DType.ts'
import type { Fault, Faults } from '../core/Fault.ts'
import { E, pipe } from '../core/fp.ts'
import { equal } from '../core/Shape.ts'
import type { Tensor } from '../core/Tensor.ts'
import { trees, type Trees } from '../core/Tree.ts'
import type { Outputs } from './graphJson.ts'
import type { IoFault } from './IoFault.ts'
import { encode, type Metadata } from './safetensors.ts'

const isTensor = (value: unknown): value is Tensor =>
  typeof value === 'object' && value !== null && 'data' in value && 'dtype' in value

const tensors: Trees<Tensor> = trees(isTensor)

// ONNX -----------------------------------------------------------------------------------

const misfit = ({ name, dtype, shape }: Port, value: Tensor): ReadonlyArray<Fault> =>
  !equal(shape, value.shape)
    ? [{ _tag: 'InputDiffers', name, expected: shape, got: value.shape }]
    : dtype !== value.dtype && !(isFloat(dtype) && isFloat(value.dtype))
      ? [{ _tag: 'WrongDType', op: `input '${name}'`, expected: dtype, got: value.dtype }]
      : []

/** A tensor that no input is named after would be lost without a word. */
const unused = (inputs: ReadonlyMap<string, Port>, name: string): ReadonlyArray<Fault> =>
  inputs.has(name)
    ? []
    : [
        {
          _tag: 'Invalid',
          op: 'toOnnx',
          why: `no input is named '${name}', after a parameter; rename it, or leave it out`
        }
      ]

const filled = (compiled: Program, params: ReadonlyArray<readonly [string, Tensor]>): E.Either<Faults, OnnxFile> => {
  const inputs = new Map(compiled.inputs.map((port) => [port.name, port]))
  const wrong = params.flatMap(([name, value]) => {
    const port = inputs.get(name)
    return port === undefined ? unused(inputs, name) : misfit(port, value)
  })
  const weights = params.map(
    ([name, value]) => [name, { ...value, dtype: inputs.get(name)?.dtype ?? value.dtype }] as const
  )
  return wrong.length > 0 ? E.left(wrong) : E.right(emit(compiled, new Map(weights)))
}

/**
 * A graph as an ONNX file that needs nothing beside it: values by name, of the inputs that are no parameters, which keep
 * their names. A parameter is the input with its name, the path of its leaf joined by dots.
 *
 * - result: `bytes` of the file; `inputs` and `outputs` with the `label` of each in the file
 * - faults: those of the graph; a parameter of another shape than its input, or that no input is named after
 *
 * @example
 * const w = input('layer.w', 'f32', [3, 2])
 * toOnnx({ y: matmul(input('x', 'f32', [1, 3]), w) }, { layer: { w: floats([3, 2], [1, 2, 3, 4, 5, 6]) } })
 */
export const toOnnx = (outputs: Outputs, params: unknown = {}): E.Either<Faults, OnnxFile> =>
  pipe(
    program(outputs),
    E.flatMap((compiled) => filled(compiled, tensors.flatten(params)))
  )

// safetensors ----------------------------------------------------------------------------

/**
 * A tree of tensors as the bytes of a safetensors file, each under the path of its leaf, in its own element type.
 *
 * Faults: `WrongLength`, `ReservedName`.
 *
 * @example toSafetensors({ layer: { w: floats([2], [1, 2]) } }, { kind: 'example' })
 */
export const toSafetensors = (params: unknown, metadata: Metadata = {}): E.Either<IoFault, Uint8Array> =>
  encode(new Map(tensors.flatten(params)), metadata)
