/**
 * Random keys: a key is two words, split into independent keys; there is no ambient state. The generator is counter
 * based (threefry2x32, 20 rounds), so that every target draws the same bits from the same key.
 *
 * Laws: `laws/key.ts`.   Source: Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3".
 */
export type Key = readonly [number, number]

/** The parity constant of the key schedule. */
export const parity = 0x1bd11bda

const [even, odd] = [
  [13, 15, 26, 6],
  [17, 29, 16, 24]
] as const
/** Rotations of all rounds, four by four. */
export const rounds: ReadonlyArray<ReadonlyArray<number>> = [even, odd, even, odd, even]

/** The bijection of 64 bits that the generator is made of: twenty rounds, a key injection after every fourth. */
export const threefry = (key: Key, c0: number, c1: number): readonly [number, number] => {
  let k0 = key[0] | 0
  let k1 = key[1] | 0
  let k2 = k0 ^ k1 ^ parity
  let x0 = (c0 + k0) | 0
  let x1 = (c1 + k1) | 0
  let injections = 0
  for (const four of rounds) {
    for (const r of four) {
      x0 = (x0 + x1) | 0
      x1 = ((x1 << r) | (x1 >>> (32 - r))) ^ x0
    }
    const first = k0
    k0 = k1
    k1 = k2
    k2 = first
    injections++
    x0 = (x0 + k0) | 0
    x1 = (x1 + k1 + injections) | 0
  }
  return [x0 >>> 0, x1 >>> 0]
}

/** A key from a seed: any integer up to 2⁵³. */
export const key = (seed: number): Key => [Math.floor(seed / 2 ** 32) >>> 0, seed >>> 0]

/** `n` words. The first half are the first outputs of counters `0…⌈n/2⌉`, the second half their second outputs. */
export const bits = (k: Key, n: number): Uint32Array => {
  const half = Math.ceil(n / 2)
  const out = new Uint32Array(n)
  for (let i = 0; i < half; i++) {
    const [a, b] = threefry(k, i, 0)
    out[i] = a
    if (i + half < n) out[i + half] = b
  }
  return out
}

/** A function of its own, so that it sees two kinds of arrays only and stays fast. */
const at = (list: Uint32Array | Float64Array, i: number): number => list[i] ?? NaN

/** `n` independent keys. */
export const split = (k: Key, n: number): ReadonlyArray<Key> => {
  const words = bits(k, 2 * n)
  return Array.from({ length: n }, (_, i) => [at(words, 2 * i), at(words, 2 * i + 1)])
}

/** A key for one of many uses of `k`, such as a step of training: independent for different `data`. */
export const fold = (k: Key, data: number): Key => threefry(k, data >>> 0, 0x9e3779b9)

/** `n` numbers in `[0, 1)`, 53 bits each. */
export const uniform = (k: Key, n: number): Float64Array => {
  const words = bits(k, 2 * n)
  return Float64Array.from({ length: n }, (_, i) => {
    const high = at(words, 2 * i) >>> 5
    const low = at(words, 2 * i + 1) >>> 6
    return (high * 2 ** 26 + low) / 2 ** 53
  })
}

/** `n` normal numbers (Box and Muller). */
export const normal = (k: Key, n: number): Float64Array => {
  const u = uniform(k, 2 * n)
  return Float64Array.from({ length: n }, (_, i) => {
    const radius = Math.sqrt(-2 * Math.log(1 - at(u, 2 * i)))
    return radius * Math.cos(2 * Math.PI * at(u, 2 * i + 1))
  })
}

/** `n` integers in `[0, below)`. */
export const integers = (k: Key, n: number, below: number): Int32Array =>
  Int32Array.from(uniform(k, n), (u) => Math.floor(u * below))
