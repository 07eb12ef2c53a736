/** A process that judges mutants, one rule of one operation at a time, on one thread. */
import { E } from '../../src/core/fp.ts'
import { show } from '../../src/core/Fault.ts'
import type { Op } from '../../src/core/Op.ts'
import { ops } from '../../src/ops/registry.ts'
import type { Device } from '../../src/runtime/device.ts'
import { onnx } from '../../src/runtime/onnx/device.ts'
import { software } from '../device/software.ts'
import { derivativeLaws, judgeRule } from './judge.ts'
import type { Mutant, Outcome, Rule } from './Mutant.ts'
import type { Said, Task } from './protocol.ts'
import { ruleMutants } from './rules.ts'
import { holds, judgeLowering, loweringMutants, type Target } from './targets.ts'

const say = (said: Said): void => void process.send?.(said)

const opened = new Map<Target, Promise<E.Either<string, Device>>>()

const openOnnx = async (): Promise<E.Either<string, Device>> => {
  const device = await onnx({ optimization: 'disabled', threads: 1 })()
  return E.mapLeft(show)(device)
}

/** Rows are taken together however few they are, so that the examples try that too. */
const openWgsl = async (): Promise<E.Either<string, Device>> =>
  E.fromNullable('no software adapter')(await software({ fewest: { rows: 1, columns: 2 } }))

const deviceOf = (on: Target): Promise<E.Either<string, Device>> => {
  const device = opened.get(on) ?? (on === 'onnx' ? openOnnx() : openWgsl())
  opened.set(on, device)
  return device
}

/** The mutants of a rule and their judge, or why there is none. */
interface Court {
  readonly mutants: ReadonlyArray<Mutant>
  readonly judge: (mutant: Mutant) => Outcome | Promise<Outcome>
}

const onTarget = async (on: Target, op: Op): Promise<E.Either<string, Court>> => {
  const device = await deviceOf(on)
  if (E.isLeft(device)) return device
  const mutants = await loweringMutants(on, device.right)(op)
  return mutants.length > 0 && !(await holds(op, device.right))
    ? E.left('the operation itself does not agree with the reference')
    : E.right({ mutants, judge: judgeLowering(device.right) })
}

const courtOf = async (rule: Rule, op: Op): Promise<E.Either<string, Court>> =>
  rule === 'onnx' || rule === 'wgsl'
    ? onTarget(rule, op)
    : E.right({ mutants: ruleMutants(rule)(op), judge: judgeRule(derivativeLaws) })

const work = async ({ op: name, rule, without }: Task): Promise<void> => {
  const op = ops[name]
  const court = op === undefined ? E.left(`no operation '${name}'`) : await courtOf(rule, op)
  if (E.isLeft(court)) return say({ _tag: 'Done', why: court.left })
  for (const mutant of court.right.mutants.filter(({ change }) => !without.includes(change))) {
    say({ _tag: 'Trying', change: mutant.change })
    say({ _tag: 'Judged', change: mutant.change, outcome: await court.right.judge(mutant) })
  }
  say({ _tag: 'Done' })
}

process.on('message', (task: Task) => void work(task))
say({ _tag: 'Ready' })
