/**
 * Protocol buffers, as much of them as an ONNX file needs. A field knows its length before it is written, so that a
 * message of any depth is one allocation.
 */

// model ----------------------------------------------------------------------------------

/** Bytes to come: `write` puts them at `at` and gives the place after them. */
export interface Field {
  readonly length: number
  readonly write: (to: Uint8Array, at: number) => number
}

// varints --------------------------------------------------------------------------------

const varintLength = (value: number): number => {
  if (value < 0) return 10
  for (let n = 1, rest = value; ; n++, rest = Math.floor(rest / 128)) if (rest < 128) return n
}

/** Negative numbers are 64-bit two's complement, ten bytes. */
const writeNegative = (to: Uint8Array, at: number, value: number): number => {
  const whole = BigInt.asUintN(64, BigInt(value))
  for (let i = 0; i < 10; i++) to[at + i] = Number((whole >> BigInt(7 * i)) & 127n) | (i < 9 ? 128 : 0)
  return at + 10
}

const writeVarint = (to: Uint8Array, at: number, value: number): number => {
  if (value < 0) return writeNegative(to, at, value)
  for (let i = at, rest = value; ; i++, rest = Math.floor(rest / 128)) {
    to[i] = rest < 128 ? rest : rest % 128 | 128
    if (rest < 128) return i + 1
  }
}

const varint = (value: number): Field => ({
  length: varintLength(value),
  write: (to, at) => writeVarint(to, at, value)
})

// constructors ---------------------------------------------------------------------------

const join = (parts: ReadonlyArray<Field>): Field => ({
  length: parts.reduce((n, part) => n + part.length, 0),
  write: (to, at) => parts.reduce((place, part) => part.write(to, place), at)
})

const wire = { varint: 0, delimited: 2, fixed32: 5 } as const
const tag = (field: number, type: number): Field => varint(field * 8 + type)

const delimited = (field: number, body: Field): Field => join([tag(field, wire.delimited), varint(body.length), body])

const raw = (data: Uint8Array): Field => ({
  length: data.length,
  write: (to, at) => {
    to.set(data, at)
    return at + data.length
  }
})

export const int = (field: number, value: number): Field => join([tag(field, wire.varint), varint(value)])

export const float = (field: number, value: number): Field =>
  join([tag(field, wire.fixed32), raw(new Uint8Array(Float32Array.of(value).buffer))])

const continuation = (code: number, shift: number): number => ((code >>> shift) & 63) | 128

const utf8Point = (code: number): ReadonlyArray<number> =>
  code < 0x80
    ? [code]
    : code < 0x800
      ? [(code >>> 6) | 0xc0, continuation(code, 0)]
      : code < 0x10000
        ? [(code >>> 12) | 0xe0, continuation(code, 6), continuation(code, 0)]
        : [(code >>> 18) | 0xf0, continuation(code, 12), continuation(code, 6), continuation(code, 0)]

const ascii = /^[\x20-\x7e]*$/

const utf8 = (value: string): Uint8Array =>
  ascii.test(value)
    ? Uint8Array.from({ length: value.length }, (_, i) => value.charCodeAt(i))
    : Uint8Array.from(Array.from(value, (point) => utf8Point(point.codePointAt(0) ?? 0)).flat())

export const bytes = (field: number, data: Uint8Array): Field => delimited(field, raw(data))

export const text = (field: number, value: string): Field => bytes(field, utf8(value))

export const message = (field: number, fields: ReadonlyArray<Field>): Field => delimited(field, join(fields))

/** Repeated integers under one tag. */
export const packed = (field: number, values: ReadonlyArray<number>): Field =>
  delimited(field, join(values.map(varint)))

// interpretations ------------------------------------------------------------------------

export const encode = (fields: ReadonlyArray<Field>): Uint8Array<ArrayBuffer> => {
  const whole = join(fields)
  const to = new Uint8Array(whole.length) // local
  whole.write(to, 0)
  return to
}
