/** How far each target is from the reference, over the operations' own examples: measured, and kept in a file. */
import * as fc from 'fast-check'
import { operands } from '../../laws/draw.ts'
import { program } from '../../src/compile/Program.ts'
import { isFloat } from '../../src/core/DType.ts'
import { apply, input, type Expr } from '../../src/core/Expr.ts'
import { E, pipe, TE } from '../../src/core/fp.ts'
import type { Op } from '../../src/core/Op.ts'
import { stored, type Tensor } from '../../src/core/Tensor.ts'
import { evaluate } from '../../src/interpret/evaluate.ts'
import type { Device } from '../../src/runtime/device.ts'

/** The adapter, and the greatest error of each operation, a power of ten with one digit; `0` is exact. */
export interface Measured {
  readonly adapter: string
  readonly errors: Readonly<Record<string, string>>
}

/** What `precision.json` holds. */
export interface Precision {
  readonly onnx: Measured
  readonly wgsl: Measured
}

type Environment = ReadonlyMap<string, Tensor>

const draws = { numRuns: 8, seed: 20260109 }

const nodesOf = (op: Op): ReadonlyArray<Expr> =>
  op.examples.map(({ inputs, params }, e) =>
    apply(
      op,
      inputs.map(({ dtype, shape }, i) => input(`x${e}.${i}`, dtype, shape)),
      params
    )
  )

const environments = (op: Op): ReadonlyArray<Environment> => {
  const drawn = op.examples.map(({ inputs }) => fc.sample(operands(inputs), draws))
  return Array.from(
    { length: draws.numRuns },
    (_, k) => new Map(drawn.flatMap((of, e) => (of[k] ?? []).map((x, i) => [`x${e}.${i}`, stored(x)] as const)))
  )
}

/** `max|a − b| / max|b|`; for other than floats the share of elements that differ. */
export const errorOf = (a: Tensor, b: Tensor): number => {
  const pairs = Array.from(b.data, (y, i) => [a.data[i] ?? NaN, y] as const)
  if (!isFloat(b.dtype)) return pairs.filter(([x, y]) => x !== y).length / Math.max(1, pairs.length)
  const scale = Math.max(...pairs.map(([, y]) => (Number.isFinite(y) ? Math.abs(y) : 0)))
  const gaps = pairs.map(([x, y]) => (Object.is(x, y) || x === y ? 0 : Math.abs(x - y)))
  return Math.max(0, ...gaps) / (scale === 0 ? 1 : scale)
}

/** One digit: what a machine's rounding changes from run to run is not shown. */
export const rounded = (error: number): string =>
  error === 0 ? '0' : Number.isFinite(error) ? Number(error.toPrecision(1)).toExponential(0) : 'no number'

const runOn = (device: Device, roots: ReadonlyArray<Expr>, environment: Environment) =>
  pipe(
    TE.fromEither(program(Object.fromEntries(roots.map((root, i) => [`y${i}`, root])))),
    TE.flatMap(device.compile),
    TE.flatMap((executable) =>
      pipe(
        TE.traverseSeqArray(({ name }: { readonly name: string }) =>
          TE.map((buffer: Parameters<Device['read']>[0]) => [name, buffer] as const)(
            device.upload(environment.get(name) as Tensor)
          )
        )(executable.program.inputs),
        TE.flatMap((uploaded) => executable.run(new Map(uploaded))),
        TE.flatMap((results) => TE.traverseSeqArray(device.read)([...results.values()])),
        TE.mapLeft((fault) => [fault]),
        TE.map((values) => {
          executable.dispose()
          return values
        })
      )
    )
  )

const errorOn = async (device: Device, op: Op): Promise<number> => {
  const roots = nodesOf(op)
  const errors = environments(op).map(async (environment) => {
    const got = await runOn(device, roots, environment)()
    const expected = evaluate(environment)(roots)
    return E.isLeft(got) || E.isLeft(expected)
      ? NaN
      : Math.max(...expected.right.map((y, i) => errorOf(got.right[i] ?? y, y)))
  })
  return Math.max(...(await Promise.all(errors)))
}

/** Every operation with an example on a device. */
export const measure = async (device: Device, ops: ReadonlyArray<Op>): Promise<Measured> => {
  const errors: Record<string, string> = {} // local
  for (const op of ops.filter(({ examples }) => examples.length > 0))
    errors[op.name] = rounded(await errorOn(device, op))
  return { adapter: device.description, errors }
}
