/**
 * Broken WGSL that no operation writes: one token of a function of the kernels' files or of the prelude is another. The
 * text is changed on its way to the driver, so that the compiler above it knows nothing of it; what judges is the law that
 * a device agrees with the meaning, on programs whose kernels call the function.
 */
import * as fc from 'fast-check'
import { operands, unusualOperands } from '../../laws/draw.ts'
import type { Graph } from '../../laws/graph.ts'
import { agreement, type Target as Run } from '../../laws/pass.ts'
import { compileWgsl } from '../../src/compile/wgsl/emit.ts'
import { declarations, type KernelName } from '../../src/compile/wgsl/kernels.ts'
import { prelude } from '../../src/compile/wgsl/prelude.ts'
import { portable, type Target } from '../../src/compile/wgsl/Target.ts'
import { exact, type Close } from '../../src/measure/Close.ts'
import { isNarrow } from '../../src/core/DType.ts'
import { apply, input, type Expr } from '../../src/core/Expr.ts'
import { E, pipe, TE } from '../../src/core/fp.ts'
import type { Draw } from '../../src/core/Op.ts'
import { show } from '../../src/core/Fault.ts'
import { stored, type Tensor } from '../../src/core/Tensor.ts'
import { show as text } from '../../src/interpret/show.ts'
import { $, ops } from '../../src/ops/registry.ts'
import type { Device, Executable } from '../../src/runtime/device.ts'
import { webgpu } from '../../src/runtime/webgpu/device.ts'
import { targetOf } from '../../src/runtime/webgpu/gpu.ts'
import { open, type Driver } from '../../src/runtime/webgpu/node.ts'
import { kernelSources } from '../../src/runtime/webgpu/sources.ts'
import { drawsOf, seed } from './judge.ts'
import type { Outcome } from './Mutant.ts'
import {
  closeAt,
  programOf,
  refused,
  running,
  sameEverywhere,
  sentences,
  valuesOn,
  type Environment
} from './targets.ts'
import { textChanges } from './wgsl.ts'

// programs -------------------------------------------------------------------------------

/** A program whose kernels call what is broken. */
interface Case {
  readonly inputs: ReadonlyArray<Draw>
  readonly root: Expr
  readonly close: Close
}

const real = (shape: ReadonlyArray<number>, min = -1, max = 1): Draw => ({ dtype: 'f32', shape, min, max })

const caseOf = (inputs: ReadonlyArray<Draw>, of: (...xs: ReadonlyArray<Expr>) => Expr, close?: Close): Case => {
  const root = of(...inputs.map(({ dtype, shape }, i) => input(`x${i}`, dtype, shape)))
  return { inputs, root, close: close ?? closeAt(root, inputs) }
}

/** Products just larger than a tile, in every form in which kernels read and write them. */
const products = (m: number, k: number, n: number): ReadonlyArray<Case> => {
  const plain = { left: { batch: [], over: [1] }, right: { batch: [], over: [0] } }
  const [left, right] = [real([m, k]), real([k, n])]
  return [
    caseOf([left, right], (x, y) => $.contract(x as Expr, y as Expr, plain)),
    caseOf([left, real([k, n - 1])], (x, y) => $.contract(x as Expr, y as Expr, plain)),
    caseOf([left, real([n, k])], (x, y) =>
      $.contract(x as Expr, y as Expr, { ...plain, right: { batch: [], over: [1] } })
    ),
    caseOf([real([k, m]), real([k, 12])], (x, y) =>
      $.contract(x as Expr, y as Expr, { ...plain, left: { batch: [], over: [0] } })
    ),
    caseOf([real([2, m, 3, k]), real([2, k, 3, 12])], (x, y) => {
      const part = $.slice(x as Expr, { start: [0, 1, 0, 0], stop: [2, m, 3, k], step: [1, 1, 1, 1] })
      return $.contract(part, y as Expr, { left: { batch: [0, 2], over: [3] }, right: { batch: [0, 2], over: [1] } })
    }),
    caseOf([left, right, real([n])], (x, y, bias) => {
      const product = $.contract($.exp(x as Expr), $.exp(y as Expr), plain)
      return $.relu($.add(product, $.broadcast(bias as Expr, { shape: [m, n], axes: [1] })))
    })
  ]
}

/** What is none where there is no root. */
const rooted = (x: Expr): Expr => $.where($.less(x, $.fill(0, x)), $.fill(NaN, x), x)

/** Numbers of all sizes that a format holds, some that it does not, ties, and what is none. */
const narrowed = (to: 'f16' | 'bf16'): ReadonlyArray<Case> => {
  const cast = ($x: Expr | undefined): Expr => $.cast($x as Expr, { to })
  const narrow = (min: number, max: number, n: number): Draw => ({ dtype: to, shape: [n], min, max })
  const sizes = to === 'f16' ? [4, 7e4, 1e-4, 1e-7] : [4, 3e38, 1e-37, 1e-40]
  return [
    ...sizes.map((size) => caseOf([real([7], -size, size)], cast, exact)),
    caseOf([{ dtype: 'i32', shape: [9], min: 256, max: to === 'f16' ? 8192 : 1024 }], cast, exact),
    caseOf([real([8])], (x) => cast(rooted(x as Expr)), exact),
    ...sizes
      .slice(0, 3)
      .map((size) => caseOf([narrow(-size, size, 6)], (x) => $.cast(x as Expr, { to: 'f32' }), exact)),
    caseOf([narrow(-4, 4, 8)], (x) => $.cast(x as Expr, { to: 'f32' }), exact),
    caseOf([narrow(-4, 4, 6)], (x) => $.cast($.flip(x as Expr, { axes: [0] }), { to: 'f32' }), exact),
    caseOf([real([6], -4, 4)], (x) => $.cast(cast($.mul(x as Expr, x as Expr)), { to: 'f32' }), exact)
  ]
}

const unknowns: ReadonlyArray<Case> = [caseOf([real([4])], (x) => $.add(x as Expr, $.fill(NaN, x as Expr)))]

const examples = (): ReadonlyArray<Case> =>
  Object.values(ops).flatMap((op) =>
    op.examples.map(({ inputs, params }) => caseOf(inputs, (...xs) => apply(op, xs, params)))
  )

// subjects -------------------------------------------------------------------------------

const files: ReadonlyArray<KernelName> = ['contractTile', 'contractSubgroup']

/** What is broken, function by function. */
export const kernelSubjects: ReadonlyArray<string> = [...files, ...Object.keys(prelude)]

/** A function of a module, from its name to its end. */
interface Found {
  readonly name: string
  readonly text: string
}

const functionsOf = (wgsl: string): ReadonlyArray<Found> =>
  declarations(wgsl).filter(({ text }) => /(^|\n)fn /.test(text))

/** Names of the functions that belong to a subject. */
const namesOf = (subject: string): ReadonlySet<string> => {
  const file = files.find((name) => name === subject)
  return new Set(file === undefined ? [subject] : functionsOf(kernelSources()[file]).map(({ name }) => name))
}

/** Changes of the body of a function; its head only says what there is. */
const changesIn = ({ name, text }: Found): ReadonlyArray<readonly [change: string, text: string]> => {
  const start = text.indexOf('{', text.search(/(^|\n)fn /))
  const [head, body] = [text.slice(0, start), text.slice(start)]
  return textChanges(body).map(([change, changed]) => [`${name}: ${change}`, head + changed])
}

const inModule = (subject: ReadonlySet<string>, wgsl: string): ReadonlyArray<Found> =>
  functionsOf(wgsl).filter(({ name }) => subject.has(name))

/** The module with the change made, in whichever of its functions it can be. */
const withChange =
  (subject: ReadonlySet<string>, change: string) =>
  (wgsl: string): string =>
    inModule(subject, wgsl).reduce((all, found) => {
      const by = changesIn(found).find(([name]) => name === change)
      return by === undefined ? all : all.replace(found.text, () => by[1])
    }, wgsl)

// courts ---------------------------------------------------------------------------------

interface Told extends Case {
  readonly modules: ReadonlyArray<string>
}

const modulesOf = (one: Case, target: Target): ReadonlyArray<string> =>
  pipe(
    programOf([one.root]),
    E.flatMap(compileWgsl(kernelSources(), target)),
    E.match(
      () => [],
      ({ kernels }) => kernels.map(({ wgsl }) => wgsl)
    )
  )

/** A few programs are enough: those that call it with least besides. */
const enough = 8

const casesOf = (subject: string, target: Target): ReadonlyArray<Told> => {
  const names = namesOf(subject)
  const all = files.some((name) => name === subject)
    ? target.schedule === 'tile'
      ? products(70, 18, 68)
      : products(18, 9, 36).concat(products(18, 14, 20).slice(0, 1))
    : [...examples(), ...narrowed('f16'), ...narrowed('bf16'), ...unknowns]
  const told = all.map((one): Told => ({ ...one, modules: modulesOf(one, target) }))
  const calling = told.filter(({ modules }) => modules.some((wgsl) => inModule(names, wgsl).length > 0))
  const narrow = calling.filter(({ root, inputs }) => isNarrow(root.dtype) || inputs.some((x) => isNarrow(x.dtype)))
  return files.some((name) => name === subject) || narrow.length > 0 ? calling : calling.slice(0, enough)
}

/** A driver whose texts can be changed on their way to it. */
export interface Bench {
  readonly target: Target
  /** A device that has compiled nothing yet, and will compile texts as they are edited. */
  readonly device: (edit: (wgsl: string) => string, target: Target) => Device
}

export const openBench = async (driver: Driver): Promise<E.Either<string, Bench>> => {
  const found = await open(driver)()
  if (E.isLeft(found)) return E.left(show(found.left))
  const opened = found.right
  const { gpu } = opened
  const state = { edit: (wgsl: string): string => wgsl }
  const create = gpu.createShaderModule.bind(gpu)
  gpu.createShaderModule = (descriptor) => create({ ...descriptor, code: state.edit(descriptor.code) })
  return E.right({
    target: { ...targetOf(gpu, opened.info), fewest: { rows: 1, columns: 2 } },
    device: (edit, target) => {
      state.edit = edit
      return webgpu({ ...opened, sources: kernelSources(), target })
    }
  })
}

/** Draws of the law at each program. */
const runs = 50

const environmentOf = (values: ReadonlyArray<Tensor>): Environment =>
  new Map(values.map((value, i) => [`x${i}`, stored(value)]))

const comparedOn = ({ inputs }: Case): ReadonlyArray<Environment> => drawsOf({ inputs, params: {} }).map(environmentOf)

const graphsOf = (drawn: typeof operands, { inputs, root }: Case): fc.Arbitrary<Graph> =>
  drawn(inputs).map((values) => ({
    roots: [root],
    environment: environmentOf(values),
    [fc.toStringMethod]: () => 'a program'
  }))

const agrees = async (device: Device, executable: Executable, one: Case): Promise<boolean> => {
  const run: Run = (_, environment) => pipe(valuesOn(device, executable)(environment), TE.mapLeft(sentences))()
  for (const drawn of [operands, unusualOperands]) {
    const law = agreement(run, graphsOf(drawn, one), one.close)
    if ((await fc.check(law, { numRuns: runs, seed, endOnFailure: true })).failed) return false
  }
  return true
}

/** What a change does to one program: each device compiles its texts as they are edited then. */
const judgeCase = async (bench: Bench, target: Target, edit: (wgsl: string) => string, one: Case): Promise<Outcome> => {
  const environments = comparedOn(one)
  const [first = new Map()] = environments
  const device = bench.device(edit, target)
  const broken = await running(device, [one.root], first)
  if (E.isLeft(broken)) return refused(broken.left)
  if (!(await agrees(device, broken.right, one))) return { _tag: 'Caught', law: 'agrees with the meaning' }
  const sound = bench.device((wgsl) => wgsl, target)
  const right = await running(sound, [one.root], first)
  const same =
    E.isRight(right) &&
    (await sameEverywhere(valuesOn(sound, right.right), valuesOn(device, broken.right), environments))
  return { _tag: same ? 'Equivalent' : 'Survived' }
}

/** One program that refuses or rejects a change is enough; it survives where it shows in one, and no law says so. */
const judgeCases = async (
  bench: Bench,
  target: Target,
  edit: (wgsl: string) => string,
  cases: ReadonlyArray<Case>
): Promise<Outcome> => {
  let found: Outcome = { _tag: 'Equivalent' }
  for (const one of cases) {
    const outcome = await judgeCase(bench, target, edit, one)
    if (outcome._tag === 'Refused' || outcome._tag === 'Caught') return outcome
    if (outcome._tag === 'Survived') found = outcome
  }
  return found
}

const targetFor = (subject: string, { target }: Bench): Target =>
  subject === 'contractTile' ? { ...portable, fewest: target.fewest } : target

/** The first program that does not agree with the meaning as it is: it could not judge. */
const unsound = async (bench: Bench, target: Target, cases: ReadonlyArray<Case>): Promise<string | undefined> => {
  const device = bench.device((wgsl) => wgsl, target)
  for (const one of cases) {
    const made = await running(device, [one.root], comparedOn(one)[0] ?? new Map())
    if (E.isLeft(made)) return `${sentences(made.left).join('; ')} in\n${text([one.root])}`
    if (!(await agrees(device, made.right, one))) return `does not agree with the reference:\n${text([one.root])}`
    made.right.dispose()
  }
  return undefined
}

/** The mutants of a function or a file of WGSL, by what is changed, and who judges them. */
export interface KernelCourt {
  readonly changes: ReadonlyArray<string>
  readonly judge: (change: string) => Promise<Outcome>
}

export const kernelCourt = async (bench: Bench, subject: string): Promise<E.Either<string, KernelCourt>> => {
  const target = targetFor(subject, bench)
  const names = namesOf(subject)
  const cases = casesOf(subject, target)
  if (cases.length === 0) return E.left('no program calls it')
  const wrong = await unsound(bench, target, cases)
  if (wrong !== undefined) return E.left(wrong)
  const found = cases.flatMap(({ modules }) => modules.flatMap((wgsl) => inModule(names, wgsl).flatMap(changesIn)))
  return E.right({
    changes: [...new Set(found.map(([change]) => change))],
    judge: (change) => {
      const edit = withChange(names, change)
      const changed = cases.filter(({ modules }) => modules.some((wgsl) => edit(wgsl) !== wgsl))
      return judgeCases(bench, target, edit, changed)
    }
  })
}
