/** `fluxion sample MODEL`: clips of captions, as one GIF. */
import { E, pipe, TE } from '../core/fp.ts'
import { key } from '../core/Key.ts'
import { show } from '../data/DataFault.ts'
import { labelOf, type Label } from '../data/movingDigits.ts'
import { writeBytes } from '../io/files.ts'
import { encode, grid, layout, split } from '../io/gif.ts'
import type { Wanted } from '../runtime/choose.ts'
import { labelsOf } from './clips.ts'
import { withDevice } from './devices.ts'
import { failure, io, type Task } from './Failure.ts'
import { openSystem, samplerDefaults } from './systems.ts'

export interface SampleRequest {
  readonly model: string
  readonly out: string
  readonly captions: ReadonlyArray<string>
  readonly clips: number
  readonly seed: number
  readonly steps: number
  readonly guidance: number
  readonly device: Wanted
}

const requested = ({
  captions,
  clips,
  seed
}: SampleRequest): E.Either<ReturnType<typeof failure>, ReadonlyArray<Label>> =>
  captions.length === 0
    ? E.right(labelsOf(key(seed), clips))
    : pipe(
        E.traverseArray(labelOf)(captions),
        E.mapLeft((fault) => failure(show(fault)))
      )

export const sampleCommand = (request: SampleRequest): Task<string> =>
  pipe(
    TE.fromEither(requested(request)),
    TE.flatMap((labels) =>
      withDevice(request.device)((device) =>
        pipe(
          openSystem(device, request.model, {
            ...samplerDefaults,
            steps: request.steps,
            omega: request.guidance,
            batch: Math.min(samplerDefaults.batch, labels.length)
          }),
          TE.flatMap(({ system, data }) =>
            pipe(
              system.generate(labels, key(request.seed + 1)),
              TE.flatMap((pixels) => {
                const clips = split(pixels, data.frames, data.height, data.width)
                return io(
                  writeBytes(request.out, [
                    encode(grid(clips, { ...layout, columns: Math.ceil(Math.sqrt(clips.length)) }))
                  ])
                )
              }),
              TE.as(request.out)
            )
          )
        )
      )
    )
  )
