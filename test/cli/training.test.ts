import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { compileStep, upload } from '../../src/cli/programs.ts'
import { isLogged, restore, train, type Job, type Place } from '../../src/cli/training.ts'
import { gradOf } from '../../src/autodiff/grad.ts'
import { E, O, TE, pipe } from '../../src/core/fp.ts'
import { key, normal, type Key } from '../../src/core/Key.ts'
import { floats, type Tensor } from '../../src/core/Tensor.ts'
import { create, environment } from '../../src/io/run.ts'
import { input, log, mean, mul, offset, scale, square, sub } from '../../src/ops/api.ts'
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
    beginning: () => start,
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

describe('what is logged', () => {
  const one = async () => right(await compileStep(device, outputs())())
  const logged = (stepOf: Job['stepOf'], steps: number, logEvery: number) =>
    Array.from({ length: steps }, (_, i) => i + 1).filter((step) => isLogged({ steps, logEvery, stepOf }, step))

  it('is every so many steps, and the last', async () => {
    const step = await one()

    expect(logged(() => step, 12, 5)).toEqual([5, 10, 12])
  })

  it('is the last step of each program, where they alternate', async () => {
    const [student, critics] = [await one(), await one()]

    expect(logged((i) => ((i + 1) % 5 === 0 ? student : critics), 12, 5)).toEqual([4, 5, 9, 10, 12])
    expect(logged((i) => ((i + 1) % 2 === 0 ? student : critics), 12, 6)).toEqual([5, 6, 11, 12])
  })
})

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

  describe('where a loss is not a number', () => {
    const w = input('w', 'f32', [])

    /** The sentences of a training whose loss is `log w`, while `w` falls by 1 from where it begins. */
    const sentencesOf = async (from: number, over: Partial<Job> = {}): Promise<ReadonlyArray<string>> => {
      const falling = right(await compileStep(device, { w: offset(-1)(w), loss: log(w) })())
      const beginning = () => new Map([['w', floats([], [from])]])
      const job = await jobOf({ stepOf: () => falling, beginning, ...over })
      const state = right(await upload(device, beginning())())
      const ended = await train(device, job, await placeAt())({ step: 0, state, seconds: 0 })()
      return E.isLeft(ended) ? ended.left.sentences : []
    }

    it('stops with a sentence, and keeps the checkpoint before', async () => {
      const [stopped] = await sentencesOf(-1)

      expect(stopped).toMatch(/loss is not a number at step 1; .* lower the learning rate/)
    })

    it('says which operation gave it first, going back to the beginning', async () => {
      expect((await sentencesOf(2.5))[1]).toBe(
        'toy: at step 4, log f32[] is the first to give NaN (all NaN), of w f32[] (-0.5 to -0.5); on the way to loss: log'
      )
    })

    it('says so going back to a checkpoint', async () => {
      const shown: Array<string> = []
      const place = {
        ...(await placeAt()),
        screen: { show: (line: string) => void shown.push(line), end: () => undefined }
      }
      const falling = right(await compileStep(device, { w: offset(-1)(w), loss: log(w) })())
      const job = await jobOf({ stepOf: () => falling, checkpointEvery: 3 })

      const ended = await train(
        device,
        job,
        place
      )({ step: 0, state: right(await upload(device, new Map([['w', floats([], [4])]]))()), seconds: 0 })()

      expect(shown.at(-1)).toBe('toy: loss is not a number at step 5; looking for where it began, from step 3 on')
      expect(ended).toMatchObject({
        left: {
          sentences: [
            expect.stringContaining('the checkpoint of step 3 is kept'),
            'toy: at step 5, log f32[] is the first to give infinity (all infinite), of w f32[] (0 to 0); on the way to loss: log'
          ]
        }
      })
    })
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
