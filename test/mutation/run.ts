/**
 * `npm run mutate [-- op…] [--target onnx|wgsl|none]`: breaks every derivative and every lowering in every way that
 * `rules.ts`, `onnx.ts` and `wgsl.ts` know, and counts how many of the mutants the laws alone catch. With a target only
 * its lowerings are broken; `none` is the derivatives.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { ops } from '../../src/ops/registry.ts'
import { nameOf, type Outcome, type Rule } from './Mutant.ts'
import type { Said, Task } from './protocol.ts'

/** The share of mutants that must be caught. */
const least = 0.98

interface Judged {
  readonly op: string
  readonly rule: Rule
  readonly change: string
  readonly outcome: Outcome
}

const out = (line: string): void => void process.stdout.write(`${line}\n`)

// what is asked for ----------------------------------------------------------------------

const given = process.argv.slice(2)
const flag = given.indexOf('--target')
const targetName = flag < 0 ? undefined : given[flag + 1]
const names = given.filter((_, i) => flag < 0 || (i !== flag && i !== flag + 1))
const chosen: ReadonlyArray<Rule> =
  targetName === undefined
    ? ['vjp', 'jvp', 'onnx', 'wgsl']
    : targetName === 'none'
      ? ['vjp', 'jvp']
      : (['onnx', 'wgsl'] as const).filter((rule) => rule === targetName)
const unknown = names.filter((name) => ops[name] === undefined)

const tasks: ReadonlyArray<Task> = chosen.flatMap((rule) =>
  Object.keys(ops)
    .filter((op) => names.length === 0 || names.includes(op))
    .map((op): Task => ({ op, rule, without: [] }))
)

// processes ------------------------------------------------------------------------------

const judged: Array<Judged> = []
const troubles: Array<string> = []

const start = (): ChildProcess =>
  fork(new URL('./worker.ts', import.meta.url), [], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'ignore', 'ipc']
  })

/** Judges one task; a process that dies is replaced, and the mutant that it died of is no program. */
const judgeTask = (child: ChildProcess, task: Task): Promise<ChildProcess> =>
  new Promise((resolve) => {
    const now = { trying: '', done: [...task.without] }
    const settle = (change: string, outcome: Outcome): void => {
      judged.push({ op: task.op, rule: task.rule, change, outcome })
      if (outcome._tag === 'Survived') out(`survived: ${nameOf({ op: { name: task.op }, rule: task.rule, change })}`)
      now.done.push(change)
    }
    const leave = (to: ChildProcess): void => {
      child.off('message', listen)
      child.off('exit', died)
      resolve(to)
    }
    const listen = (said: Said): void => {
      if (said._tag === 'Trying') now.trying = said.change
      if (said._tag === 'Judged') settle(said.change, said.outcome)
      if (said._tag === 'Done') {
        if (said.why !== undefined) troubles.push(`${task.op} ${task.rule}: ${said.why}`)
        leave(child)
      }
    }
    const died = (): void => {
      if (now.trying === '') {
        troubles.push(`${task.op} ${task.rule}: the process died before the first mutant`)
        return leave(start())
      }
      settle(now.trying, { _tag: 'Refused', why: 'the process died' })
      child.off('message', listen)
      resolve(judgeTask(start(), { ...task, without: now.done }))
    }
    child.on('message', listen)
    child.once('exit', died)
    child.send(task)
  })

const queue = [...tasks]

const serve = async (): Promise<void> => {
  let child = start()
  for (let task = queue.shift(); task !== undefined; task = queue.shift()) child = await judgeTask(child, task)
  child.removeAllListeners('exit')
  child.kill()
}

// the report -----------------------------------------------------------------------------

const count = (of: ReadonlyArray<Judged>, tag: Outcome['_tag']): number =>
  of.filter(({ outcome }) => outcome._tag === tag).length

const shareOf = (of: ReadonlyArray<Judged>): number => {
  const caught = count(of, 'Caught')
  const survived = count(of, 'Survived')
  return caught + survived === 0 ? 1 : caught / (caught + survived)
}

const line = (what: string, of: ReadonlyArray<Judged>): string =>
  `${what.padEnd(6)} ${`${of.length}`.padStart(6)} mutants: ${count(of, 'Caught')} caught, ` +
  `${count(of, 'Survived')} survived, ${count(of, 'Equivalent')} equivalent, ${count(of, 'Refused')} no programs; ` +
  `caught ${(100 * shareOf(of)).toFixed(1)} %`

const report = (seconds: number): void => {
  troubles.forEach((trouble) => out(`not judged: ${trouble}`))
  for (const rule of chosen)
    out(
      line(
        rule,
        judged.filter((one) => one.rule === rule)
      )
    )
  out(line('all', judged))
  out(`${seconds.toFixed(0)} s in ${workers} processes`)
}

// the run --------------------------------------------------------------------------------

const workers = Math.max(1, Math.min(availableParallelism(), tasks.length))

if (unknown.length > 0 || chosen.length === 0) {
  out(unknown.length > 0 ? `no operation ${unknown.join(', ')}` : `no target ${targetName}`)
  process.exitCode = 2
} else {
  const began = performance.now()
  await Promise.all(Array.from({ length: workers }, serve))
  report((performance.now() - began) / 1000)
  if (shareOf(judged) < least || troubles.length > 0) process.exitCode = 1
}
