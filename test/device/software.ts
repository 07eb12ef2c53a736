/** A software adapter for tests: `FLUXION_DRIVER` names one, else SwiftShader, else lavapipe. */
import { E, pipe, TE } from '../../src/core/fp.ts'
import type { Target } from '../../src/compile/wgsl/Target.ts'
import type { Adapter } from '../../src/runtime/choose.ts'
import { openWebgpu, type Driver } from '../../src/runtime/webgpu/node.ts'

const asked = process.env['FLUXION_DRIVER'] as Driver | undefined

/** `undefined` where the machine has none: what needs one is then reported as skipped. */
export const software = async (target: Partial<Target> = {}): Promise<Adapter['device'] | undefined> => {
  const open = (driver: Driver) => openWebgpu(driver, target)
  const found = await pipe(
    asked === undefined ? open('swiftshader') : open(asked),
    TE.orElse(() => open('lavapipe'))
  )()
  return E.isRight(found) ? found.right.device : undefined
}
