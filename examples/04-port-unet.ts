/**
 * A model of others: the U-Net of denoising diffusion (`unet/network.ts`), trained on handwritten digits
 * (`unet/training.ts`): `npm run example -- 04-port-unet [steps] [folder]`. Its curve beside that of its twin in
 * PyTorch: `bench/peers/port.ts`, `docs/port-unet.svg`.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { data, E, Fault, io, nn, pipe, runtime, TE } from 'fluxion'
import { feed, parameters, train } from './unet/training.ts'

const [steps = '200', folder = mkdtempSync(join(tmpdir(), 'unet-'))] = process.argv.slice(3)
const file = join(folder, 'loss.svg')

const curve = (losses: ReadonlyArray<number>): io.plot.Plot => ({
  title: 'Denoising with a U-Net',
  ...{ x: 'step', y: 'mean square error of the noise', logarithmic: true },
  series: [{ name: 'loss', points: losses.map((loss, i) => [i, loss]) }]
})

const main = pipe(
  TE.Do,
  TE.bind('choice', () => pipe(runtime.openDevice(), TE.mapLeft(Fault.show))),
  TE.bind('images', () => pipe(data.digits.load, TE.mapLeft(data.DataFault.show))),
  TE.bind('losses', ({ choice, images }) =>
    pipe(
      train(
        choice.device,
        Array.from({ length: Number(steps) }, (_, i) => feed(images.training)(i))
      ),
      TE.mapLeft((faults) => faults.map(Fault.show).join('; '))
    )
  ),
  TE.tap(() => pipe(io.files.makeFolder(folder), TE.mapLeft(io.IoFault.show))),
  TE.tap(({ losses }) => pipe(io.files.writeText(file, io.plot.image(curve(losses))), TE.mapLeft(io.IoFault.show))),
  TE.tap(({ choice }) => pipe(choice.device.dispose(), TE.mapLeft(Fault.show)))
)

const ended = await main()
if (E.isLeft(ended)) console.error(ended.left)
else {
  const { losses, choice } = ended.right
  const mean = (some: ReadonlyArray<number>): string => (some.reduce((a, b) => a + b, 0) / some.length).toFixed(3)
  console.log(`a U-Net of ${nn.count(parameters)} parameters`) // => a U-Net of 315825 parameters
  console.log(`loss at the start ${mean(losses.slice(0, 1))}`) // => loss at the start 1.0
  for (let i = 0; i < losses.length; i += 50)
    console.log(`steps ${i} to ${Math.min(i + 50, losses.length)}: ${mean(losses.slice(i, i + 50))}`)
  console.log(`written to ${file}`) // => loss.svg
  console.log(runtime.describe(choice))
}
