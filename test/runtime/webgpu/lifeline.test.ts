import { describe, expect, it } from 'vitest'
import { show } from '../../../src/core/Fault.ts'
import { E } from '../../../src/core/fp.ts'
import { fault } from '../../../src/runtime/webgpu/gpu.ts'
import { lifeline } from '../../../src/runtime/webgpu/lifeline.ts'

const never = new Promise<never>(() => {})

/** A device whose end is in the test's hand. */
const held = () => {
  const end: { lose: (message: string) => void } = { lose: () => {} }
  const lost = new Promise<{ readonly message: string }>((resolve) => {
    end.lose = (message) => resolve({ message })
  })
  return { ...end, life: lifeline(lost), lose: (message: string) => end.lose(message) }
}

const sentence = (result: E.Either<Parameters<typeof show>[0], unknown>): string =>
  E.isLeft(result) ? show(result.left) : 'all is well'

describe('a lifeline', () => {
  it('lets calls end by themselves while the device lives', async () => {
    const { life } = held()

    expect(await life.attempt(() => Promise.resolve(5))()).toEqual(E.right(5))
    expect(sentence(await life.attempt(() => Promise.reject(new Error('no room')))())).toBe('webgpu: no room')
    expect(life.alive()).toEqual(E.right(undefined))
  })

  it('ends calls that wait for an answer, and all that come after', async () => {
    const { life, lose } = held()
    const waiting = [life.attempt(() => never)(), life.attempt(() => never)()]

    lose('The driver was reset.')

    for (const result of [...(await Promise.all(waiting)), await life.attempt(() => Promise.resolve(1))()])
      expect(sentence(result)).toBe(
        'webgpu: the device was lost (The driver was reset); its buffers are gone: open a device again and go on from ' +
          'the last checkpoint, with smaller batches if its memory ran out'
      )
    expect(E.isLeft(life.alive())).toBe(true)
  })

  it('keeps the first reason, and is not troubled by answers that come too late', async () => {
    const { life, lose } = held()
    const late: { fail: (why: Error) => void } = { fail: () => {} }
    const waiting = life.attempt(
      () =>
        new Promise((_, reject) => {
          late.fail = reject
        })
    )()

    life.end(fault('the device was disposed'))
    lose('Device was destroyed.')
    late.fail(new Error('aborted'))

    expect(sentence(await waiting)).toBe('webgpu: the device was disposed')
    expect(sentence(life.alive())).toBe('webgpu: the device was disposed')
  })
})
