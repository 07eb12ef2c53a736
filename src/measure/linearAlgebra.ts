/** Small dense symmetric matrices on the host, in double precision, row-major. */

export interface Eigen {
  readonly values: Float64Array
  /** Column `j` is the eigenvector of value `j`. */
  readonly vectors: Float64Array
}

// a symmetric matrix as Q T Qᵀ, T of three diagonals -------------------------------------------

interface Tridiagonal {
  readonly diagonal: Float64Array
  /** Element `i` stands between `diagonal[i]` and `diagonal[i + 1]`; the last is 0. */
  readonly beside: Float64Array
}

/** The vector whose reflection sends column `k` of `a`, below its diagonal, to its first axis; and that element. */
const mirror = (a: Float64Array, n: number, k: number): { readonly v: Float64Array; readonly first: number } => {
  const v = Float64Array.from({ length: n }, (_, i) => (i > k ? (a[i * n + k] ?? 0) : 0)) // local
  const length = Math.hypot(...v)
  const head = v[k + 1] ?? 0
  const first = head > 0 ? -length : length
  v[k + 1] = head - first
  const own = Math.hypot(...v)
  return { v: own === 0 ? v : v.map((x) => x / own), first }
}

/** `a v` from row and column `from` on, of a symmetric `a` of which the lower half is read. */
const symmetricTimes = (a: Float64Array, v: Float64Array, n: number, from: number): Float64Array => {
  const out = new Float64Array(n)
  for (let i = from; i < n; i++) {
    const own = v[i] ?? 0
    let sum = (a[i * n + i] ?? 0) * own
    for (let j = from; j < i; j++) {
      const x = a[i * n + j] ?? 0
      sum += x * (v[j] ?? 0)
      out[j] = (out[j] ?? 0) + x * own
    }
    out[i] = (out[i] ?? 0) + sum
  }
  return out
}

/** `a ← a − 2 (v wᵀ + w vᵀ)`, its lower half from row and column `from` on. */
const reflectBoth = (a: Float64Array, v: Float64Array, w: Float64Array, n: number, from: number): void => {
  for (let i = from; i < n; i++) {
    const [x, y] = [2 * (v[i] ?? 0), 2 * (w[i] ?? 0)]
    for (let j = from; j <= i; j++) a[i * n + j] = (a[i * n + j] ?? 0) - x * (w[j] ?? 0) - y * (v[j] ?? 0)
  }
}

/** `q ← q − 2 (q v) vᵀ`. */
const reflectRows = (q: Float64Array, v: Float64Array, n: number, from: number): void => {
  for (let i = 0; i < n; i++) {
    let along = 0
    for (let j = from; j < n; j++) along += (q[i * n + j] ?? 0) * (v[j] ?? 0)
    for (let j = from; j < n; j++) q[i * n + j] = (q[i * n + j] ?? 0) - 2 * along * (v[j] ?? 0)
  }
}

const dot = (x: Float64Array, y: Float64Array): number => x.reduce((sum, a, i) => sum + a * (y[i] ?? 0), 0)

/** Householder's reduction of the lower half; where `q` is given, it is multiplied by `Q` from the right. */
const tridiagonal = (matrix: Float64Array, n: number, q?: Float64Array): Tridiagonal => {
  const a = matrix.slice() // local
  const beside = new Float64Array(n)
  for (let k = 0; k < n - 1; k++) {
    const { v, first } = mirror(a, n, k)
    beside[k] = first
    const p = symmetricTimes(a, v, n, k + 1)
    const along = dot(v, p)
    reflectBoth(
      a,
      v,
      p.map((x, i) => x - along * (v[i] ?? 0)),
      n,
      k + 1
    )
    if (q !== undefined) reflectRows(q, v, n, k + 1)
  }
  return { diagonal: Float64Array.from({ length: n }, (_, i) => a[i * n + i] ?? 0), beside }
}

// its eigenvalues --------------------------------------------------------------------------

/** Turns columns `i` and `i + 1` of `q`. */
const turn = (q: Float64Array, n: number, i: number, c: number, s: number): void => {
  for (let k = 0; k < n; k++) {
    const [x, y] = [q[k * n + i] ?? 0, q[k * n + i + 1] ?? 0]
    q[k * n + i] = c * x - s * y
    q[k * n + i + 1] = s * x + c * y
  }
}

/** One implicit step of QL between `low` and `high`, shifted towards the eigenvalue at `low`. */
const sweep = (
  { diagonal: d, beside: e }: Tridiagonal,
  low: number,
  high: number,
  n: number,
  q?: Float64Array
): void => {
  const ratio = ((d[low + 1] ?? 0) - (d[low] ?? 0)) / (2 * (e[low] ?? 0))
  const shift = (d[low] ?? 0) - (e[low] ?? 0) / (ratio + Math.sign(ratio || 1) * Math.hypot(ratio, 1))
  let [g, s, c, p] = [(d[high] ?? 0) - shift, 1, 1, 0]
  for (let i = high - 1; i >= low; i--) {
    const [f, b] = [s * (e[i] ?? 0), c * (e[i] ?? 0)]
    const r = Math.hypot(f, g)
    e[i + 1] = r
    if (r === 0) {
      d[i + 1] = (d[i + 1] ?? 0) - p
      e[high] = 0
      return
    }
    ;[s, c] = [f / r, g / r]
    const rest = (d[i + 1] ?? 0) - p
    const mixed = ((d[i] ?? 0) - rest) * s + 2 * c * b
    p = s * mixed
    d[i + 1] = rest + p
    g = c * mixed - b
    if (q !== undefined) turn(q, n, i, c, s)
  }
  d[low] = (d[low] ?? 0) - p
  e[low] = g
  e[high] = 0
}

/** Where the block that begins at `low` ends: at the first element beside the diagonal that is nothing. */
const blockEnd = ({ diagonal: d, beside: e }: Tridiagonal, low: number, n: number): number => {
  let high = low
  while (
    high < n - 1 &&
    Math.abs(e[high] ?? 0) > Number.EPSILON * (Math.abs(d[high] ?? 0) + Math.abs(d[high + 1] ?? 0))
  )
    high++
  return high
}

const mostSweeps = 60

/** Makes the diagonal the eigenvalues, and the columns of `q` the vectors. */
const diagonalise = (t: Tridiagonal, n: number, q?: Float64Array): Float64Array => {
  for (let low = 0; low < n; low++)
    for (let tries = 0, high = blockEnd(t, low, n); high > low && tries < mostSweeps; tries++) {
      sweep(t, low, high, n, q)
      high = blockEnd(t, low, n)
    }
  return t.diagonal
}

/** Eigenvalues and eigenvectors of a symmetric matrix, in no order. Source: Householder 1958; Dubrulle et al. 1968. */
export const eigenSymmetric = (matrix: Float64Array, n: number): Eigen => {
  const vectors = Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0)) // local
  return { values: diagonalise(tridiagonal(matrix, n, vectors), n, vectors), vectors }
}

/** The eigenvalues alone, which cost a fraction of the vectors. */
export const eigenvaluesSymmetric = (matrix: Float64Array, n: number): Float64Array =>
  diagonalise(tridiagonal(matrix, n), n)

// products ---------------------------------------------------------------------------------

export const multiply = (a: Float64Array, b: Float64Array, n: number): Float64Array => {
  const out = new Float64Array(n * n)
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) {
      const x = a[i * n + k] ?? 0
      for (let j = 0; j < n; j++) out[i * n + j] = (out[i * n + j] ?? 0) + x * (b[k * n + j] ?? 0)
    }
  return out
}

/** The symmetric square root of a positive semidefinite matrix. */
export const squareRoot = (matrix: Float64Array, n: number): Float64Array => {
  const { values, vectors } = eigenSymmetric(matrix, n)
  const half = vectors.map((x, i) => x * Math.sqrt(Math.sqrt(Math.max(0, values[i % n] ?? 0)))) // V Λ^¼
  const turned = half.map((_, i) => half[(i % n) * n + Math.floor(i / n)] ?? 0)
  return multiply(half, turned, n)
}
