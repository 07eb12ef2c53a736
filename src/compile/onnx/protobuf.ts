/**
 * Protocol buffers, as much of them as an ONNX file needs. A field knows its length before it is written, so that a
 * message of any depth is one allocation.
 */

// model ----------------------------------------------------------------------------------

/** Bytes to come. `length` counts everything, tags included. */
export type Field =
  | { readonly _tag: 'Varint'; readonly length: number; readonly tag: number; readonly value: number }
  | { readonly _tag: 'Ascii'; readonly length: number; readonly tag: number; readonly text: string }
  | { readonly _tag: 'Bytes'; readonly length: number; readonly tag: number; readonly data: Uint8Array }
  | { readonly _tag: 'Fixed'; readonly length: number; readonly tag: number; readonly data: Uint8Array }
  | { readonly _tag: 'Packed'; readonly length: number; readonly tag: number; readonly values: ReadonlyArray<number> }
  | { readonly _tag: 'Message'; readonly length: number; readonly tag: number; readonly fields: ReadonlyArray<Field> }

// lengths --------------------------------------------------------------------------------

/** Negative numbers are 64-bit two's complement, ten bytes. */
const varintLength = (value: number): number => {
  if (value < 0) return 10
  for (let n = 1, rest = value; ; n++, rest = Math.floor(rest / 128)) if (rest < 128) return n
}

const total = (fields: ReadonlyArray<Field>): number => fields.reduce((n, field) => n + field.length, 0)

const wire = { varint: 0, delimited: 2, fixed32: 5 } as const

const tagOf = (field: number, type: number): number => field * 8 + type

/** The length of a field with a body of `n` bytes, which says so itself. */
const delimitedLength = (tag: number, n: number): number => varintLength(tag) + varintLength(n) + n

/** The length of the body of a delimited field. */
const bodyLength = (field: Extract<Field, { readonly _tag: 'Packed' | 'Message' }>): number =>
  field._tag === 'Message' ? total(field.fields) : field.values.reduce((n, value) => n + varintLength(value), 0)

// constructors ---------------------------------------------------------------------------

export const int = (field: number, value: number): Field => {
  const tag = tagOf(field, wire.varint)
  return { _tag: 'Varint', length: varintLength(tag) + varintLength(value), tag, value }
}

export const float = (field: number, value: number): Field => {
  const tag = tagOf(field, wire.fixed32)
  return { _tag: 'Fixed', length: varintLength(tag) + 4, tag, data: new Uint8Array(Float32Array.of(value).buffer) }
}

export const bytes = (field: number, data: Uint8Array): Field => {
  const tag = tagOf(field, wire.delimited)
  return { _tag: 'Bytes', length: delimitedLength(tag, data.length), tag, data }
}

const continuation = (code: number, shift: number): number => ((code >>> shift) & 63) | 128

const utf8Point = (code: number): ReadonlyArray<number> =>
  code < 0x80
    ? [code]
    : code < 0x800
      ? [(code >>> 6) | 0xc0, continuation(code, 0)]
      : code < 0x10000
        ? [(code >>> 12) | 0xe0, continuation(code, 6), continuation(code, 0)]
        : [(code >>> 18) | 0xf0, continuation(code, 12), continuation(code, 6), continuation(code, 0)]

const utf8 = (value: string): Uint8Array =>
  Uint8Array.from(Array.from(value, (point) => utf8Point(point.codePointAt(0) ?? 0)).flat())

const ascii = /^[\x20-\x7e]*$/

export const text = (field: number, value: string): Field => {
  if (!ascii.test(value)) return bytes(field, utf8(value))
  const tag = tagOf(field, wire.delimited)
  return { _tag: 'Ascii', length: delimitedLength(tag, value.length), tag, text: value }
}

/** Repeated integers under one tag. */
export const packed = (field: number, values: ReadonlyArray<number>): Field => {
  const tag = tagOf(field, wire.delimited)
  const body = values.reduce((n, value) => n + varintLength(value), 0)
  return { _tag: 'Packed', length: delimitedLength(tag, body), tag, values }
}

export const message = (field: number, fields: ReadonlyArray<Field>): Field => {
  const tag = tagOf(field, wire.delimited)
  return { _tag: 'Message', length: delimitedLength(tag, total(fields)), tag, fields }
}

// interpretations ------------------------------------------------------------------------

const writeNegative = (to: Uint8Array, at: number, value: number): number => {
  const whole = BigInt.asUintN(64, BigInt(value))
  for (let i = 0; i < 10; i++) to[at + i] = Number((whole >> BigInt(7 * i)) & 127n) | (i < 9 ? 128 : 0)
  return at + 10
}

/** Each `write…` gives the place after what it wrote. */
const writeVarint = (to: Uint8Array, at: number, value: number): number => {
  if (value < 0) return writeNegative(to, at, value)
  for (let i = at, rest = value; ; i++, rest = Math.floor(rest / 128)) {
    to[i] = rest < 128 ? rest : rest % 128 | 128
    if (rest < 128) return i + 1
  }
}

const writeBytes = (to: Uint8Array, at: number, data: Uint8Array): number => {
  to.set(data, at)
  return at + data.length
}

const writeAscii = (to: Uint8Array, at: number, value: string): number => {
  for (let i = 0; i < value.length; i++) to[at + i] = value.charCodeAt(i)
  return at + value.length
}

const write = (to: Uint8Array, at: number, field: Field): number => {
  const start = writeVarint(to, at, field.tag)
  switch (field._tag) {
    case 'Varint':
      return writeVarint(to, start, field.value)
    case 'Fixed':
      return writeBytes(to, start, field.data)
    case 'Ascii':
      return writeAscii(to, writeVarint(to, start, field.text.length), field.text)
    case 'Bytes':
      return writeBytes(to, writeVarint(to, start, field.data.length), field.data)
    case 'Packed':
      return field.values.reduce((place, v) => writeVarint(to, place, v), writeVarint(to, start, bodyLength(field)))
    case 'Message':
      return field.fields.reduce((place, f) => write(to, place, f), writeVarint(to, start, bodyLength(field)))
  }
}

export const encode = (fields: ReadonlyArray<Field>): Uint8Array<ArrayBuffer> => {
  const to = new Uint8Array(total(fields)) // local
  fields.reduce((place, field) => write(to, place, field), 0)
  return to
}
