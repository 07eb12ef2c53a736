/** Devices as the laws see them: roots and numbers in, numbers out. */
import { targetOf, type Target } from '../../laws/pass.ts'
import type { Device } from '../../src/runtime/device.ts'
import { evaluateOn } from '../../src/runtime/steps.ts'

export const onDevice = (device: Device): Target => targetOf(evaluateOn(device))
