/**
 * The main job from code: the committed teacher of moving digits is cut in two, distilled for a few steps by both stages
 * of the method, and its student makes clips. `npm run demo` is the same with more steps, measures and a report.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { exprs, fill, input, pipe } from 'fluxion'
import { data, E, Fault, flow, io, Key, nn, optim, runtime, TE, Tensor, tmd } from 'fluxion'

// What is distilled, and into what ---------------------------------------------------------------

const { captionOf, defaults: clip } = data.movingDigits
const { encodeAny, length, words } = data.vocabulary

/** The teacher's network. Its last two blocks become the student's flow head. */
const dit: nn.DitConfig = {
  ...nn.ditDefaults,
  ...{ dim: 128, ffn: 256, heads: 4, layers: 8, frequencies: 64, textDim: 64 },
  ...{ patch: [2, 4, 4], channels: 1, outChannels: 1 }
}
const config: tmd.StudentConfig = { ...tmd.studentDefaults, dit, headBlocks: 2 }
const [teacher, student] = [nn.dit(dit), tmd.student(config)]

/** Two outer steps, and in each of them two inner steps of the head. */
const grid = flow.grid({ steps: 2, gamma: 10, rule: 'plain' })
const times = { outer: grid, inner: grid, frequencies: dit.frequencies }
const aim = { target: 'velocity', noise: 'implied' } as const

const learning: optim.LearnerOptions = {
  ...optim.adamWDefaults,
  ...{ rate: optim.constantSchedule(1e-4), clip: 1, scrub: false, average: 'none' }
}

// Programs. They are functions of inputs: nothing is computed yet ------------------------------------

const batch = 4
const shapeOf = (n: number): ReadonlyArray<number> => [n, 1, clip.frames, clip.height, clip.width]

/** Stands still: the teacher, and the vectors of its words. */
const parameters = { ...nn.ditParameters(dit), token_embedding: nn.embeddingInit(words.length, dit.textDim) }
const frozen = nn.inputsOf(parameters, 'teacher')
const read = (name: string, n: number): nn.Real => nn.embedding(frozen.token_embedding, input(name, 'i32', [n, length]))

const real = {
  x: input('clips', 'f32', shapeOf(batch)),
  context: read('captions', batch),
  negative: read('none', batch)
}
const key = input('key', 'u32', [2])

type Draws<D> = (key: Key.Key, n: number) => D
const drawn = <D>(draws: Draws<D>) => nn.inputsFor(draws(Key.key(0), batch), 'draws')
const stage1Draws = tmd.stage1Draws({ ...tmd.stage1DrawDefaults, ...times })
const stage2Draws = tmd.stage2Draws({ ...times, law: tmd.stage2Law })

/** What learns, before the first step: a student that is its teacher, and a fake score that is it too. */
const beginning = (numbers: nn.DitParams<Tensor.Tensor>) => ({
  student: optim.untrained(tmd.initStudent(config)(numbers, Key.key(0)), false),
  fake: optim.untrained(numbers, false)
})
type Learners = ReturnType<typeof beginning>

const outputs = (state: Partial<Record<keyof Learners, unknown>>, metrics: tmd.Metrics): runtime.Outputs => ({
  ...Object.fromEntries(exprs.flatten(state, 'state')),
  ...metrics
})

/** Stage 1: the head learns the flow of the teacher's transitions. */
const stage1 = (learner: optim.Learner<tmd.StudentParams>): runtime.Outputs => {
  const step = tmd.stage1(student, { loss: { ...tmd.meanFlowDefaults, ...aim }, learner: learning })
  const { state, metrics } = step(learner, real, drawn(stage1Draws), key)
  return outputs({ student: state }, metrics)
}

const models = { student, teacher, fake: teacher }
const stage2: tmd.Stage2Options = {
  ...tmd.stage2Defaults,
  rollout: { ...aim, grid, sample: 'consistent' },
  learners: { student: learning, fake: learning, discriminator: learning }
}

/** Stage 2, the student's turn: its rollouts are moved to where the teacher and the fake score differ least. */
const moved = (learner: optim.Learner<tmd.StudentParams>, fake: nn.DitParams): runtime.Outputs => {
  const step = tmd.studentStep(models, stage2)({ teacher: frozen, fake, discriminator: {} })
  const { state, metrics } = step(learner, real, drawn(stage2Draws), key)
  return outputs({ student: state }, metrics)
}

/** Stage 2, the critics' turn: the fake score learns what the student's samples are like. */
const judged = (fake: optim.Learner<nn.DitParams>, params: tmd.StudentParams): runtime.Outputs => {
  const nobody = { params: {}, moments: { first: {}, second: {}, step: fill(0, []) } }
  const step = tmd.criticsStep(models, stage2)({ student: params, teacher: frozen })
  const { state, metrics } = step({ fake, discriminator: nobody }, real, drawn(stage2Draws), key)
  return outputs({ fake: state.fake }, metrics)
}

const sampled = (params: tmd.StudentParams, n: number): runtime.Outputs => {
  const options: tmd.SampleOptions = { ...aim, ...times, grid, step: 'transition', start: 'noise' }
  const noise = tmd.sampleNoise(shapeOf(n), options)(key)
  return { clips: tmd.sample(options)(student)(params, noise, read('captions', n)) }
}

// What programs are fed with -------------------------------------------------------------------------

const tokens = (captions: ReadonlyArray<string>): Tensor.Tensor =>
  Tensor.tensor('i32', [captions.length, length], Int32Array.from(captions.flatMap((text) => [...encodeAny(text)])))
const keyTensor = (k: Key.Key): Tensor.Tensor => Tensor.tensor('u32', [2], Uint32Array.from(k))

/** Everything that a step reads beside the state, from its number alone. */
const feed = <D>(images: data.digits.Images, draws: Draws<D>, step: number): runtime.Tensors => {
  const [clipKey, drawKey, noiseKey] = Key.split(Key.fold(Key.key(1), step), 3) as [Key.Key, Key.Key, Key.Key]
  const { pixels, labels } = data.movingDigits.batch(images, clip)(clipKey, batch)
  return new Map([
    ['clips', Tensor.tensor('f32', shapeOf(batch), pixels)],
    ['captions', tokens(labels.map(captionOf))],
    ['none', tokens(labels.map(() => ''))],
    ...nn.named(draws(drawKey, batch), 'draws'),
    ['key', keyTensor(noiseKey)]
  ])
}

// Running ----------------------------------------------------------------------------------------

type Task<A> = TE.TaskEither<string, A>
const told: <A>(task: TE.TaskEither<Fault.Faults, A>) => Task<A> = TE.mapLeft((all) => all.map(Fault.show).join('; '))
const file: <A>(task: TE.TaskEither<io.IoFault.IoFault, A>) => Task<A> = TE.mapLeft(io.IoFault.show)

/** A step that was compiled, and what it reads. */
type Turn = readonly [step: runtime.Executable, inputs: runtime.Tensors]

/** Steps in turn, on a state that stays on the device. */
const run = (on: runtime.Device, state: runtime.State, turns: ReadonlyArray<Turn>): Task<runtime.State> =>
  turns.reduce<Task<runtime.State>>(
    (before, [step, inputs]) =>
      pipe(
        before,
        TE.flatMap((now) => told(runtime.advance(on, step)(now, inputs))),
        TE.map((after) => after.state)
      ),
    TE.right(state)
  )

/** Both stages, and then clips of the captions: `[captions, frames · height · width]` in a row. */
const distil = (
  on: runtime.Device,
  weights: runtime.Tensors,
  images: data.digits.Images,
  captions: ReadonlyArray<string>
): Task<Float32Array> => {
  const numbers = nn.parameters.map(parameters, ({ shape }, name) =>
    Tensor.tensor('f32', shape, weights.get(name)?.data ?? new Float32Array())
  )
  const start = beginning(numbers)
  const inputs = nn.inputsFor(start, 'state')
  const { params } = inputs.student
  const compiled = (of: runtime.Outputs): Task<runtime.Executable> => told(runtime.compileStep(on, of))
  const given = new Map([
    ['captions', tokens(captions)],
    ['key', keyTensor(Key.key(2))]
  ])
  return pipe(
    TE.Do,
    TE.bind('first', () => compiled(stage1(inputs.student))),
    TE.bind('student', () => compiled(moved(inputs.student, inputs.fake.params))),
    TE.bind('critics', () => compiled(judged(inputs.fake, params))),
    TE.bind('sampler', () => compiled(sampled(params, captions.length))),
    TE.bind('state', () =>
      told(runtime.upload(on, new Map([...nn.named(start, 'state'), ...nn.named(numbers, 'teacher')])))
    ),
    TE.let(
      'turns',
      (steps): ReadonlyArray<Turn> => [
        ...[1, 2].map((i): Turn => [steps.first, feed(images, stage1Draws, i)]),
        ...[1, 2, 3, 4, 5].map((i): Turn => [steps[tmd.turnOf(5)(i)], feed(images, stage2Draws, 2 + i)])
      ]
    ),
    TE.bind('distilled', ({ state, turns }) => run(on, state, turns)),
    TE.flatMap(({ distilled, sampler }) => told(runtime.call(on, sampler, distilled, given))),
    TE.map((made) => Float32Array.from(made.get('clips')?.data ?? []))
  )
}

const wanted: ReadonlyArray<data.movingDigits.Label> = [
  { digit: 7, direction: 'up and left' },
  { digit: 3, direction: 'down' }
]
const teacherFile = fileURLToPath(import.meta.resolve('fluxion/assets/digits-teacher.safetensors'))
const clipsFile = join(mkdtempSync(join(tmpdir(), 'distil-')), 'clips.gif')

const main = pipe(
  TE.Do,
  TE.bind('choice', () => pipe(runtime.openDevice(), TE.mapLeft(Fault.show))),
  TE.bind('weights', () => file(io.safetensors.read(teacherFile))),
  TE.bind('images', () => pipe(data.digits.load, TE.mapLeft(data.DataFault.show))),
  TE.bind('pixels', ({ choice, weights, images }) =>
    distil(choice.device, weights.tensors, images.training, wanted.map(captionOf))
  ),
  TE.tap(({ pixels }) => {
    const clips = io.gif.split(pixels, clip.frames, clip.height, clip.width)
    return file(io.files.writeBytes(clipsFile, [io.gif.encode(io.gif.grid(clips, io.gif.layout))]))
  }),
  TE.tap(({ choice }) => pipe(choice.device.dispose(), TE.mapLeft(Fault.show)))
)

const ended = await main()
if (E.isLeft(ended)) console.error(ended.left)
else {
  const evaluations = tmd.effectiveNfe({
    outerSteps: 2,
    innerSteps: 2,
    headBlocks: config.headBlocks,
    blocks: dit.layers
  })
  console.log(wanted.map(captionOf).join('; ')) // => a seven moving up and left; a three moving down
  console.log(`${ended.right.pixels.length / (clip.frames * clip.height * clip.width)} clips of ${clip.frames} frames`) // => 2 clips of 8 frames
  console.log(`${evaluations} network evaluations each, written to ${clipsFile}`) // => 2.5 network evaluations each
  console.log(runtime.describe(ended.right.choice))
}
