/** `fluxion evaluate MODEL…`: real clips and every model, in one table. */
import { pipe, TE } from '../core/fp.ts'
import { writeText } from '../io/files.ts'
import type { Wanted } from '../runtime/choose.ts'
import { digits } from './clips.ts'
import { withDevice } from './devices.ts'
import { evaluate, evaluationDefaults, table } from './evaluate.ts'
import { failure, io, type Task } from './Failure.ts'
import { judgeOf } from './judge.ts'
import { classifierKind, loadModel } from './models.ts'
import { openSystem, samplerDefaults } from './systems.ts'

export interface EvaluateRequest {
  readonly models: ReadonlyArray<string>
  readonly classifier: string
  readonly clips: number
  readonly seed: number
  readonly steps: ReadonlyArray<number>
  readonly guidance: number
  readonly out: string
  readonly device: Wanted
}

/** Every model at every asked number of steps; a student has its own, and appears once. */
const asked = ({ models, steps }: EvaluateRequest): ReadonlyArray<{ readonly path: string; readonly steps: number }> =>
  models.flatMap((path) => steps.map((n) => ({ path, steps: n })))

export const evaluateCommand = (request: EvaluateRequest): Task<string> =>
  request.models.length === 0
    ? TE.left(failure('evaluate: no model was given; name the files of teachers or students'))
    : withDevice(request.device)((device) =>
        pipe(
          TE.Do,
          TE.bind('classifier', () => loadModel(classifierKind, request.classifier)),
          TE.bind('images', () => digits),
          TE.bind('judge', ({ classifier }) => judgeOf(device, classifier)),
          TE.bind('systems', () =>
            pipe(
              asked(request),
              TE.traverseSeqArray(({ path, steps }) =>
                openSystem(device, path, { ...samplerDefaults, steps, omega: request.guidance })
              ),
              TE.map((opened) => [...new Map(opened.map((one) => [one.system.name, one.system])).values()])
            )
          ),
          TE.bind('evaluation', ({ classifier, images, judge, systems }) =>
            evaluate(
              judge,
              images,
              classifier.config.data,
              { ...evaluationDefaults, clips: request.clips, seed: request.seed },
              (what) => void process.stderr.write(`${what}\n`)
            )(systems)
          ),
          TE.tap(({ evaluation }) =>
            request.out === ''
              ? TE.right(undefined)
              : io(writeText(request.out, `${JSON.stringify(evaluation.rows, null, 2)}\n`))
          ),
          TE.map(({ evaluation }) => table(evaluation.rows))
        )
      )
