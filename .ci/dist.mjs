// The package as it is published, as a user has it: packed, unpacked into a project of its own, and used under plain node.
// It differentiates and evaluates; an example that was copied there is type-checked, and prints what it prints here.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))
const project = mkdtempSync(join(tmpdir(), 'fluxion-user-'))
const modules = join(project, 'node_modules')
const run = (command, ...args) => execFileSync(command, args, { cwd: project, encoding: 'utf8' })

const { files, name } = JSON.parse(
  execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: root, encoding: 'utf8' })
)[0]
assert.equal(name, 'fluxion')

const install = () => {
  for (const { path } of files) {
    const to = join(modules, name, path)
    mkdirSync(dirname(to), { recursive: true })
    copyFileSync(join(root, path), to)
  }
  for (const other of readdirSync(join(root, 'node_modules')))
    if (other !== name) symlinkSync(join(root, 'node_modules', other), join(modules, other))
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
}

const evaluates = `
import assert from 'node:assert/strict'
import { evaluate, gradOf, input, runtime, square, sum, Tensor } from 'fluxion'
import * as laws from 'fluxion/laws'
const x = input('x', 'f32', [3])
const loss = sum('all')(square(x))
const gradient = gradOf(loss)({ x })
const result = evaluate(new Map([['x', Tensor.floats([3], [1, 2, 3])]]))([loss, gradient.x])
assert.equal(result._tag, 'Right')
assert.deepEqual([...result.right[1].data], [2, 4, 6])
const opened = await runtime.openDevice('reference')()
assert.equal(opened.right.device.name, 'reference')
assert.ok(Object.keys(laws).length > 0)
`

const promised = (text) => [...text.matchAll(/\/\/ => (.*)$/gm)].map(([, line]) => line)

const example = (file) => {
  const source = readFileSync(join(root, 'examples', `${file}.ts`), 'utf8')
  const options = {
    ...{ strict: true, target: 'es2023', lib: ['es2023'], module: 'nodenext', types: ['node'] },
    ...{ noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, skipLibCheck: true }
  }
  writeFileSync(join(project, `${file}.ts`), source)
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions: options, files: [`${file}.ts`] }))
  run(process.execPath, join(modules, '@typescript/native/bin/tsc'), '-p', project)
  const printed = run(process.execPath, `${file}.js`)
  for (const line of promised(source)) assert.ok(printed.includes(line), `${file}: does not print ${line}`)
}

try {
  install()
  writeFileSync(join(project, 'evaluates.js'), evaluates)
  run(process.execPath, 'evaluates.js')
  for (const file of ['00-tour', '02-custom-schedule', '03-distil-digits']) example(file)
  console.log('dist: loads, differentiates, evaluates; examples that were copied compile and print what they say')
} finally {
  rmSync(project, { recursive: true, force: true })
}
