import { describe, expect, it } from 'vitest'
import { convert, guide, interpolate, velocity, type Place, type Prediction } from '../../src/flow/path.ts'
import { fixed, gap, noise } from './numbers.ts'

const shape = [4, 3]
const [x, eps] = [noise(1, shape), noise(2, shape)]
const t = fixed([0.1, 0.4, 0.7, 0.95])
const place: Place = { xt: interpolate(x, eps, t), t }
const kinds: ReadonlyArray<Prediction> = ['data', 'noise', 'velocity', 'score']

describe('the straight path', () => {
  it('has data and noise as its ends', () => {
    expect(gap(interpolate(x, eps, 0), x)).toBe(0)
    expect(gap(interpolate(x, eps, 1), eps)).toBe(0)
  })
})

describe('predictions', () => {
  it('from any one to any other and back are the same', () => {
    for (const from of kinds)
      for (const to of kinds) {
        const prediction = convert('data', from)(place)(x)
        const back = convert(to, from)(place)(convert(from, to)(place)(prediction))
        expect(gap(back, prediction)).toBeLessThan(1e-10)
      }
  })

  it('of the data that were noised give the noise and the velocity that did it', () => {
    expect(gap(convert('data', 'noise')(place)(x), eps)).toBeLessThan(1e-12)
    expect(gap(convert('data', 'velocity')(place)(x), velocity(x, eps))).toBeLessThan(1e-12)
  })

  it('are guided alike in every space', () => {
    const [positive, negative] = [noise(3, shape), noise(4, shape)]
    for (const to of kinds) {
      const read = convert('velocity', to)(place)
      const apart = guide(5, read(positive), read(negative))
      expect(gap(apart, read(guide(5, positive, negative)))).toBeLessThan(1e-9)
    }
  })
})
