/** Mutants of lowerings, judged by what the laws of an operation say of a device. */
import * as fc from 'fast-check'
import type { Law } from '../../laws/Laws.ts'
import { operation } from '../../laws/operation.ts'
import type { Target as Asked } from '../../laws/pass.ts'
import { program, type Program } from '../../src/compile/Program.ts'
import { difference, exact, type Close } from '../../src/measure/Close.ts'
import { isFloat } from '../../src/core/DType.ts'
import { apply, input, type Expr } from '../../src/core/Expr.ts'
import { show, type Faults } from '../../src/core/Fault.ts'
import { E, pipe, TE } from '../../src/core/fp.ts'
import type { Draw, Op } from '../../src/core/Op.ts'
import { stored, type Tensor } from '../../src/core/Tensor.ts'
import type { Device, Executable } from '../../src/runtime/device.ts'
import { comparisons, drawsOf, seed } from './judge.ts'
import type { Mutant, Outcome } from './Mutant.ts'
import { brokenOnnx, listening as listeningOnnx } from './onnx.ts'
import { brokenWgsl, listening as listeningWgsl } from './wgsl.ts'

export type Target = 'onnx' | 'wgsl'

export type Environment = ReadonlyMap<string, Tensor>
type Values = ReadonlyArray<Tensor>

/** Single precision through one operation; where all operands are small, so is what may be lost. Integers are exact. */
export const closeAt = ({ dtype }: Expr, inputs: ReadonlyArray<Draw>): Close => {
  if (!isFloat(dtype)) return exact
  const largest = Math.max(0, ...inputs.flatMap(({ min, max }) => [Math.abs(min), Math.abs(max)]))
  return { absolute: 5e-7 * Math.min(1, largest || 1), relative: 4e-6 }
}

/** Draws of the law at each example: few of them are needed to catch a mutant, and it ends with the first that does. */
const runs = 100

// graphs ---------------------------------------------------------------------------------

/** No pass knows the operation by its name: what is judged is its lowering and nothing else. */
const unknownToPasses = (op: Op): Op => ({ ...op, name: `${op.name}*` })

/** The operation at all of its examples. */
const rootsOf = (op: Op): ReadonlyArray<Expr> => {
  const alone = unknownToPasses(op)
  return op.examples.map(({ inputs, params }, e) =>
    apply(
      alone,
      inputs.map(({ dtype, shape }, i) => input(`x${e}.${i}`, dtype, shape)),
      params
    )
  )
}

const environmentOf = (draws: ReadonlyArray<Values>): Environment =>
  new Map(draws.flatMap((xs, e) => xs.map((x, i) => [`x${e}.${i}`, stored(x)] as const)))

/** Operands of all examples, within their ranges and beyond: what equivalence is judged by. */
const comparedOn = (op: Op): ReadonlyArray<Environment> => {
  const draws = op.examples.map(drawsOf)
  return Array.from({ length: 2 * comparisons }, (_, k) => environmentOf(draws.map((of) => of[k] ?? [])))
}

// running --------------------------------------------------------------------------------

export const programOf = (roots: ReadonlyArray<Expr>): E.Either<Faults, Program> =>
  program(Object.fromEntries(roots.map((root, i) => [`y${i}`, root])))

const compiled = (device: Device, roots: ReadonlyArray<Expr>): TE.TaskEither<Faults, Executable> =>
  pipe(TE.fromEither(programOf(roots)), TE.flatMap(device.compile))

const task = <A>(run: () => Promise<A>): TE.TaskEither<Faults, A> =>
  TE.tryCatch(run, (thrown) => [{ _tag: 'Device', device: 'mutant', why: String(thrown) }])

/** The outputs, in order. */
export const valuesOn =
  (device: Device, executable: Executable) =>
  (environment: Environment): TE.TaskEither<Faults, Values> =>
    pipe(
      TE.traverseSeqArray(({ name }: { readonly name: string }) =>
        TE.map((buffer: Parameters<Device['read']>[0]) => [name, buffer] as const)(
          device.upload(environment.get(name) as Tensor)
        )
      )(executable.program.inputs),
      TE.flatMap((uploaded) =>
        pipe(
          executable.run(new Map(uploaded)),
          TE.flatMap((results) =>
            pipe(
              TE.traverseSeqArray(({ name }: { readonly name: string }) => {
                const buffer = results.get(name)
                return buffer === undefined ? TE.left(missing(name)) : device.read(buffer)
              })(executable.program.outputs),
              TE.map((values) => {
                device.release([...results.values(), ...uploaded.map(([, buffer]) => buffer)])
                return values
              })
            )
          )
        )
      ),
      TE.mapLeft((fault): Faults => [fault])
    )

const missing = (name: string) => ({ _tag: 'UnboundInput', name }) as const

export const sentences = (faults: Faults): ReadonlyArray<string> => faults.map(show)

// mutants --------------------------------------------------------------------------------

const lowerings = {
  onnx: { listening: listeningOnnx, broken: brokenOnnx },
  wgsl: { listening: listeningWgsl, broken: brokenWgsl }
}

/** Every mutant of a lowering: each change of what it writes for any of the examples. */
export const loweringMutants =
  (on: Target, device: Device) =>
  async (op: Op): Promise<ReadonlyArray<Mutant>> => {
    const names = new Set<string>() // local
    if (op[on] === 'derived' || op.examples.length === 0) return []
    const made = await pipe(
      task(() => compiled(device, rootsOf(lowerings[on].listening(op, names)))()),
      TE.flatMap(TE.fromEither)
    )()
    if (E.isRight(made)) made.right.dispose()
    return [...names].map((change) => ({ op, rule: on, change, broken: lowerings[on].broken(op, change) }))
  }

/** A program of all examples as the device that runs one of them: the operands of the others stay as they are. */
const exampleOn =
  (device: Device, executable: Executable, rest: Environment, e: number): Asked =>
  (_, environment) => {
    const own = [...environment].map(([name, value]) => [name.replace('x', `x${e}.`), value] as const)
    return pipe(
      valuesOn(device, executable)(new Map([...rest, ...own])),
      TE.bimap(sentences, (values) => values.slice(e, e + 1))
    )()
  }

/** What the laws of an operation ask of a device, example by example: each is as close as its operands let it be. */
const deviceLaws = (op: Op, device: Device, executable: Executable): ReadonlyArray<Law> => {
  const alone = unknownToPasses(op)
  const [rest = new Map()] = comparedOn(op)
  return rootsOf(op).flatMap((root, e) => {
    const examples = op.examples.slice(e, e + 1)
    const run = exampleOn(device, executable, rest, e)
    const close = closeAt(root, examples[0]?.inputs ?? [])
    return Object.values(operation({ ...alone, examples }, { run, close })).filter((law) => law.isAsync())
  })
}

const agreesWithMeaning = async (op: Op, device: Device, executable: Executable): Promise<boolean> => {
  for (const law of deviceLaws(op, device, executable))
    if ((await fc.check(law, { numRuns: runs, seed, endOnFailure: true })).failed) return false
  return true
}

/** A few roundings of single precision: what the order of a sum may change. */
const roundings: Close = { absolute: 0, relative: 1e-6 }

type Run = (environment: Environment) => TE.TaskEither<Faults, Values>

/** Whether two programs compute the same, or both nothing, in all of some environments. */
export const sameEverywhere = async (
  right: Run,
  wrong: Run,
  environments: ReadonlyArray<Environment>
): Promise<boolean> => {
  for (const environment of environments) {
    const expected = await right(environment)()
    const got = await wrong(environment)()
    if (E.isLeft(expected) || E.isLeft(got)) {
      if (E.isRight(expected) || E.isRight(got)) return false
      continue
    }
    const differs = expected.right.some(
      (y, i) => difference(isFloat(y.dtype) ? roundings : exact, got.right[i] ?? y, y) !== undefined
    )
    if (differs) return false
  }
  return true
}

const sameAsSound = async (op: Op, device: Device, broken: Executable): Promise<boolean> => {
  const whole = await compiled(device, rootsOf(op))()
  if (E.isLeft(whole)) return false
  const same = await sameEverywhere(valuesOn(device, whole.right), valuesOn(device, broken), comparedOn(op))
  whole.right.dispose()
  return same
}

export const refused = (faults: Faults): Outcome => ({ _tag: 'Refused', why: sentences(faults).join('; ') })

/** A program that compiles, runs and gives values of the right sizes: anything else needs no law. */
export const running = async (
  device: Device,
  roots: ReadonlyArray<Expr>,
  environment: Environment
): Promise<E.Either<Faults, Executable>> => {
  const made = await pipe(
    task(() => compiled(device, roots)()),
    TE.flatMap(TE.fromEither)
  )()
  if (E.isLeft(made)) return made
  const tried = await valuesOn(device, made.right)(environment)()
  return pipe(
    tried,
    E.map(() => made.right)
  )
}

const runningOp = (op: Op, device: Device, broken: Op): Promise<E.Either<Faults, Executable>> =>
  running(device, rootsOf(broken), comparedOn(op)[0] ?? new Map())

/** What becomes of a mutant of a lowering. */
export const judgeLowering =
  (device: Device) =>
  async ({ op, broken }: Pick<Mutant, 'op' | 'broken'>): Promise<Outcome> => {
    const made = await runningOp(op, device, broken)
    if (E.isLeft(made)) return refused(made.left)
    const executable = made.right
    const outcome: Outcome = !(await agreesWithMeaning(op, device, executable))
      ? { _tag: 'Caught', law: 'agrees with the meaning' }
      : (await sameAsSound(op, device, executable))
        ? { _tag: 'Equivalent' }
        : { _tag: 'Survived' }
    executable.dispose()
    return outcome
  }

/** Whether the law holds of the operation as it is: else it could not judge a mutant. */
export const holds = async (op: Op, device: Device): Promise<boolean> => {
  const made = await runningOp(op, device, op)
  return E.isRight(made) && agreesWithMeaning(op, device, made.right)
}
