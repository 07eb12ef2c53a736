/** Kernels and their values as launches and buffers. */
import { topological, type Expr } from '../../core/Expr.ts'
import type { Faults } from '../../core/Fault.ts'
import { E, RA } from '../../core/fp.ts'
import { isFloat, isNarrow, type Narrow } from '../../core/DType.ts'
import { formats, narrow } from '../../core/narrow.ts'
import type { Tensor } from '../../core/Tensor.ts'
import type { Program } from '../Program.ts'
import type { Kernel, Value } from './Kernel.ts'
import { plan, type Lifetime } from './plan.ts'
import type { Target } from './Target.ts'
import { storedBytes, wordBytes } from './Wgsl.ts'
import type { Launch, PlannedBuffer, WgslProgram } from './WgslProgram.ts'

// words ----------------------------------------------------------------------------------

const patterns: Readonly<Record<Narrow, ReturnType<typeof narrow>>> = {
  f16: narrow(formats.f16),
  bf16: narrow(formats.bf16)
}

/** Two patterns to a word, the first below. */
const paired = (halves: Uint16Array): Uint32Array => {
  const whole = new Uint16Array(2 * Math.ceil(halves.length / 2))
  whole.set(halves)
  return new Uint32Array(whole.buffer)
}

/** A tensor's elements as the words that a buffer holds. */
export const wordsOf = ({ dtype, data }: Tensor): Uint32Array => {
  if (isNarrow(dtype)) return paired(patterns[dtype](data))
  if (!isFloat(dtype)) return Uint32Array.from(data, (x) => x >>> 0)
  const floats = data instanceof Float32Array ? data : new Float32Array(data)
  return new Uint32Array(floats.buffer, floats.byteOffset, floats.length)
}

// values ---------------------------------------------------------------------------------

/** A value's identity: nodes are shared, a group has at most one scratch array. */
const keyOf = (value: Value): Expr | string => (value._tag === 'Node' ? value.node : `scratch ${value.group.id}`)

const bytesOf = (value: Value): number => (value._tag === 'Node' ? storedBytes(value.node) : wordBytes * value.elements)

/** Bytes of a buffer that holds so many: never none, and whole vectors. */
const rounded = (bytes: number): number => Math.max(16, Math.ceil(bytes / 16) * 16)

interface Placement {
  readonly buffers: Array<PlannedBuffer>
  readonly place: Map<Expr | string, number>
}

const addBuffer = ({ buffers, place }: Placement, key: Expr | string, buffer: PlannedBuffer): void => {
  place.set(key, buffers.length)
  buffers.push(buffer)
}

/** Inputs and constants that kernels read, or that are outputs themselves. */
const placeLeaves = (placement: Placement, nodes: ReadonlyArray<Expr>, needed: ReadonlySet<Expr | string>): void => {
  for (const node of nodes) {
    const bytes = rounded(storedBytes(node))
    if (node.term._tag === 'Input') addBuffer(placement, node, { role: { _tag: 'Input', name: node.term.name }, bytes })
    else if (node.term._tag === 'Constant' && needed.has(node))
      addBuffer(placement, node, { role: { _tag: 'Constant', words: [...wordsOf(node.term.value)] }, bytes })
  }
}

const placeScratch = (placement: Placement, kernels: ReadonlyArray<Kernel>): void => {
  const lives = new Map<Expr | string, Lifetime>() // local
  for (const [i, { reads, writes }] of kernels.entries()) {
    for (const read of reads) {
      const life = lives.get(keyOf(read))
      if (life !== undefined) lives.set(keyOf(read), { ...life, to: i })
    }
    for (const write of writes)
      if (!placement.place.has(keyOf(write)))
        lives.set(keyOf(write), { bytes: rounded(bytesOf(write)), from: i, to: i })
  }
  const { buffers, places } = plan([...lives.values()])
  const base = placement.buffers.length
  for (const bytes of buffers) placement.buffers.push({ role: { _tag: 'Scratch' }, bytes })
  for (const [key, place] of RA.zip([...lives.keys()], places)) placement.place.set(key, base + place)
}

// limits ---------------------------------------------------------------------------------

const tooLarge = (kernels: ReadonlyArray<Kernel>, limit: number): Faults =>
  kernels.flatMap(({ reads, writes, label }) =>
    [...reads, ...writes]
      .map(bytesOf)
      .filter((bytes) => bytes > limit)
      .slice(0, 1)
      .map((bytes) => ({
        _tag: 'TooLarge' as const,
        what: `an operand of ${label}`,
        bytes,
        limit,
        remedy: 'split it along its first axis'
      }))
  )

const tooMany = (kernels: ReadonlyArray<Kernel>, limit: number): Faults =>
  kernels.flatMap(({ reads, writes, label }) =>
    reads.length + writes.length > limit
      ? [
          {
            _tag: 'NotLowered' as const,
            op: label,
            target: 'WGSL',
            why: `its kernel binds ${reads.length + writes.length} buffers, the adapter allows ${limit}`
          }
        ]
      : []
  )

// the program ----------------------------------------------------------------------------

/** Every text has a number by now, and every value a buffer. */
const numberOf = <K>(numbers: ReadonlyMap<K, number>, key: K): number => numbers.get(key) ?? -1

const launches = (
  kernels: ReadonlyArray<Kernel>,
  texts: ReadonlyMap<string, number>,
  { place }: Placement
): ReadonlyArray<Launch> =>
  kernels.map(({ wgsl, reads, writes, uniform, workgroups, label }) => ({
    kernel: numberOf(texts, wgsl),
    bindings: [...reads, ...writes].map((value) => ({
      buffer: numberOf(place, keyOf(value)),
      bytes: Math.max(4, bytesOf(value))
    })),
    ...(uniform === undefined ? {} : { uniform }),
    workgroups,
    label
  }))

export const layout = (
  program: Program,
  outputs: ReadonlyArray<Expr>,
  kernels: ReadonlyArray<Kernel>,
  target: Target
): E.Either<Faults, WgslProgram> => {
  const faults = [...tooLarge(kernels, target.bindingBytes), ...tooMany(kernels, target.storageBuffers)]
  if (faults.length > 0) return E.left(faults)
  const placement: Placement = { buffers: [], place: new Map() } // local
  const needed = new Set<Expr | string>([...kernels.flatMap((k) => k.reads.map(keyOf)), ...outputs])
  placeLeaves(placement, topological(outputs), needed)
  const copies: Array<WgslProgram['copies'][number]> = []
  for (const [{ name }, node] of RA.zip(program.outputs, outputs)) {
    const bytes = rounded(storedBytes(node))
    const from = placement.place.get(node)
    const role = { _tag: 'Output' as const, name }
    if (from === undefined) addBuffer(placement, node, { role, bytes })
    else copies.push({ from, to: placement.buffers.push({ role, bytes }) - 1, bytes })
  }
  placeScratch(placement, kernels)
  const distinct = [...new Map(kernels.map((k) => [k.wgsl, k])).values()]
  const texts = new Map(distinct.map(({ wgsl }, i) => [wgsl, i]))
  const { buffers } = placement
  return E.right({
    kernels: distinct.map(({ wgsl, reads, writes, uniform }) => ({
      wgsl,
      reads: reads.length,
      writes: writes.length,
      uniform: uniform !== undefined
    })),
    buffers,
    launches: launches(kernels, texts, placement),
    copies,
    inputs: program.inputs,
    outputs: program.outputs.map(({ name, dtype, shape }) => ({ name, dtype, shape })),
    peakBytes: buffers.reduce((sum, { bytes }) => sum + bytes, 0)
  })
}
