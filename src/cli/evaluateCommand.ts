/** `fluxion evaluate MODEL…`: real clips and every model, in one table. */
import { pipe, TE } from '../core/fp.ts'
import { writeText } from '../io/files.ts'
import type { Wanted } from '../runtime/choose.ts'
import type { Device } from '../runtime/device.ts'
import { digits } from './clips.ts'
import type { DataConfig } from './configs.ts'
import { withDevice } from './devices.ts'
import { evaluate, evaluationDefaults, figures, table, type Row, type System } from './evaluate.ts'
import { failure, io, type Task } from './Failure.ts'
import { judgeOf } from './judge.ts'
import { classifierKind, loadModel } from './models.ts'
import { screen } from './progress.ts'
import { isStudent, openSystem, samplerDefaults, type Opened } from './systems.ts'
import type { SamplerOptions } from './teacher.ts'

export interface EvaluateRequest {
  readonly models: ReadonlyArray<string>
  readonly classifier: string
  readonly clips: number
  readonly seed: number
  /** Of teachers: every number of steps with every γ. */
  readonly steps: ReadonlyArray<number>
  readonly gamma: ReadonlyArray<number>
  readonly guidance: number
  readonly out: string
  readonly device: Wanted
}

interface Opening {
  readonly path: string
  readonly system: System
}

/** Every system of every file once; what would share a name with that of another file is told apart by its file. */
const distinct = (opened: ReadonlyArray<Opening>): ReadonlyArray<System> => {
  const once = [...new Map(opened.map((one) => [`${one.path} ${one.system.name}`, one])).values()]
  return once.map(({ path, system }) =>
    once.some((other) => other.path !== path && other.system.name === system.name)
      ? { ...system, name: `${system.name}, ${path}` }
      : system
  )
}

const sizeOf = ({ frames, height, width }: DataConfig): string => `${frames}×${height}×${width}`

/** A classifier can judge only clips of the size that it was trained on. */
const judgeable =
  (seen: DataConfig, path: string) =>
  ({ data, system }: Opened): Task<Opening> =>
    sizeOf(data) === sizeOf(seen)
      ? TE.right({ path, system })
      : TE.left(failure(`${path}: makes clips of ${sizeOf(data)}, the classifier reads clips of ${sizeOf(seen)}`))

/** Every way in which teachers are asked to sample. */
export const mannersOf = ({ steps, gamma, guidance, clips }: EvaluateRequest): ReadonlyArray<SamplerOptions> => {
  const batch = Math.min(samplerDefaults.batch, clips)
  return steps.flatMap((n) => gamma.map((g) => ({ steps: n, gamma: g, omega: guidance, batch })))
}

/** A file's systems: a teacher in every manner, a student in its own. */
const systemsIn =
  (device: Device, seen: DataConfig, manners: ReadonlyArray<SamplerOptions>) =>
  (path: string): Task<ReadonlyArray<Opening>> =>
    pipe(
      isStudent(path),
      TE.map((student) => (student ? manners.slice(0, 1) : manners)),
      TE.flatMap(
        TE.traverseSeqArray((manner) => pipe(openSystem(device, path, manner), TE.flatMap(judgeable(seen, path))))
      )
    )

const systemsOf = (device: Device, seen: DataConfig, request: EvaluateRequest): Task<ReadonlyArray<System>> =>
  pipe(
    request.models,
    TE.traverseSeqArray(systemsIn(device, seen, mannersOf(request))),
    TE.map((all) => distinct(all.flat()))
  )

const writeFigures = (out: string, rows: ReadonlyArray<Row>): Task<unknown> =>
  out === '' ? TE.right(undefined) : io(writeText(out, figures(rows)))

const evaluateOn =
  (request: EvaluateRequest) =>
  (device: Device): Task<string> =>
    pipe(
      TE.Do,
      TE.bind('classifier', () => loadModel(classifierKind, request.classifier)),
      TE.bind('images', () => digits),
      TE.bind('judge', ({ classifier }) => judgeOf(device, classifier)),
      TE.bind('systems', ({ classifier }) => systemsOf(device, classifier.config.data, request)),
      TE.flatMap(({ classifier, images, judge, systems }) =>
        evaluate({
          judge,
          digits: images,
          data: classifier.config.data,
          options: { ...evaluationDefaults, clips: request.clips, seed: request.seed },
          screen: screen(process.stderr)
        })(systems)
      ),
      TE.tap(({ rows }) => writeFigures(request.out, rows)),
      TE.map(({ rows }) => table(rows))
    )

/** Evaluates; the result is the table. */
export const evaluateCommand = (request: EvaluateRequest): Task<string> =>
  request.models.length === 0
    ? TE.left(failure('evaluate: no model was given; name the files of teachers or students'))
    : withDevice(request.device)(evaluateOn(request))
