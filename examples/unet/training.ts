/** Denoising diffusion of handwritten digits: its loss, what a step reads, and steps in turn. */
import { add, cos, exprs, gradOf, input, mean, mul, sin, square, sub } from 'fluxion'
import { data, Key, nn, optim, pipe, runtime, TE, Tensor, type Fault } from 'fluxion'
import { frequencies, unet, unetInit } from './network.ts'

const [batch, ...picture] = [16, 1, 16, 16] as const
export const parameters = unetInit(1, [16, 32, 48])
const learner = optim.untrained(nn.drawn(parameters)(Key.key(0)), false)
export const start = nn.named(learner, 'state')

/** One step of AdamW to foretell the noise. Source: Ho, Eq. (14); signal cos, noise sin (Nichol, Dhariwal 2021). */
const step = (): runtime.Outputs => {
  const state = nn.inputsFor(learner, 'state')
  const [clean, noise] = [input('clean', 'f32', [batch, ...picture]), input('noise', 'f32', [batch, ...picture])]
  const angle = input('angle', 'f32', [batch, 1, 1, 1])
  const noisy = add(mul(cos(angle), clean), mul(sin(angle), noise))
  const foretold = unet(state.params)(noisy, input('times', 'f32', [batch, frequencies]))
  const loss = mean('all')(square(sub(noise, foretold)))
  const options = { rate: optim.constantSchedule(1e-3), clip: Infinity, scrub: false, average: 'none' } as const
  const next = optim.learn({ ...optim.adamWDefaults, ...options })(state, gradOf(loss)(state.params))
  return { ...Object.fromEntries(exprs.flatten(next.learner, 'state')), loss }
}

/** What step `i` reads, beside the state: clean pictures, noise, and times. */
export const feed =
  (images: data.digits.Images) =>
  (i: number): runtime.Tensors => {
    const [clipKey, timeKey, noiseKey] = Key.split(Key.fold(Key.key(1), i), 3) as [Key.Key, Key.Key, Key.Key]
    const { pixels } = data.movingDigits.batch(images, { ...data.movingDigits.defaults, frames: 1 })(clipKey, batch)
    const times = Key.uniform(timeKey, batch)
    return new Map([
      ['clean', Tensor.tensor('f32', [batch, ...picture], pixels)],
      ['noise', Tensor.floats([batch, ...picture], Key.normal(noiseKey, pixels.length))],
      [
        'angle',
        Tensor.floats(
          [batch, 1, 1, 1],
          times.map((t) => (t * Math.PI) / 2)
        )
      ],
      ['times', nn.timeFeatures(times, frequencies)]
    ])
  }

type Losses = TE.TaskEither<Fault.Faults, ReadonlyArray<number>>
/** The loss of every step. */
export const train = (on: runtime.Device, feeds: ReadonlyArray<runtime.Tensors>): Losses =>
  pipe(
    TE.Do,
    TE.bind('compiled', () => runtime.compileStep(on, step())),
    TE.bind('state', () => runtime.upload(on, start)),
    TE.flatMap(({ compiled, state }) => {
      let now = state // local
      const loss = ({ state, rest }: runtime.Advanced): number => {
        now = state
        return rest.get('loss')?.data[0] ?? NaN
      }
      const next = (inputs: runtime.Tensors) => pipe(runtime.advance(on, compiled)(now, inputs), TE.map(loss))
      return TE.traverseSeqArray(next)(feeds)
    })
  )
