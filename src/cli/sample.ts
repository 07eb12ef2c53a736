/** `fluxion sample MODEL`: clips of captions, as one GIF. */
import { E, pipe, TE } from '../core/fp.ts'
import { key } from '../core/Key.ts'
import { show } from '../data/DataFault.ts'
import { labelOf, type Label } from '../data/movingDigits.ts'
import { writeBytes } from '../io/files.ts'
import { encode, grid, layout, split } from '../io/gif.ts'
import type { Wanted } from '../runtime/choose.ts'
import type { Device } from '../runtime/device.ts'
import { labelsOf } from './clips.ts'
import type { DataConfig } from './configs.ts'
import { withDevice } from './devices.ts'
import { failure, io, type Result, type Task } from './Failure.ts'
import { openSystem, samplerDefaults } from './systems.ts'

export interface SampleRequest {
  readonly model: string
  readonly out: string
  readonly captions: ReadonlyArray<string>
  readonly clips: number
  readonly seed: number
  readonly steps: number
  readonly gamma: number
  readonly guidance: number
  readonly device: Wanted
}

/** The captions that were given; where none was, random ones. */
const requested = ({ captions, clips, seed }: SampleRequest): Result<ReadonlyArray<Label>> =>
  captions.length === 0
    ? E.right(labelsOf(key(seed), clips))
    : pipe(
        E.traverseArray(labelOf)(captions),
        E.mapLeft((fault) => failure(show(fault)))
      )

/** All clips side by side, as nearly square as may be. */
const gifOf = (pixels: Float32Array, { frames, height, width }: DataConfig): Uint8Array => {
  const clips = split(pixels, frames, height, width)
  return encode(grid(clips, { ...layout, columns: Math.ceil(Math.sqrt(clips.length)) }))
}

const sampleOn =
  ({ model, out, steps, gamma, guidance, seed }: SampleRequest, labels: ReadonlyArray<Label>) =>
  (device: Device): Task<string> => {
    const batch = Math.min(samplerDefaults.batch, labels.length)
    return pipe(
      openSystem(device, model, { steps, gamma, omega: guidance, batch }),
      TE.bind('pixels', ({ system }) => system.generate(labels, key(seed + 1))),
      TE.flatMap(({ pixels, data }) => io(writeBytes(out, [gifOf(pixels, data)]))),
      TE.as(out)
    )
  }

/** Draws clips; the result is the path of the GIF. */
export const sampleCommand = (request: SampleRequest): Task<string> =>
  pipe(
    TE.fromEither(requested(request)),
    TE.flatMap((labels) => withDevice(request.device)(sampleOn(request, labels)))
  )
