/** A process that judges mutants, one rule of one subject at a time, on one thread. */
import { E } from '../../src/core/fp.ts'
import { show } from '../../src/core/Fault.ts'
import type { Op } from '../../src/core/Op.ts'
import { ops } from '../../src/ops/registry.ts'
import type { Device } from '../../src/runtime/device.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { software } from '../device/software.ts'
import { judgeRule, judgeTyping } from './judge.ts'
import { kernelCourt, openBench, type Bench } from './kernel.ts'
import type { Mutant, Outcome, Rule } from './Mutant.ts'
import type { Said, Task } from './protocol.ts'
import { ruleMutants } from './rules.ts'
import { holds, judgeLowering, loweringMutants, type Target } from './targets.ts'
import { typingMutants } from './typing.ts'

const say = (said: Said): void => void process.send?.(said)

/** Opened when it is first asked for, and once. */
const once = <A>(make: () => Promise<A>): (() => Promise<A>) => {
  const made: Array<Promise<A>> = [] // local
  return () => {
    if (made.length === 0) made.push(make())
    return made[0] as Promise<A>
  }
}

const devices: Readonly<Record<Target, () => Promise<E.Either<string, Device>>>> = {
  onnx: once(async () => E.mapLeft(show)(await onnx({ optimization: 'disabled', threads: 1 })())),
  /** Rows are taken together however few they are, so that the examples try that too. */
  wgsl: once(async () => E.fromNullable('no software adapter')(await software({ fewest: { rows: 1, columns: 2 } })))
}

const bench = once(async (): Promise<E.Either<string, Bench>> => {
  const found = await openBench('swiftshader')
  return E.isRight(found) ? found : openBench('lavapipe')
})

/** The changes of a rule and their judge, or why there are none. */
interface Court {
  readonly changes: ReadonlyArray<string>
  readonly judge: (change: string) => Outcome | Promise<Outcome>
}

const courtFor = (mutants: ReadonlyArray<Mutant>, judge: (mutant: Mutant) => Outcome | Promise<Outcome>): Court => {
  const byChange = new Map(mutants.map((mutant) => [mutant.change, mutant]))
  return { changes: [...byChange.keys()], judge: (change) => judge(byChange.get(change) as Mutant) }
}

const onTarget = async (on: Target, op: Op): Promise<E.Either<string, Court>> => {
  const device = await devices[on]()
  if (E.isLeft(device)) return device
  const mutants = await loweringMutants(on, device.right)(op)
  return mutants.length > 0 && !(await holds(op, device.right))
    ? E.left('the operation itself does not agree with the reference')
    : E.right(courtFor(mutants, judgeLowering(device.right)))
}

const onBench = async (subject: string): Promise<E.Either<string, Court>> => {
  const opened = await bench()
  return E.isLeft(opened) ? opened : kernelCourt(opened.right, subject)
}

const ofTyping = async (op: Op): Promise<E.Either<string, Court>> =>
  E.map((device: Device) => courtFor(typingMutants(op), judgeTyping(device)))(await devices.onnx())

const courtOfOp = (rule: Exclude<Rule, 'kernel'>, op: Op): Promise<E.Either<string, Court>> => {
  switch (rule) {
    case 'onnx':
    case 'wgsl':
      return onTarget(rule, op)
    case 'typing':
      return ofTyping(op)
    case 'vjp':
    case 'jvp':
    case 'batch':
      return Promise.resolve(E.right(courtFor(ruleMutants(rule)(op), judgeRule(rule))))
  }
}

const courtOf = async ({ rule, op: name }: Task): Promise<E.Either<string, Court>> => {
  if (rule === 'kernel') return onBench(name)
  const op = ops[name]
  return op === undefined ? E.left(`no operation '${name}'`) : courtOfOp(rule, op)
}

const work = async (task: Task): Promise<void> => {
  const court = await courtOf(task)
  if (E.isLeft(court)) return say({ _tag: 'Done', why: court.left })
  for (const change of court.right.changes.filter((one) => !task.without.includes(one))) {
    say({ _tag: 'Trying', change })
    say({ _tag: 'Judged', change, outcome: await court.right.judge(change) })
  }
  say({ _tag: 'Done' })
}

process.on('message', (task: Task) => void work(task))
say({ _tag: 'Ready' })
