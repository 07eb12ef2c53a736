/** `npm run test:goldens -- [ops wan tmd] [reference onnx webgpu]`: every case on every target, and how near each came. */
import { show, type Faults } from '../../src/core/Fault.ts'
import { E } from '../../src/core/fp.ts'
import type { Device } from '../../src/runtime/device.ts'
import { isSkip, type Case } from './case.ts'
import { compare } from './compare.ts'
import { load, sets, type Group } from './load.ts'
import { execute, targets, type Target } from './targets.ts'

type Outcome =
  | { readonly _tag: 'Met'; readonly worst: number; readonly compared: number }
  | { readonly _tag: 'Missed'; readonly failures: ReadonlyArray<string> }
  | { readonly _tag: 'Skipped'; readonly reason: string }

const say = (line: string): void => void process.stdout.write(`${line}\n`)
const sentences = (faults: Faults): ReadonlyArray<string> => faults.map(show)

const outcomeOf = async (device: Device, given: Case): Promise<Outcome> => {
  if (isSkip(given)) return { _tag: 'Skipped', reason: given.skip }
  const verdict = await compare(execute(device))(given)()
  if (E.isLeft(verdict)) return { _tag: 'Missed', failures: sentences(verdict.left) }
  const { failures, worst, compared } = verdict.right
  return failures.length > 0 ? { _tag: 'Missed', failures } : { _tag: 'Met', worst, compared }
}

const report = (name: string, outcome: Outcome): void => {
  if (outcome._tag === 'Skipped') say(`  skipped  ${name}: ${outcome.reason}`)
  if (outcome._tag === 'Missed') outcome.failures.forEach((failure) => say(`  MISSED   ${name}: ${failure}`))
}

const count = (outcomes: ReadonlyArray<Outcome>, tag: Outcome['_tag']): number =>
  outcomes.filter(({ _tag }) => _tag === tag).length

const summary = (set: string, target: string, outcomes: ReadonlyArray<Outcome>): string => {
  const met = outcomes.flatMap((outcome) => (outcome._tag === 'Met' ? [outcome] : []))
  const worst = met.reduce((most, outcome) => Math.max(most, outcome.worst), 0)
  const tensors = met.reduce((n, outcome) => n + outcome.compared, 0)
  return (
    `${set} on ${target}: ${met.length} met (${tensors} tensors, the farthest at ${worst.toFixed(2)} of its tolerance), ` +
    `${count(outcomes, 'Missed')} missed, ${count(outcomes, 'Skipped')} skipped`
  )
}

const runOn = async (set: string, groups: ReadonlyArray<Group>, target: Target): Promise<ReadonlyArray<Outcome>> => {
  const device = await target.open()
  const outcomes: Array<Outcome> = []
  if (E.isLeft(device)) {
    say(`${set} on ${target.name}: skipped, ${show(device.left)}`)
    return outcomes
  }
  for (const group of groups)
    for (const given of group.cases) {
      const outcome = await outcomeOf(device.right, given)
      report(`${group.name} ${given.name}`, outcome)
      outcomes.push(outcome)
    }
  await device.right.dispose()()
  say(summary(set, target.name, outcomes))
  return outcomes
}

const asked = process.argv.slice(2)
const isTarget = (name: string): boolean => targets.some((target) => target.name === name)
const wanted = asked.filter((name) => !isTarget(name))
const on = targets.filter(({ name }) => !asked.some(isTarget) || asked.includes(name))

for (const set of wanted.length > 0 ? wanted : sets) {
  const groups = await load(set)
  for (const target of on) {
    const outcomes = await runOn(set, groups, target)
    if (count(outcomes, 'Missed') > 0) process.exitCode = 1
  }
}
