/**
 * Safetensors: named tensors in one file, a JSON header in front of the bytes. A header is a value that says where
 * every tensor lies, checked against the length of the file, so that one tensor of a large file is read on its own.
 *
 * Bytes are little-endian, as on every machine that Node runs on.
 * Laws: `test/io/safetensors.test.ts` (`read ∘ write = id`).   Source: github.com/huggingface/safetensors, "Format".
 */
import { open, type FileHandle } from 'node:fs/promises'
import { E, pipe, TE } from '../core/fp.ts'
import type { DType } from '../core/DType.ts'
import { size, type Shape } from '../core/Shape.ts'
import { elements, tensor, type Elements, type Tensor } from '../core/Tensor.ts'
import { most, writeBytes, type Written } from './files.ts'
import { fromError, type IoFault } from './IoFault.ts'
import { bf16, f16, narrow, widen } from '../core/narrow.ts'

// model ----------------------------------------------------------------------------------

export type Tensors = ReadonlyMap<string, Tensor>
export type Metadata = Readonly<Record<string, string>>

/** Element types of files. `F64` is read into doubles of dtype `f32`, `I64` into `i32`, small ones into 32 bits. */
export type Stored = 'F64' | 'I64' | 'F32' | 'I32' | 'U32' | 'F16' | 'BF16' | 'I16' | 'U16' | 'I8' | 'U8' | 'BOOL'

/** Where a tensor lies: bytes `begin` to `end` behind the header. */
export interface Entry {
  readonly name: string
  readonly stored: Stored
  readonly shape: Shape
  readonly begin: number
  readonly end: number
}

/** What a file says of itself. Entries are in the order of their bytes, without gaps. */
export interface Header {
  readonly path: string
  readonly metadata: Metadata
  readonly entries: ReadonlyMap<string, Entry>
  /** The offset of the first tensor's bytes in the file. */
  readonly start: number
}

export interface Contents {
  readonly tensors: Tensors
  readonly metadata: Metadata
}

// element types --------------------------------------------------------------------------

interface Encoding {
  readonly bytes: number
  readonly dtype: DType
  readonly make: (length: number) => Elements
  /** Elements of the bytes, written to `out` from `at`; the first that does not fit, if there is one. */
  readonly load: (bytes: Uint8Array, out: Elements, at: number) => string | undefined
}

type Integers = Int16Array | Uint16Array | Int8Array
type View<A> = new (buffer: ArrayBufferLike, offset: number, length: number) => A
const view = <A>(View: View<A>, width: number, bytes: Uint8Array): A =>
  new View(bytes.buffer, bytes.byteOffset, bytes.byteLength / width)

const plain = (
  dtype: DType,
  bytes: number,
  View: View<Elements | Integers>,
  make = (n: number) => elements(dtype, n)
): Encoding => ({
  bytes,
  dtype,
  make,
  load: (chunk, out, at) => {
    out.set(view(View, bytes, chunk), at)
    return undefined
  }
})

const half = (dtype: DType, wide: ReturnType<typeof widen>): Encoding => ({
  bytes: 2,
  dtype,
  make: (length) => elements(dtype, length),
  load: (chunk, out, at) => {
    wide(view(Uint16Array, 2, chunk), out, at)
    return undefined
  }
})

const long: Encoding = {
  bytes: 8,
  dtype: 'i32',
  make: (length) => elements('i32', length),
  load: (chunk, out, at) => {
    const values = view(BigInt64Array, 8, chunk)
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0n
      if (value !== BigInt.asIntN(32, value)) return String(value)
      out[at + i] = Number(value)
    }
    return undefined
  }
}

const encodings: Readonly<Record<Stored, Encoding>> = {
  F64: plain('f32', 8, Float64Array, (length) => new Float64Array(length)),
  I64: long,
  F32: plain('f32', 4, Float32Array),
  I32: plain('i32', 4, Int32Array),
  U32: plain('u32', 4, Uint32Array),
  F16: half('f16', widen(f16)),
  BF16: half('bf16', widen(bf16)),
  I16: plain('i32', 2, Int16Array),
  U16: plain('u32', 2, Uint16Array),
  I8: plain('i32', 1, Int8Array),
  U8: plain('u32', 1, Uint8Array),
  BOOL: plain('bool', 1, Uint8Array)
}

const isStored = (name: string): name is Stored => Object.hasOwn(encodings, name)

const storedAs: Readonly<Record<DType, Stored>> = {
  f32: 'F32',
  i32: 'I32',
  u32: 'U32',
  f16: 'F16',
  bf16: 'BF16',
  bool: 'BOOL'
}

const narrowed: Readonly<Record<'f16' | 'bf16', ReturnType<typeof narrow>>> = { f16: narrow(f16), bf16: narrow(bf16) }

/** Elements as their type is stored: `f16` and `bf16` rounded to the nearest, ties to even. */
const toStored = ({ dtype, data }: Tensor): Elements | Uint16Array => {
  if (dtype === 'f16' || dtype === 'bf16') return narrowed[dtype](data)
  const made = elements(dtype, 0)
  if (made.constructor === data.constructor) return data
  const out = elements(dtype, data.length)
  out.set(data)
  return out
}

const toBytes = (x: Tensor): Uint8Array => {
  const { buffer, byteOffset, byteLength } = toStored(x)
  return new Uint8Array(buffer, byteOffset, byteLength)
}

// writing --------------------------------------------------------------------------------

const align = (n: number): number => Math.ceil(n / 8) * 8
const largest = 100_000_000

/** Largest elements first, so that every tensor is aligned; then by name. */
const inOrder = (tensors: Tensors): ReadonlyArray<readonly [string, Tensor]> =>
  [...tensors].sort(
    ([a, x], [b, y]) =>
      encodings[storedAs[y.dtype]].bytes - encodings[storedAs[x.dtype]].bytes || (a < b ? -1 : a > b ? 1 : 0)
  )

const headerBytes = (tensors: ReadonlyArray<readonly [string, Tensor]>, metadata: Metadata): Uint8Array => {
  const table: Array<readonly [string, unknown]> = Object.keys(metadata).length > 0 ? [['__metadata__', metadata]] : []
  let end = 0
  for (const [name, x] of tensors) {
    const begin = end
    end += x.data.length * encodings[storedAs[x.dtype]].bytes
    table.push([name, { dtype: storedAs[x.dtype], shape: x.shape, data_offsets: [begin, end] }])
  }
  // Joined by hand: an object would reorder names that look like numbers
  const json = `{${table.map(([name, entry]) => `${JSON.stringify(name)}:${JSON.stringify(entry)}`).join(',')}}`
  const text = Buffer.from(json, 'utf8')
  const out = Buffer.alloc(8 + align(text.length), ' ')
  out.writeBigUInt64LE(BigInt(out.length - 8), 0)
  out.set(text, 8)
  return out
}

const checked = ([name, x]: readonly [string, Tensor]): E.Either<IoFault, void> =>
  name === '__metadata__'
    ? E.left({ _tag: 'ReservedName', name })
    : size(x.shape) !== x.data.length
      ? E.left({ _tag: 'WrongLength', name, shape: x.shape, found: x.data.length })
      : E.right(undefined)

function* chunksOf(tensors: ReadonlyArray<readonly [string, Tensor]>, metadata: Metadata): Generator<Uint8Array> {
  yield headerBytes(tensors, metadata)
  for (const [, x] of tensors) yield toBytes(x)
}

/** Writes tensors in their own dtypes. The same contents give the same bytes. Faults: `WrongLength`, `DiskFull`, …. */
export const write = (path: string, tensors: Tensors, metadata: Metadata = {}): TE.TaskEither<IoFault, Written> =>
  pipe(
    E.traverseArray(checked)([...tensors]),
    TE.fromEither,
    TE.flatMap(() => writeBytes(path, chunksOf(inOrder(tensors), metadata)))
  )

const joined = (chunks: ReadonlyArray<Uint8Array>): Uint8Array => {
  const out = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.length
  }
  return out
}

/** The bytes that `write` writes. Faults: `WrongLength`, `ReservedName`. */
export const encode = (tensors: Tensors, metadata: Metadata = {}): E.Either<IoFault, Uint8Array> =>
  pipe(
    E.traverseArray(checked)([...tensors]),
    E.map(() => joined([...chunksOf(inOrder(tensors), metadata)]))
  )

// headers --------------------------------------------------------------------------------

const bad = (path: string, why: string): E.Either<IoFault, never> => E.left({ _tag: 'BadHeader', path, why })

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isCounts = (value: unknown): value is ReadonlyArray<number> =>
  Array.isArray(value) && value.every((n) => Number.isSafeInteger(n) && n >= 0)

const isMetadata = (value: unknown): value is Metadata =>
  isObject(value) && Object.values(value).every((text) => typeof text === 'string')

const entry =
  (path: string) =>
  ([name, value]: readonly [string, unknown]): E.Either<IoFault, Entry> => {
    if (!isObject(value)) return bad(path, `the entry of '${name}' is not an object`)
    const { dtype, shape, data_offsets: offsets } = value
    if (typeof dtype !== 'string') return bad(path, `'${name}' has no element type`)
    if (!isStored(dtype)) return E.left({ _tag: 'UnknownType', path, name, dtype })
    if (!isCounts(shape)) return bad(path, `the shape of '${name}' is not a list of sizes`)
    if (!isCounts(offsets) || offsets.length !== 2) return bad(path, `the offsets of '${name}' are not two numbers`)
    const [begin = 0, end = 0] = offsets
    const bytes = size(shape) * encodings[dtype].bytes
    return end - begin === bytes
      ? E.right({ name, stored: dtype, shape, begin, end })
      : bad(path, `'${name}' is [${shape.join(',')}] of ${dtype}, ${bytes} bytes, and its offsets span ${end - begin}`)
  }

/** The first entry that does not begin where the one before it ends. */
const misplaced = (sorted: ReadonlyArray<Entry>): Entry | undefined =>
  sorted.find((x, i) => x.begin !== (sorted[i - 1]?.end ?? 0))

/** A header from its JSON, for a file of `length` bytes whose tensors begin at `start`. */
const parse =
  (path: string, start: number, length: number) =>
  (json: unknown): E.Either<IoFault, Header> => {
    if (!isObject(json)) return bad(path, 'its header is not a JSON object')
    const { __metadata__: metadata = {}, ...rest } = json
    if (!isMetadata(metadata)) return bad(path, 'its metadata is not a table of strings')
    return pipe(
      E.traverseArray(entry(path))(Object.entries(rest)),
      E.map((entries) => [...entries].sort((a, b) => a.begin - b.begin || a.end - b.end)),
      E.flatMap((sorted) => {
        const wrong = misplaced(sorted)
        if (wrong !== undefined) return bad(path, `'${wrong.name}' overlaps another tensor or leaves a gap`)
        const expected = start + (sorted.at(-1)?.end ?? 0)
        if (length < expected) return E.left<IoFault, Header>({ _tag: 'Truncated', path, expected, found: length })
        if (length > expected) return E.left<IoFault, Header>({ _tag: 'Excess', path, expected, found: length })
        return E.right({ path, metadata, entries: new Map(sorted.map((x) => [x.name, x])), start })
      })
    )
  }

const readFully = async (handle: FileHandle, into: Uint8Array, position: number): Promise<number> => {
  let at = 0
  while (at < into.length) {
    const { bytesRead } = await handle.read(into, at, into.length - at, position + at)
    if (bytesRead === 0) break
    at += bytesRead
  }
  return at
}

const json = (path: string, bytes: Uint8Array): E.Either<IoFault, unknown> =>
  E.tryCatch(
    (): unknown => JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)),
    (): IoFault => ({ _tag: 'BadHeader', path, why: 'its header is not JSON' })
  )

const headerOf = async (handle: FileHandle, path: string): Promise<E.Either<IoFault, Header>> => {
  const { size: length } = await handle.stat()
  const first = Buffer.alloc(8)
  const found = await readFully(handle, first, 0)
  if (found < 8) return E.left({ _tag: 'Truncated', path, expected: 8, found })
  const count = Number(first.readBigUInt64LE())
  if (count > largest) return bad(path, `its header would have ${count} bytes, the limit is ${largest}`)
  const bytes = new Uint8Array(Math.min(count, length - 8))
  await readFully(handle, bytes, 8)
  // A file that is something else has no brace here; say that rather than that it is short
  if (bytes.length > 0 && bytes[0] !== 0x7b) return bad(path, 'its header does not begin with {')
  if (length < 8 + count) return E.left({ _tag: 'Truncated', path, expected: 8 + count, found: length })
  return pipe(json(path, bytes), E.flatMap(parse(path, 8 + count, length)))
}

// reading --------------------------------------------------------------------------------

const readEntry =
  (handle: FileHandle, { path, start }: Header) =>
  async ({ name, stored, shape, begin, end }: Entry): Promise<E.Either<IoFault, Tensor>> => {
    const encoding = encodings[stored]
    const out = encoding.make(size(shape))
    const bytes = new Uint8Array(Math.min(most, end - begin))
    for (let at = begin; at < end; at += most) {
      const part = bytes.subarray(0, Math.min(most, end - at))
      const found = await readFully(handle, part, start + at)
      if (found < part.length)
        return E.left({ _tag: 'Truncated', path, expected: start + end, found: start + at + found })
      const value = encoding.load(part, out, (at - begin) / encoding.bytes)
      if (value !== undefined) return E.left({ _tag: 'OutOfRange', path, name, value })
    }
    return E.right(tensor(encoding.dtype, shape, out))
  }

type Reader<A> = (handle: FileHandle, header: Header) => Promise<E.Either<IoFault, A>>

const opened = async <A>(path: string, reader: Reader<A>): Promise<E.Either<IoFault, A>> => {
  const handle = await open(path, 'r')
  try {
    const header = await headerOf(handle, path)
    return E.isLeft(header) ? header : await reader(handle, header.right)
  } finally {
    await handle.close()
  }
}

const withFile = <A>(path: string, reader: Reader<A>): TE.TaskEither<IoFault, A> =>
  pipe(
    TE.tryCatch(() => opened(path, reader), fromError(path)),
    TE.flatMapEither((result) => result)
  )

const find =
  ({ path, entries }: Header) =>
  (name: string): E.Either<IoFault, Entry> =>
    pipe(entries.get(name), E.fromNullable<IoFault>({ _tag: 'NoTensor', path, name, known: [...entries.keys()] }))

const readNamed =
  (names: (header: Header) => ReadonlyArray<string>): Reader<Contents> =>
  async (handle, header) => {
    const found = E.traverseArray(find(header))(names(header))
    if (E.isLeft(found)) return found
    const tensors = new Map<string, Tensor>() // local
    for (const x of found.right) {
      const read = await readEntry(handle, header)(x)
      if (E.isLeft(read)) return read
      tensors.set(x.name, read.right)
    }
    return E.right({ tensors, metadata: header.metadata })
  }

/** The header alone. Faults: `Missing`, `BadHeader`, `Truncated`, `Excess`, `UnknownType`. */
export const readHeader = (path: string): TE.TaskEither<IoFault, Header> =>
  withFile(path, async (_, header) => E.right(header))

/** All tensors, in the order of their bytes. `f16` and `bf16` are widened to 32 bits and keep their dtype. */
export const read = (path: string): TE.TaskEither<IoFault, Contents> =>
  withFile(
    path,
    readNamed(({ entries }) => [...entries.keys()])
  )

/** The named tensors alone, whatever else the file holds. Faults: those of `readHeader`, `NoTensor`, `OutOfRange`. */
export const readSome = (path: string, names: ReadonlyArray<string>): TE.TaskEither<IoFault, Tensors> =>
  pipe(
    withFile(
      path,
      readNamed(() => names)
    ),
    TE.map(({ tensors }) => tensors)
  )

/** One tensor. */
export const readTensor = (path: string, name: string): TE.TaskEither<IoFault, Tensor> =>
  withFile(path, async (handle, header) => {
    const found = find(header)(name)
    return E.isLeft(found) ? found : readEntry(handle, header)(found.right)
  })
