/** Configurations so small that both stages of a distillation take a few seconds in the reference. */
import { distilDefaults, teacherDefaults, type DistilConfig, type TeacherConfig } from '../../src/cli/configs.ts'

export const tinyTeacher: TeacherConfig = {
  ...teacherDefaults,
  name: 'tiny',
  data: { frames: 2, height: 4, width: 4, size: 4, speed: 0.5 },
  model: { dim: 12, ffn: 8, heads: 2, layers: 2, frequencies: 4, textDim: 4, patch: [1, 2, 2] },
  train: { ...teacherDefaults.train, steps: 4, batch: 2, ema: 0.5, warmup: 0, checkpointEvery: 2, logEvery: 1 }
}

const stage = { batch: 2, ema: 0.5, checkpointEvery: 2, logEvery: 1 }

export const tinyDistil = (teacher: string): DistilConfig => ({
  ...distilDefaults,
  name: 'tiny-student',
  teacher,
  student: { ...distilDefaults.student, headBlocks: 1 },
  stage1: { ...distilDefaults.stage1, ...stage, steps: 2 },
  stage2: { ...distilDefaults.stage2, ...stage, steps: 4, every: 2 }
})
