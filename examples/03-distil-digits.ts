/**
 * The main job from code: the committed teacher of moving digits is distilled for a few steps, and the student makes
 * clips. `npm run demo` is the same with more steps, measures and a report.
 */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withDevice } from '../src/cli/devices.ts'
import { distilDefaults, type DistilConfig } from '../src/cli/configs.ts'
import { distilWith } from '../src/cli/distil.ts'
import { assets } from '../src/cli/packaged.ts'
import { io } from '../src/cli/Failure.ts'
import { loadModel } from '../src/cli/models.ts'
import { nfeOf, studentKind } from '../src/cli/student.ts'
import { studentSystem } from '../src/cli/systems.ts'
import { E, pipe, TE } from '../src/core/fp.ts'
import { key } from '../src/core/Key.ts'
import { captionOf, type Label } from '../src/data/movingDigits.ts'
import { writeBytes } from '../src/io/files.ts'
import { encode, grid, layout, split } from '../src/io/gif.ts'

// Two outer steps, two inner steps of a flow head made of the last two of eight blocks.
const config: DistilConfig = {
  ...distilDefaults,
  teacher: assets.teacher,
  stage1: { ...distilDefaults.stage1, steps: 2, batch: 4 },
  stage2: { ...distilDefaults.stage2, steps: 5, batch: 4 }
}
const folder = mkdtempSync(join(tmpdir(), 'distil-'))
const wanted: ReadonlyArray<Label> = [
  { digit: 7, direction: 'up and left' },
  { digit: 3, direction: 'down' }
]

const main = withDevice('auto')((device) =>
  pipe(
    distilWith(config, folder)(device),
    TE.flatMap((file) => loadModel(studentKind, file)),
    TE.bindTo('student'),
    TE.bind('system', ({ student }) => studentSystem(device, student, wanted.length)),
    TE.bind('pixels', ({ system }) => system.generate(wanted, key(1))),
    TE.map(({ student, pixels }) => {
      const { frames, height, width } = student.config.teacher.data
      console.log(wanted.map(captionOf).join('; ')) // => a seven moving up and left; a three moving down
      console.log(`${pixels.length / (frames * height * width)} clips of ${frames} frames`) // => 2 clips of 8 frames
      console.log(`${nfeOf(student.config.teacher, config.student)} network evaluations each`) // => 2.5 network evaluations each
      return encode(grid(split(pixels, frames, height, width), layout))
    }),
    TE.flatMap((gif) => io(writeBytes(join(folder, 'clips.gif'), [gif])))
  )
)

const ended = await main()
console.log(E.isRight(ended) ? `written: ${join(folder, 'clips.gif')}` : ended.left)
