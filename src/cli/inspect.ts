/** `fluxion inspect FILE`: what a model file is, and what is in it. */
import { pipe, TE } from '../core/fp.ts'
import { size } from '../core/Shape.ts'
import { readHeader, type Header, type Metadata } from '../io/safetensors.ts'
import { io, type Task } from './Failure.ts'

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

export const inspectCommand = (file: string): Task<string> =>
  pipe(
    io(readHeader(file)),
    TE.map((header) => described(file, header))
  )
