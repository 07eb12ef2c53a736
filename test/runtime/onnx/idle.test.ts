import { expect, it } from 'vitest'
import { idleBetween } from '../../../src/runtime/onnx/idle.ts'

const clocks = (idle: number, all: number) => ({ idle, all })

it('idle cores are the share of the clocks that went to nothing, of as many cores as there are', () => {
  expect(idleBetween(2, clocks(1000, 4000), clocks(1500, 5000))).toBe(1)
  expect(idleBetween(4, clocks(0, 0), clocks(0, 4000))).toBe(0)
})

it('clocks that have hardly moved say nothing', () => {
  expect(idleBetween(2, clocks(1000, 4000), clocks(1050, 4100))).toBeUndefined()
})
