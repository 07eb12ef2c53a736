/** Stored numbers of the method: `NAME.json` and `NAME.safetensors` beside the networks that several sets share. */
import type { Adapter, Tensors } from './case.ts'
import { closedForms, differences, metrics, schedules } from './tmd/closed.ts'
import { sequence } from './tmd/sequence.ts'
import { stage1 } from './tmd/stage1.ts'
import { stage2 } from './tmd/stage2.ts'
import { student } from './tmd/student.ts'

/** The adapter of every set, by the name of its file. `networks` are the tensors of `networks.safetensors`. */
export const tmd = (networks: Tensors): Readonly<Record<string, Adapter>> => ({
  schedules,
  closed_forms: closedForms,
  finite_difference: differences,
  metrics,
  student: student(networks),
  stage1: stage1(networks),
  stage2: stage2(networks),
  sequence: sequence(networks)
})
