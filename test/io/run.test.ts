import fc from 'fast-check'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { E, O, type TE } from '../../src/core/fp.ts'
import { fold, key, uniform } from '../../src/core/Key.ts'
import { floats, stored } from '../../src/core/Tensor.ts'
import { latest, save } from '../../src/io/checkpoint.ts'
import { show, type IoFault } from '../../src/io/IoFault.ts'
import { create, environment, log, measure, resume, type Run } from '../../src/io/run.ts'

const root = mkdtempSync(join(tmpdir(), 'run-'))
afterAll(() => rmSync(root, { recursive: true }))

const right = async <A>(task: TE.TaskEither<IoFault, A>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw new Error(show(result.left))
  return result.right
}
const start = (folder: string): Promise<Run> =>
  right(create(folder, { config: 'steps: 20\n', environment: environment({ device: 'reference' }) }))

// A random walk that can be killed: the least training that depends on all of its past
const seed = key(3)
const walk = async (run: Run, from: number, position: number, until: number): Promise<void> => {
  let x = position
  for (let step = from + 1; step <= until; step++) {
    x = Math.fround(x + (uniform(fold(seed, step), 1)[0] ?? 0))
    await right(measure(run, { step, x }))
    if (step % 3 === 0)
      await right(
        save(run.checkpoints, {
          step,
          key: seed,
          optimisers: [],
          seconds: step,
          about: {},
          config: '',
          tensors: new Map([['x', stored(floats([], [x]))]])
        })
      )
  }
}

describe('a run', () => {
  it('has its configuration and environment, and its lines of log', async () => {
    const run = await start(join(root, 'first'))
    await right(log(run, 'warning', 'skipped', { step: 3 }))

    expect(readFileSync(run.config, 'utf8')).toBe('steps: 20\n')
    expect(JSON.parse(readFileSync(run.environment, 'utf8'))).toMatchObject({
      node: process.version,
      device: 'reference'
    })
    expect(JSON.parse(readFileSync(run.log, 'utf8'))).toMatchObject({ level: 'warning', message: 'skipped', step: 3 })
  })

  it('is not started in the folder of another', async () => {
    await start(join(root, 'second'))
    const again = await create(join(root, 'second'), { config: '', environment: environment() })()
    expect(E.isLeft(again) && show(again.left)).toBe(
      `${join(root, 'second')}: exists already; resume it, or give the new run another name`
    )
  })

  it('is not resumed where there is none', async () => {
    const result = await resume(join(root, 'none'), 0)()
    expect(E.isLeft(result) && result.left._tag).toBe('Missing')
  })

  it('that was killed anywhere and resumed has the metrics of one that was not', async () => {
    const whole = await start(join(root, 'whole'))
    await walk(whole, 0, 0, 20)
    const expected = readFileSync(whole.metrics)
    let n = 0

    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: 20 }),
        fc.constantFrom('', '{"st', '{"step":99,"x":1}'),
        async (killed, torn) => {
          const folder = join(root, `killed-${n++}`)
          const run = await start(folder)
          await walk(run, 0, 0, killed)
          appendFileSync(run.metrics, torn)

          const { checkpoint } = await right(latest(run.checkpoints))
          const from = O.isSome(checkpoint) ? checkpoint.value.step : 0
          const position = O.isSome(checkpoint) ? (checkpoint.value.tensors.get('x')?.data[0] ?? NaN) : 0
          await walk(await right(resume(folder, from)), from, position, 20)

          expect(readFileSync(run.metrics).equals(expected)).toBe(true)
        }
      ),
      { numRuns: 12 }
    )
  })
})
