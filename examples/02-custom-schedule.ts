/**
 * A time schedule of one's own, held to the laws of schedules before anything is trained with it. One passes. The other
 * looks as good in a plot, and is caught, with the smallest times that show what is wrong.
 */
import { Close } from 'fluxion'
import { broken, schedule, type Laws } from 'fluxion/laws'

/** Dwells on both ends, hurries through the middle. */
const smooth = (t: number): number => t * t * (3 - 2 * t)

/** The same, sharpened: a sigmoid of the distance from the middle, which reaches neither end. */
const sharp = (t: number): number => 1 / (1 + Math.exp(-10 * (t - 0.5)))

/** Noise first, by thousandths as schedulers count: two times in a row may be one. */
const stepped = (t: number): number => Math.floor(1000 * Math.sqrt(t)) / 1000

const examine = (name: string, laws: Laws): void => {
  const found = broken(laws, { seed: 1 })
  console.log(found.length === 0 ? `${name}: a schedule` : `${name}: not a schedule`)
  for (const { law, report } of found) console.log(`  ${law}: ${/"logs":\["(.*?)"\]/.exec(report)?.[1] ?? report}`)
}

examine('smooth', schedule(smooth, Close.f64)) // => smooth: a schedule
examine('sharp', schedule(sharp, Close.f64)) // => sharp: not a schedule
// => begins at 0 and ends at 1
examine('stepped', schedule(stepped, Close.f64)) // => stepped: not a schedule
// => is strictly increasing
