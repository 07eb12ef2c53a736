/**
 * The training step on ONNX while another process takes one of the cores: with threads chosen by the device's own
 * trials, as everyone gets them, and with either number fixed, in turns: `tsx bench/contended.ts [rounds] [steps]`.
 * Then the core comes free, and is taken again, which the device has to notice.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { cores } from '../src/runtime/onnx/link.ts'
import { duration, ratio, spread } from './timing.ts'
import { begin, rounds, type Side } from './turns.ts'

const [count = '5', steps = '10'] = process.argv.slice(2)
const goal = 1.3
const choices = ['auto', '1', String(cores())]
/** A process that nobody ends ends itself. */
const longest = 30 * 60_000

type Steps = Side<string, number>
type Turns = ReadonlyArray<ReadonlyArray<number>>

// the other process ----------------------------------------------------------------------

const busy = (): ChildProcess =>
  spawn(process.execPath, ['-e', `const end = Date.now() + ${longest}; while (Date.now() < end);`], { stdio: 'ignore' })

const taken = async <A>(work: () => Promise<A>): Promise<A> => {
  const other = busy()
  try {
    return await work()
  } finally {
    other.kill('SIGKILL')
  }
}

// what is told ---------------------------------------------------------------------------

/** What the device's choice costs: its step beside the better of the two, round by round. */
const costs = (turns: Turns): ReadonlyArray<number> => turns.map(([auto = NaN, ...fixed]) => auto / Math.min(...fixed))

const report = (title: string, turns: Turns): void => {
  console.log(title)
  for (const [i, choice] of choices.entries())
    console.log(
      `  threads ${choice.padEnd(5)} ${spread(
        turns.map((turn) => turn[i] ?? NaN),
        duration
      )}`
    )
  console.log(`  auto / the better of the two: ${spread(costs(turns), ratio)}, at most ${goal} wanted`)
}

const measured = async (sides: ReadonlyArray<Steps>, title: string): Promise<void> =>
  report(title, await rounds(sides, Number(count)))

// the measurement ------------------------------------------------------------------------

const sides: Array<Steps> = []
await taken(async () => {
  for (const choice of choices)
    sides.push(await begin(new URL('./sides/onnxStep.ts', import.meta.url), [choice, steps]))
  console.log(sides[0]?.ready)
  console.log(`${count} rounds of ${steps} steps, a step on average: median (least to most)`)
  await measured(sides, 'one core taken')
})
await measured(sides, 'the core free again')
await taken(() => measured(sides, 'taken again'))
await Promise.all(sides.map((side) => side.end()))
