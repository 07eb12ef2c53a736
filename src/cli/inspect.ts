/** `fluxion inspect FILE`: what a model file is, what is in it, what it computes, and what that becomes on a GPU. */
import { join } from 'node:path'
import { program } from '../compile/Program.ts'
import { portable } from '../compile/wgsl/Target.ts'
import { pipe, TE } from '../core/fp.ts'
import { size } from '../core/Shape.ts'
import { kernelTable, kernelTexts, type KernelTable } from '../inspect/kernels.ts'
import { graphSvg, isReadable, kernelSvg } from '../inspect/svg.ts'
import { operationTable, toOperationTable, toTable } from '../inspect/table.ts'
import { show } from '../interpret/show.ts'
import { makeFolder, writeText } from '../io/files.ts'
import { readHeader, type Header, type Metadata } from '../io/safetensors.ts'
import { kernelSources } from '../runtime/webgpu/sources.ts'
import { graph, io, type Task } from './Failure.ts'
import { modelGraph } from './graphs.ts'
import type { Outputs } from './programs.ts'

const { format } = new Intl.NumberFormat('en')

/** The part of a name that says which block a parameter belongs to; in a checkpoint, which part of which learner. */
const groupIn =
  ({ learner }: Metadata) =>
  (name: string): string =>
    name
      .split('.')
      .slice(0, learner !== undefined || name.startsWith('blocks.') ? 2 : 1)
      .join('.')

const titleOf = ({ kind, learner, moment }: Metadata): string =>
  learner === undefined ? (kind ?? 'tensors') : `checkpoint of a ${kind}, ${moment}`

type Entries = Header['entries']

const count = (entries: Entries): number => [...entries.values()].reduce((n, { shape }) => n + size(shape), 0)

const line = (name: string, entries: Entries): string =>
  `  ${name.padEnd(24)} ${String(entries.size).padStart(4)} tensors ${format(count(entries)).padStart(12)}`

const described = (file: string, { metadata, entries }: Header): string => {
  const group = groupIn(metadata)
  const groups = [...new Set([...entries.values()].map(({ name }) => group(name)))]
  const within = (wanted: string): Entries => new Map([...entries].filter(([, { name }]) => group(name) === wanted))
  return [
    `${file}: ${titleOf(metadata)}, ${format(count(entries))} numbers`,
    ...Object.entries(metadata).map(([name, value]) => `${name}: ${value}`),
    ...groups.map((name) => line(name, within(name)))
  ].join('\n')
}

const contents = (file: string): Task<string> =>
  pipe(
    io(readHeader(file)),
    TE.map((header) => described(file, header))
  )

// what it computes -----------------------------------------------------------------------

export interface InspectRequest {
  readonly file: string
  readonly kernels: boolean
  readonly operations: boolean
  readonly text: boolean
  /** A folder for the texts of kernels, and a file for a drawing; empty is none. */
  readonly wgsl: string
  readonly svg: string
}

/** Of a file, what is in it, and nothing of what it computes. */
export const inspectDefaults: Omit<InspectRequest, 'file'> = {
  kernels: false,
  operations: false,
  text: false,
  wgsl: '',
  svg: ''
}

type View = (outputs: Outputs) => Task<string>

const kernelsOf = (outputs: Outputs): Task<KernelTable> =>
  pipe(TE.fromEither(program(outputs)), TE.flatMapEither(kernelTable(kernelSources(), portable)), graph)

const kernels: View = (outputs) => pipe(kernelsOf(outputs), TE.map(toTable))

const operations: View = (outputs) => TE.right(toOperationTable(operationTable(outputs)))

const text: View = (outputs) => TE.right(show(Object.values(outputs)))

const wgsl =
  (folder: string): View =>
  (outputs) =>
    pipe(
      kernelsOf(outputs),
      TE.map((table) => [...kernelTexts(table)]),
      TE.tap(() => io(makeFolder(folder))),
      TE.tap(TE.traverseSeqArray(([name, source]) => io(writeText(join(folder, `${name}.wgsl`), source)))),
      TE.map((texts) => `${folder}: ${texts.length} kernels`)
    )

const svg =
  (file: string): View =>
  (outputs) =>
    pipe(
      isReadable(outputs)
        ? TE.right({ what: 'the graph', drawing: graphSvg(outputs) })
        : pipe(
            kernelsOf(outputs),
            TE.map((table) => ({ what: `${table.launches.length} launches of kernels`, drawing: kernelSvg(table) }))
          ),
      TE.flatMap(({ what, drawing }) =>
        pipe(
          io(writeText(file, drawing)),
          TE.map(() => `${file}: ${what}`)
        )
      )
    )

const viewsOf = (request: InspectRequest): ReadonlyArray<View> => [
  ...(request.text ? [text] : []),
  ...(request.operations ? [operations] : []),
  ...(request.kernels ? [kernels] : []),
  ...(request.wgsl === '' ? [] : [wgsl(request.wgsl)]),
  ...(request.svg === '' ? [] : [svg(request.svg)])
]

/** What is in a file; or, where it is asked for, what the model in it computes. */
export const inspectCommand = (request: InspectRequest): Task<string> => {
  const views = viewsOf(request)
  return views.length === 0
    ? contents(request.file)
    : pipe(
        modelGraph(request.file),
        TE.flatMap((outputs) =>
          pipe(
            views,
            TE.traverseSeqArray((view) => view(outputs))
          )
        ),
        TE.map((texts) => texts.join('\n\n'))
      )
}
