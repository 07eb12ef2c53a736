/**
 * `npm run mutate [-- subject…] [--rule r,…] [--resume]`: breaks every rule of every operation and every function of WGSL
 * in every way that is known here, and counts how many of the mutants the laws alone catch. A subject is an operation, or
 * a function of WGSL; a rule is one of `vjp jvp batch typing onnx wgsl kernel`. Outcomes are written as they come:
 * `--resume` goes on where the last run was cut off, which holds for as long as the sources are the same.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { ops } from '../../src/ops/registry.ts'
import { note, openJournal, remaining, taskName } from './journal.ts'
import { kernelSubjects } from './kernel.ts'
import { rules, type Judged, type Outcome, type Rule } from './Mutant.ts'
import type { Said, Task } from './protocol.ts'
import { nameOf, report, shareOf } from './report.ts'

/** The share of mutants that must be caught. */
const least = 0.98
/** Seconds after which a mutant is said not to end. */
const patience = 120
const file = '.cache/mutation.jsonl'

const out = (line: string): void => void process.stdout.write(`${line}\n`)

// what is asked for ----------------------------------------------------------------------

const given = process.argv.slice(2)
const flag = given.indexOf('--rule')
const resume = given.includes('--resume')
const named = given.filter((arg, i) => arg !== '--resume' && (flag < 0 || (i !== flag && i !== flag + 1)))
const asked = flag < 0 ? rules : (given[flag + 1] ?? '').split(',')
const chosen = rules.filter((rule) => asked.includes(rule))
const subjectsOf = (rule: Rule): ReadonlyArray<string> => (rule === 'kernel' ? kernelSubjects : Object.keys(ops))
const unknown = [
  ...named.filter((name) => !rules.some((rule) => subjectsOf(rule).includes(name))),
  ...asked.filter((name) => !rules.some((rule) => rule === name))
]

const all: ReadonlyArray<Task> = chosen.flatMap((rule) =>
  subjectsOf(rule)
    .filter((subject) => named.length === 0 || named.includes(subject))
    .map((op): Task => ({ op, rule, without: [] }))
)

// processes ------------------------------------------------------------------------------

const start = (): ChildProcess =>
  fork(new URL('./worker.ts', import.meta.url), [], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'inherit', 'ignore', 'ipc']
  })

const judged: Array<Judged> = []
const troubles: Array<string> = []
const write = note(file)

const settle = (task: Task, change: string, outcome: Outcome): void => {
  const one: Judged = { op: task.op, rule: task.rule, change, outcome }
  judged.push(one)
  write({ _tag: 'Judged', ...one })
  if (outcome._tag === 'Survived') out(`survived: ${nameOf(one)}`)
}

const finish = (task: Task, why?: string): void => {
  if (why === undefined) write({ _tag: 'Finished', task: taskName(task) })
  else troubles.push(`${taskName(task)}: ${why}`)
}

/** Judges one task; a process that dies or does not answer is replaced, and the mutant it had is no program. */
const judgeTask = (child: ChildProcess, task: Task): Promise<ChildProcess> =>
  new Promise((resolve) => {
    const now = { trying: '', ended: false, done: [...task.without] }
    const overdue = (): void => {
      now.ended = true
      child.kill('SIGKILL')
    }
    let watch = setTimeout(overdue, 5000 * patience)
    const leave = (to: ChildProcess | Promise<ChildProcess>): void => {
      clearTimeout(watch)
      child.off('message', listen)
      child.off('exit', died)
      resolve(to)
    }
    const listen = (said: Said): void => {
      clearTimeout(watch)
      watch = setTimeout(overdue, (said._tag === 'Trying' ? 1000 : 5000) * patience)
      if (said._tag === 'Trying') now.trying = said.change
      if (said._tag === 'Judged') {
        settle(task, said.change, said.outcome)
        now.done.push(said.change)
        now.trying = ''
      }
      if (said._tag === 'Done') {
        finish(task, said.why)
        leave(child)
      }
    }
    const died = (): void => {
      if (now.trying === '') {
        finish(task, 'the process died between mutants')
        return leave(start())
      }
      settle(task, now.trying, { _tag: 'Refused', why: now.ended ? 'it does not end' : 'the process died' })
      leave(judgeTask(start(), { ...task, without: [...now.done, now.trying] }))
    }
    child.on('message', listen)
    child.once('exit', died)
    child.send(task)
  })

const serve = async (queue: Array<Task>): Promise<void> => {
  let child = start()
  for (let task = queue.shift(); task !== undefined; task = queue.shift()) child = await judgeTask(child, task)
  child.removeAllListeners('exit')
  child.kill()
}

// the run --------------------------------------------------------------------------------

const run = async (): Promise<void> => {
  const journal = openJournal(file, resume)
  const wanted = new Set(all.map(taskName))
  judged.push(...journal.judged.filter((one) => wanted.has(taskName(one))))
  const queue = [...remaining(all, journal)]
  const workers = Math.max(1, Math.min(availableParallelism(), queue.length))
  const began = performance.now()
  await Promise.all(Array.from({ length: workers }, () => serve(queue)))
  report(judged).forEach(out)
  troubles.forEach((trouble) => out(`not judged: ${trouble}`))
  out(`${((performance.now() - began) / 1000).toFixed(0)} s in ${workers} processes`)
  if (shareOf(judged) < least || troubles.length > 0) process.exitCode = 1
}

if (unknown.length > 0) {
  out(`neither an operation, nor a function of WGSL, nor a rule: ${unknown.join(', ')}`)
  process.exitCode = 2
} else await run()
