/**
 * A perceptron, forward and backward, in Fluxion's WGSL and in jax-js, on one adapter and in turns (A B A B):
 * `JAXJS=DIR tsx bench/peers/jaxjs.ts [rounds] [driver]`. jax-js is no dependency; DIR is where it was installed by
 * `npm i --prefix DIR @jax-js/jax`. Both run on the Dawn of this repository. A particular driver for both:
 * `VK_ICD_FILENAMES=FILE`.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { compared } from '../perceptron.ts'
import type { PerceptronReady } from '../sides/perceptron.ts'
import { duration, median, ratio, spread, type Timing } from '../timing.ts'
import { begin, rounds, type Side } from '../turns.ts'

const [count = '15', driver = 'auto'] = process.argv.slice(2)
/** Distances of results, relative to their size, that rounding explains. */
const tolerance = 1e-4

const square = (xs: Float32Array): number => xs.reduce((total, x) => total + x * x, 0)

/** `|a − b| / |b|` */
const distance = (a: Float32Array, b: Float32Array): number =>
  a.length === b.length ? Math.sqrt(square(a.map((x, i) => x - (b[i] ?? NaN))) / square(b)) : Infinity

/** The largest distance among results of one name. */
const difference = (a: PerceptronReady, b: PerceptronReady): number =>
  Math.max(...[...a.results].map(([name, values]) => distance(values, b.results.get(name) ?? new Float32Array())))

const mismatch = (a: PerceptronReady, b: PerceptronReady): string | undefined =>
  a.adapter !== b.adapter
    ? `${a.name} runs on ${a.adapter}, ${b.name} on ${b.adapter}`
    : difference(a, b) <= tolerance
      ? undefined
      : `${a.name} and ${b.name} differ by ${difference(a, b).toExponential(1)}`

const told = ({ name }: PerceptronReady, turns: ReadonlyArray<Timing>): string => {
  const wall = turns.map((turn) => turn.wall)
  const processor = turns.map((turn) => turn.processor)
  return `${name.padEnd(14)} ${spread(wall, duration)}, processor ${duration(median(processor))}`
}

const compare = async (ours: Side<PerceptronReady, Timing>, theirs: Side<PerceptronReady, Timing>): Promise<void> => {
  const wrong = mismatch(ours.ready, theirs.ready)
  if (wrong !== undefined) throw new Error(wrong)
  await rounds([ours, theirs], 2)
  const turns = await rounds([ours, theirs], Number(count))
  const of = (side: 0 | 1): ReadonlyArray<Timing> => turns.flatMap((pair) => pair[side] ?? [])
  const ratios = turns.map(([a, b]) => (b?.wall ?? NaN) / (a?.wall ?? NaN))
  console.log(ours.ready.adapter)
  console.log(
    `perceptron ${Object.values(compared).join(', ')}, ${count} rounds, median (least to most); ` +
      `results differ by ${difference(ours.ready, theirs.ready).toExponential(1)}`
  )
  console.log(`  ${told(ours.ready, of(0))}`)
  console.log(`  ${told(theirs.ready, of(1))}`)
  console.log(`  ${theirs.ready.name} / ${ours.ready.name}: ${spread(ratios, ratio)}`)
}

const folder = process.env['JAXJS']
if (folder === undefined || !existsSync(join(folder, 'node_modules', '@jax-js', 'jax'))) {
  console.log('jax-js is absent: npm i --prefix DIR @jax-js/jax, and then JAXJS=DIR')
  process.exitCode = 1
} else {
  const ours = await begin<PerceptronReady, Timing>(new URL('../sides/perceptron.ts', import.meta.url), [driver])
  const theirs = await begin<PerceptronReady, Timing>(new URL('../sides/perceptronJaxjs.ts', import.meta.url), [driver])
  await compare(ours, theirs)
  await Promise.all([ours.end(), theirs.end()])
}
