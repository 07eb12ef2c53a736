/** Runs an example by its name: `npm run example -- 00-tour`. */
import { readdirSync } from 'node:fs'

const folder = new URL('./', import.meta.url)
const names = readdirSync(folder).flatMap((file) => /^(\d\d-.*)\.ts$/.exec(file)?.[1] ?? [])
const [wanted] = process.argv.slice(2)

if (wanted !== undefined && names.includes(wanted)) await import(new URL(`./${wanted}.ts`, folder).href)
else {
  console.error(`Which example? ${names.join(', ')}`)
  process.exitCode = 1
}
