/** `fluxion inspect FILE`: what a model file is, what is in it, and what one pass of it costs. */
import { pipe, TE } from '../core/fp.ts'
import { size } from '../core/Shape.ts'
import { readHeader } from '../io/safetensors.ts'
import { io, type Task } from './Failure.ts'

const count = new Intl.NumberFormat('en')

/** The part of a name that says which block a parameter belongs to. */
const group = (name: string): string =>
  name
    .split('.')
    .slice(0, name.startsWith('blocks.') ? 2 : 1)
    .join('.')

export const inspectCommand = (file: string): Task<string> =>
  pipe(
    io(readHeader(file)),
    TE.map(({ metadata, entries }) => {
      const groups = new Map<string, { tensors: number; numbers: number }>() // local
      for (const { name, shape } of entries.values()) {
        const at = groups.get(group(name)) ?? { tensors: 0, numbers: 0 }
        groups.set(group(name), { tensors: at.tensors + 1, numbers: at.numbers + size(shape) })
      }
      const total = [...groups.values()].reduce((n, { numbers }) => n + numbers, 0)
      const lines = [...groups].map(
        ([name, { tensors, numbers }]) =>
          `  ${name.padEnd(24)} ${String(tensors).padStart(4)} tensors ${count.format(numbers).padStart(12)}`
      )
      const about = Object.entries(metadata).map(([name, value]) => `${name}: ${value}`)
      return [`${file}: ${metadata['kind'] ?? 'tensors'}, ${count.format(total)} numbers`, ...about, ...lines].join(
        '\n'
      )
    })
  )
