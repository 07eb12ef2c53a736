/** Files that come with the package: found from the source as from the build, and from any working folder. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** A path inside the package, from the source as from the build. */
export const packaged = (path: string): string => {
  const here = fileURLToPath(new URL('.', import.meta.url))
  const root = [join(here, '../..'), join(here, '../../..')].find((folder) =>
    existsSync(join(folder, 'examples/configs'))
  )
  return join(root ?? '.', path)
}

export const assets = {
  teacher: packaged('examples/assets/digits-teacher.safetensors'),
  classifier: packaged('examples/assets/digits-classifier.safetensors'),
  student: packaged('examples/assets/digits-student.safetensors'),
  config: packaged('examples/configs/demo.yaml')
}

/** A path as it is written where such a file exists, else that file of the package: recipes stay free of places. */
export const located = (path: string): string =>
  existsSync(path) || !existsSync(packaged(path)) ? path : packaged(path)
