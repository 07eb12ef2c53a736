import { afterAll, describe, expect, it } from 'vitest'
import type { DistilConfig } from '../../src/cli/configs.ts'
import { digits } from '../../src/cli/clips.ts'
import { stage1Feed, stage1Program, stage2Feed, stage2Programs, type Plan } from '../../src/cli/distilSteps.ts'
import { program } from '../../src/compile/Program.ts'
import { difference, type Close } from '../../src/measure/Close.ts'
import { fold, key, uniform } from '../../src/core/Key.ts'
import { size, type Shape } from '../../src/core/Shape.ts'
import { floats, type Tensor } from '../../src/core/Tensor.ts'
import { E } from '../../src/core/fp.ts'
import type { Device } from '../../src/runtime/device.ts'
import { defaults, onnx } from '../../src/runtime/onnx/device.ts'
import { reference } from '../../src/runtime/reference/device.ts'
import { tinyDistil, tinyTeacher } from '../cli/tiny.ts'
import { done, right, runOn, type Outputs, type Values } from '../runtime/running.ts'
import { software } from './software.ts'

// what is compared -------------------------------------------------------------------------

const base = tinyDistil('unused')
const planOf = (distil: DistilConfig): Plan => ({ distil, teacher: tinyTeacher })
const withStage2 = (over: Partial<DistilConfig['stage2']>): Plan =>
  planOf({ ...base, stage2: { ...base.stage2, ...over } })

const images = (await done(digits)).training

/** A step of the method: its program, and what it reads of the world. */
interface Case {
  readonly outputs: Outputs
  readonly feed: Values
}

const stage2Case = (turn: 'student' | 'critics', plan: Plan): Case => ({
  outputs: stage2Programs(plan)[turn],
  feed: stage2Feed(images, plan)(1, key(4))
})

const simulated = withStage2({ start: 'simulated' })
const judged = withStage2({ adversarial: 0.5 })
const cases: Readonly<Record<string, Case>> = {
  'stage 1': { outputs: stage1Program(planOf(base)), feed: stage1Feed(images, planOf(base))(1, key(3)) },
  "the student's step from data": stage2Case('student', planOf(base)),
  "the student's step from where it comes to itself": stage2Case('student', simulated),
  "the critics' step from where the student comes to": stage2Case('critics', simulated),
  "the student's step against a discriminator": stage2Case('student', judged),
  "the critics' step with a discriminator": stage2Case('critics', judged)
}

// values -----------------------------------------------------------------------------------

/** A learner in the midst of its training: at the first step Adam would divide noise by noise. */
const drawn = (name: string, shape: Shape, index: number): Tensor => {
  const values = [...uniform(fold(key(7), index), size(shape))]
  if (name.endsWith('.moments.step')) return floats(shape, [20])
  if (name.includes('.moments.second'))
    return floats(
      shape,
      values.map((u) => 0.1 + u)
    )
  return floats(
    shape,
    values.map((u) => (u - 0.5) / (name.includes('.moments.first') ? 10 : 1))
  )
}

const valuesFor = ({ outputs, feed }: Case): Values =>
  new Map(
    right(program(outputs)).inputs.map(({ name, shape }, i) => [name, feed.get(name) ?? drawn(name, shape, i)] as const)
  )

// devices ----------------------------------------------------------------------------------

const opened = await onnx({ ...defaults, threads: 1 })()
const devices: Readonly<Record<string, Device | undefined>> = {
  ONNX: E.isRight(opened) ? opened.right : undefined,
  WGSL: await software()
}

const close: Close = { absolute: 2e-5, relative: 5e-4 }

for (const [target, device] of Object.entries(devices))
  describe.skipIf(device === undefined)(`a step of a distillation on ${target}`, () => {
    afterAll(() => done(device!.dispose()))

    for (const [name, one] of Object.entries(cases))
      it(`has the numbers of the reference: ${name}`, async () => {
        const values = valuesFor(one)
        const expected = await runOn(reference(), one.outputs, values)
        const got = await runOn(device!, one.outputs, values)

        for (const [output, value] of expected)
          expect(difference(close, got.get(output)!, value), output).toBeUndefined()
      }, 240_000)
  })
