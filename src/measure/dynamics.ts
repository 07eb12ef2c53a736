/** How much a clip moves: the mean absolute difference of neighbouring frames. */

/** Clips `[count, frames, pixels]`, frame by frame; result one number a clip. */
export const motion = (clips: Float32Array, count: number, frames: number): Float64Array => {
  const pixels = clips.length / (count * frames)
  return Float64Array.from({ length: count }, (_, clip) => {
    let sum = 0
    for (let i = pixels; i < frames * pixels; i++) {
      const at = clip * frames * pixels + i
      sum += Math.abs((clips[at] ?? 0) - (clips[at - pixels] ?? 0))
    }
    return sum / ((frames - 1) * pixels)
  })
}
