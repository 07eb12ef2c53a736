/**
 * The U-Net of `examples/unet` and its twin in PyTorch, from the same weights, on the same batches in the same order:
 * `PYTHON=FILE node --conditions=fluxion-source --import tsx bench/peers/port.ts [steps] [image.svg]`. Until rounding
 * has grown the curves are one; after that each is a draw of the same law.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { data, E, Fault, io, pipe, runtime, TE } from 'fluxion'
import { feed, start, train } from '../../examples/unet/training.ts'

interface Curve {
  readonly peer: string
  readonly losses: ReadonlyArray<number>
}

const [steps = '300', image] = process.argv.slice(2)
const python = process.env['PYTHON'] ?? 'python3'
const twin = fileURLToPath(new URL('torch_unet.py', import.meta.url))

/** Steps that differ by rounding alone, and how much of a loss that may be. */
const [early, rounding] = [5, 1e-4]
/** How much the means of the last quarters may differ, of the mean. */
const late = 0.1

// both sides -----------------------------------------------------------------------------

const initial = (): runtime.Tensors =>
  new Map([...start].flatMap(([name, value]) => (/^state\.params\./.test(name) ? [[name.slice(13), value]] : [])))

const numbered = (feeds: ReadonlyArray<runtime.Tensors>): runtime.Tensors =>
  new Map(feeds.flatMap((inputs, i) => [...inputs].map(([name, value]) => [`${i}.${name}`, value] as const)))

const theirs = (feeds: ReadonlyArray<runtime.Tensors>): TE.TaskEither<string, Curve> => {
  const folder = mkdtempSync(join(tmpdir(), 'unet-'))
  const write = (name: string, tensors: runtime.Tensors) => io.safetensors.write(join(folder, name), tensors)
  return pipe(
    write('start.safetensors', initial()),
    TE.flatMap(() => write('feeds.safetensors', numbered(feeds))),
    TE.mapLeft(io.IoFault.show),
    TE.flatMapEither(() =>
      E.tryCatch(() => {
        const env = { ...process.env, OMP_WAIT_POLICY: 'PASSIVE' }
        return JSON.parse(execFileSync(python, [twin, folder], { encoding: 'utf8', env })) as Curve
      }, String)
    ),
    TE.tapIO(() => () => rmSync(folder, { recursive: true }))
  )
}

const ours = (device: runtime.Device, feeds: ReadonlyArray<runtime.Tensors>): TE.TaskEither<string, Curve> => {
  return pipe(
    train(device, feeds),
    TE.bimap(
      (faults) => faults.map(Fault.show).join('; '),
      (losses) => ({ peer: 'Fluxion', losses })
    )
  )
}

// comparison -----------------------------------------------------------------------------

const mean = (values: ReadonlyArray<number>): number => values.reduce((a, b) => a + b, 0) / values.length

/** The largest `|a − b| / |b|`. */
const difference = (a: ReadonlyArray<number>, b: ReadonlyArray<number>): number =>
  b.reduce((most, value, i) => Math.max(most, Math.abs((a[i] ?? NaN) - value) / Math.abs(value)), 0)

const lastQuarter = ({ losses }: Curve): number => mean(losses.slice(Math.floor((losses.length * 3) / 4)))

const plot = (curves: ReadonlyArray<Curve>): io.plot.Plot => ({
  title: 'A U-Net learns to denoise, in Fluxion and in PyTorch',
  ...{ x: 'step', y: 'mean square error of the noise', logarithmic: true },
  series: curves.map(({ peer, losses }) => ({ name: peer, points: losses.map((loss, i) => [i, loss]) }))
})

const told = (a: Curve, b: Curve): boolean => {
  console.log(`step  ${a.peer.padEnd(16)} ${b.peer}`)
  for (let i = 0; i < a.losses.length; i = i < 10 ? i + 1 : i + Math.ceil(a.losses.length / 20))
    console.log(
      `${String(i).padEnd(5)} ${(a.losses[i] ?? NaN).toFixed(6).padEnd(16)} ${(b.losses[i] ?? NaN).toFixed(6)}`
    )
  const first = difference(a.losses.slice(0, early), b.losses.slice(0, early))
  const last = Math.abs(lastQuarter(a) / lastQuarter(b) - 1)
  const all = difference(a.losses, b.losses)
  console.log(
    `largest difference in ${early} steps ${first.toExponential(1)} of the loss, in all ${all.toExponential(1)}`
  )
  const ends = [a, b].map((curve) => lastQuarter(curve).toFixed(4))
  console.log(`mean of the last quarter ${ends.join(' and ')}, ${(100 * last).toFixed(1)} % apart`)
  return first <= rounding && last <= late
}

const main = pipe(
  TE.Do,
  TE.bind('choice', () => pipe(runtime.openDevice(), TE.mapLeft(Fault.show))),
  TE.bind('images', () => pipe(data.digits.load, TE.mapLeft(data.DataFault.show))),
  TE.let('feeds', ({ images }) => Array.from({ length: Number(steps) }, (_, i) => feed(images.training)(i))),
  TE.bind('ours', ({ choice, feeds }) => ours(choice.device, feeds)),
  TE.bind('theirs', ({ feeds }) => theirs(feeds)),
  TE.tap(({ choice }) => pipe(choice.device.dispose(), TE.mapLeft(Fault.show))),
  TE.tap((found) =>
    image === undefined
      ? TE.right(undefined)
      : pipe(io.files.writeText(image, io.plot.image(plot([found.ours, found.theirs]))), TE.mapLeft(io.IoFault.show))
  )
)

if (spawnSync(python, ['-c', 'import torch']).status === 0) {
  const ended = await main()
  if (E.isLeft(ended)) console.error(ended.left)
  process.exitCode = E.isRight(ended) && told(ended.right.ours, ended.right.theirs) ? 0 : 1
} else {
  console.log('PyTorch is absent: PYTHON=FILE names a Python that has it')
  process.exitCode = 1
}
