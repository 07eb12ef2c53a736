/** Small dense symmetric matrices on the host, in double precision, row-major. */

export interface Eigen {
  readonly values: Float64Array
  /** Column `j` is the eigenvector of value `j`. */
  readonly vectors: Float64Array
}

/** One Jacobi rotation that makes element `(p, q)` zero. */
const rotate = (a: Float64Array, v: Float64Array, n: number, p: number, q: number): void => {
  const apq = a[p * n + q] ?? 0
  if (apq === 0) return
  const theta = ((a[q * n + q] ?? 0) - (a[p * n + p] ?? 0)) / (2 * apq)
  const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1))
  const c = 1 / Math.hypot(t, 1)
  const s = t * c
  const turn = (m: Float64Array, i: number, j: number): void => {
    const x = m[i] ?? 0
    const y = m[j] ?? 0
    m[i] = c * x - s * y
    m[j] = s * x + c * y
  }
  for (let k = 0; k < n; k++) turn(a, k * n + p, k * n + q)
  for (let k = 0; k < n; k++) turn(a, p * n + k, q * n + k)
  for (let k = 0; k < n; k++) turn(v, k * n + p, k * n + q)
}

const offDiagonal = (a: Float64Array, n: number): number => {
  let sum = 0
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) sum += (a[i * n + j] ?? 0) ** 2
  return sum
}

/** Eigenvalues and eigenvectors of a symmetric matrix (cyclic Jacobi). */
export const eigenSymmetric = (matrix: Float64Array, n: number): Eigen => {
  const a = matrix.slice() // local
  const v = Float64Array.from({ length: n * n }, (_, i) => Number(i % (n + 1) === 0)) // local
  const scale = a.reduce((sum, x) => sum + x * x, 0)
  for (let sweep = 0; sweep < 60 && offDiagonal(a, n) > 1e-22 * scale; sweep++)
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, v, n, p, q)
  return { values: Float64Array.from({ length: n }, (_, i) => a[i * n + i] ?? 0), vectors: v }
}

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
  const out = new Float64Array(n * n)
  for (let k = 0; k < n; k++) {
    const root = Math.sqrt(Math.max(0, values[k] ?? 0))
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++)
        out[i * n + j] = (out[i * n + j] ?? 0) + root * (vectors[i * n + k] ?? 0) * (vectors[j * n + k] ?? 0)
  }
  return out
}
