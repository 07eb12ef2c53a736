/** `fluxion inspect FILE`: what a model file is, what is in it, what it computes, and what that becomes on a GPU. */
import { join } from 'node:path'
import { program } from '../compile/Program.ts'
import { portable, type Target } from '../compile/wgsl/Target.ts'
import { pipe, TE } from '../core/fp.ts'
import { size } from '../core/Shape.ts'
import { kernelTable, kernelTexts, type KernelTable } from '../inspect/kernels.ts'
import { graphSvg, isReadable, kernelSvg } from '../inspect/svg.ts'
import { operationTable, showBytes, toOperationTable, toTable } from '../inspect/table.ts'
import { show } from '../interpret/show.ts'
import { makeFolder, writeText } from '../io/files.ts'
import { readHeader, type Header, type Metadata } from '../io/safetensors.ts'
import { adapterTarget } from '../runtime/webgpu/node.ts'
import { kernelSources } from '../runtime/webgpu/sources.ts'
import { device, graph, io, type Task } from './Failure.ts'
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

/** Whose kernels: those that every adapter runs, or those of this machine's. */
export const kernelDevices = ['portable', 'webgpu'] as const
export type KernelDevice = (typeof kernelDevices)[number]

export interface InspectRequest {
  readonly file: string
  readonly kernels: boolean
  readonly operations: boolean
  readonly text: boolean
  /** A folder for the texts of kernels, and a file for a drawing; empty is none. */
  readonly wgsl: string
  readonly svg: string
  readonly device: KernelDevice
}

/** Of a file, what is in it, and nothing of what it computes. */
export const inspectDefaults: Omit<InspectRequest, 'file'> = {
  kernels: false,
  operations: false,
  text: false,
  wgsl: '',
  svg: '',
  device: 'portable'
}

type View = (outputs: Outputs) => Task<string>

interface Adapted {
  readonly target: Target
  readonly name: string
}

const adapters: Readonly<Record<KernelDevice, Task<Adapted>>> = {
  portable: TE.right({ target: portable, name: 'every adapter' }),
  webgpu: device(adapterTarget())
}

const kernelsFor =
  (target: Target) =>
  (outputs: Outputs): Task<KernelTable> =>
    pipe(TE.fromEither(program(outputs)), TE.flatMapEither(kernelTable(kernelSources(), target)), graph)

type Kernels = ReturnType<typeof kernelsFor>

const targetLine = ({ name, target: { schedule, storageBuffers, bindingBytes } }: Adapted): string =>
  `kernels for ${name}: in ${schedule}s, of at most ${storageBuffers} buffers of at most ${showBytes(bindingBytes)}`

const kernels =
  (adapted: Adapted): View =>
  (outputs) =>
    pipe(
      kernelsFor(adapted.target)(outputs),
      TE.map((table) => `${targetLine(adapted)}\n\n${toTable(table)}`)
    )

const operations: View = (outputs) => TE.right(toOperationTable(operationTable(outputs)))

const text: View = (outputs) => TE.right(show(Object.values(outputs)))

const wgsl =
  (folder: string, kernelsOf: Kernels): View =>
  (outputs) =>
    pipe(
      kernelsOf(outputs),
      TE.map((table) => [...kernelTexts(table)]),
      TE.tap(() => io(makeFolder(folder))),
      TE.tap(TE.traverseSeqArray(([name, source]) => io(writeText(join(folder, `${name}.wgsl`), source)))),
      TE.map((texts) => `${folder}: ${texts.length} kernels`)
    )

const svg =
  (file: string, kernelsOf: Kernels): View =>
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

const wantsKernels = (request: InspectRequest): boolean => request.kernels || request.wgsl !== '' || request.svg !== ''

/** An adapter is asked for only where kernels are. */
const adaptedTo = (request: InspectRequest): Task<Adapted> =>
  adapters[wantsKernels(request) ? request.device : 'portable']

const viewsOf = (request: InspectRequest, adapted: Adapted): ReadonlyArray<View> => [
  ...(request.text ? [text] : []),
  ...(request.operations ? [operations] : []),
  ...(request.kernels ? [kernels(adapted)] : []),
  ...(request.wgsl === '' ? [] : [wgsl(request.wgsl, kernelsFor(adapted.target))]),
  ...(request.svg === '' ? [] : [svg(request.svg, kernelsFor(adapted.target))])
]

const asksNothing = (request: InspectRequest): boolean => !(request.text || request.operations || wantsKernels(request))

/** What is in a file; or, where it is asked for, what the model in it computes. */
export const inspectCommand = (request: InspectRequest): Task<string> =>
  asksNothing(request)
    ? contents(request.file)
    : pipe(
        TE.Do,
        TE.bind('outputs', () => modelGraph(request.file)),
        TE.bind('adapted', () => adaptedTo(request)),
        TE.flatMap(({ outputs, adapted }) =>
          pipe(
            viewsOf(request, adapted),
            TE.traverseSeqArray((view) => view(outputs))
          )
        ),
        TE.map((texts) => texts.join('\n\n'))
      )
