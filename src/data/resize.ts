/** Making images smaller without losing ink: a pixel of the result is the mean of the area that it covers. */

/** A grey image, row by row. */
export interface Picture {
  readonly height: number
  readonly width: number
  readonly pixels: Float32Array
}

/** How much of pixel `i` of `from` lies within pixel `o` of `to`, as a part of the latter. */
const overlap = (from: number, to: number, i: number, o: number): number =>
  Math.max(0, Math.min((i + 1) * to, (o + 1) * from) - Math.max(i * to, o * from)) / from

/** The picture at another size; the mean of all pixels stays. */
export const area = (to: { readonly height: number; readonly width: number }, from: Picture): Picture => {
  const out = new Float32Array(to.height * to.width)
  for (let y = 0; y < from.height; y++)
    for (let x = 0; x < from.width; x++) {
      const value = from.pixels[y * from.width + x] ?? 0
      if (value === 0) continue
      const rows = [Math.floor((y * to.height) / from.height), Math.ceil(((y + 1) * to.height) / from.height)] as const
      const columns = [Math.floor((x * to.width) / from.width), Math.ceil(((x + 1) * to.width) / from.width)] as const
      for (let v = rows[0]; v < rows[1]; v++)
        for (let u = columns[0]; u < columns[1]; u++) {
          const part = overlap(from.height, to.height, y, v) * overlap(from.width, to.width, x, u)
          out[v * to.width + u] = (out[v * to.width + u] ?? 0) + value * part
        }
    }
  return { ...to, pixels: out }
}

/** The smallest square around what is not 0, centred on it; what lies outside the picture is 0. */
export const cropped = ({ height, width, pixels }: Picture): Picture => {
  let [top, bottom, left, right] = [height, -1, width, -1]
  for (let i = 0; i < pixels.length; i++) {
    if ((pixels[i] ?? 0) === 0) continue
    const [y, x] = [Math.floor(i / width), i % width]
    top = Math.min(top, y)
    bottom = Math.max(bottom, y)
    left = Math.min(left, x)
    right = Math.max(right, x)
  }
  const side = Math.max(bottom - top, right - left, 0) + 1
  const y0 = Math.floor((top + bottom + 1 - side) / 2)
  const x0 = Math.floor((left + right + 1 - side) / 2)
  const out = new Float32Array(side * side)
  for (let i = 0; i < out.length; i++) {
    const [y, x] = [y0 + Math.floor(i / side), x0 + (i % side)]
    if (y >= 0 && y < height && x >= 0 && x < width) out[i] = pixels[y * width + x] ?? 0
  }
  return { height: side, width: side, pixels: out }
}
