import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileStep, upload } from '../../src/cli/programs.ts'
import { restore, train, type Job, type Place } from '../../src/cli/training.ts'
import { gradOf } from '../../src/autodiff/grad.ts'
import { E, O, TE, pipe } from '../../src/core/fp.ts'
import { key, normal, type Key } from '../../src/core/Key.ts'
import { floats, type Tensor } from '../../src/core/Tensor.ts'
import { create, environment } from '../../src/io/run.ts'
import { input, log, mean, mul, scale, square, sub } from '../../src/ops/api.ts'
import { reference } from '../../src/runtime/reference/device.ts'

const device = reference()

const right = <A>(result: E.Either<unknown, A>): A => {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}

/** Gradient descent of `|w x − 2 x|²` on fresh batches. */
const outputs = () => {
  const w = input('w', 'f32', [])
  const x = input('x', 'f32', [4])
  const loss = mean('all')(square(sub(mul(x, w), scale(2)(x))))
  return { w: sub(w, scale(0.1)(gradOf(loss)({ w }).w)), loss }
}

const feed = (_: number, k: Key): ReadonlyMap<string, Tensor> => new Map([['x', floats([4], normal(k, 4))]])

const start: ReadonlyMap<string, Tensor> = new Map([['w', floats([], [0])]])

const jobOf = async (over: Partial<Job> = {}): Promise<Job> => {
  const step = right(await compileStep(device, outputs())())
  return {
    label: 'toy',
    steps: 12,
    key: key(3),
    stepOf: () => step,
    inputsOf: feed,
    checkpointEvery: 4,
    logEvery: 1,
    frozen: new Map(),
    shown: ['loss'],
    about: { kind: 'toy' },
    ...over
  }
}

const placeAt = async (stop = { asked: false }): Promise<Place> => {
  const folder = join(mkdtempSync(join(tmpdir(), 'fluxion-')), 'run')
  const run = right(await create(folder, { config: 'a: 1\n', environment: environment() })())
  return { run, configHash: 'h', screen: { show: () => undefined, end: () => undefined }, stop }
}

const begin = async () => ({ step: 0, state: right(await upload(device, start)()), seconds: 0 })

const metricsOf = ({ run }: Place): string => readFileSync(run.metrics, 'utf8')

describe('training', () => {
  it('goes down the loss and writes every step', async () => {
    const place = await placeAt()

    const { state } = right(await train(device, await jobOf(), place)(await begin())())

    const w = right(await device.read(state.get('w')!)()).data[0] ?? NaN
    const lines = metricsOf(place).trim().split('\n')
    expect(lines).toHaveLength(12)
    expect(Math.abs(w - 2)).toBeLessThan(1)
    expect(JSON.parse(lines.at(-1) ?? '{}')).toMatchObject({ step: 12, phase: 'toy' })
  })

  it('that was stopped and resumed has the metrics of one that was not', async () => {
    const whole = await placeAt()
    right(await train(device, await jobOf(), whole)(await begin())())
    const stop = { asked: false }
    const broken = await placeAt(stop)
    const job = await jobOf()
    const asking = await jobOf({ inputsOf: (step, k) => ((stop.asked = step === 6), feed(step, k)) })

    const stopped = await train(device, asking, broken)(await begin())()
    expect(stopped).toMatchObject({ _tag: 'Left', left: { code: 130 } })
    stop.asked = false
    const resumed = await pipe(
      restore(device, broken),
      TE.flatMap(
        O.match(
          () => TE.left({ sentences: ['no checkpoint'], code: 1 }),
          (point) => train(device, job, broken)(point)
        )
      )
    )()

    expect(resumed._tag).toBe('Right')
    expect(metricsOf(broken)).toBe(metricsOf(whole))
  })

  it('that loses its last steps goes on from the checkpoint before them', async () => {
    const whole = await placeAt()
    right(await train(device, await jobOf(), whole)(await begin())())
    const killed = await placeAt()
    const dying = await jobOf({
      inputsOf: (step, k) => (step === 10 ? new Map() : feed(step, k))
    })
    const died = await train(device, dying, killed)(await begin())()
    expect(died._tag).toBe('Left')
    expect(metricsOf(killed).trim().split('\n')).toHaveLength(10)

    const point = right(await restore(device, killed)())

    expect(point).toMatchObject({ _tag: 'Some', value: { step: 8 } })
    if (O.isSome(point)) right(await train(device, await jobOf(), killed)(point.value)())
    expect(metricsOf(killed)).toBe(metricsOf(whole))
  })

  it('counts its seconds on from those of the checkpoint that it goes on from', async () => {
    const place = await placeAt()

    const end = right(await train(device, await jobOf(), place)({ ...(await begin()), seconds: 1000 })())

    const point = right(await restore(device, place)())
    expect(end.seconds).toBeGreaterThan(1000)
    expect(end.seconds).toBeLessThan(1060)
    expect(point).toMatchObject({ _tag: 'Some', value: { step: 12, seconds: end.seconds } })
  })

  it('stops with a sentence where a loss is not a number, and keeps the checkpoint before', async () => {
    const place = await placeAt()
    const w = input('w', 'f32', [])
    const step = right(await compileStep(device, { w: sub(w, scale(1)(w)), loss: log(sub(w, scale(2)(w))) })())

    const ended = await train(
      device,
      await jobOf({ stepOf: () => step, checkpointEvery: 1 }),
      place
    )({ step: 0, state: right(await upload(device, new Map([['w', floats([], [1])]]))()), seconds: 0 })()

    expect(ended).toMatchObject({ _tag: 'Left', left: { code: 1 } })
    if (E.isLeft(ended))
      expect(ended.left.sentences.join()).toMatch(/loss is not a number at step 1; .* lower the learning rate/)
  })

  it('refuses a checkpoint that was made with another configuration', async () => {
    const place = await placeAt()
    right(await train(device, await jobOf(), place)(await begin())())

    const refused = await restore(device, { ...place, configHash: 'another' })()

    expect(refused).toMatchObject({ _tag: 'Left' })
    if (E.isLeft(refused))
      expect(refused.left.sentences.join()).toMatch(/another configuration; give this run another name/)
  })
})
