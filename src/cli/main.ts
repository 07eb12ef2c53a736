#!/usr/bin/env node
/** The command line: arguments in, an exit code out. Faults end here, each as one sentence on stderr. */
import { command, multioption, oneOf, option, array, positional, run, string, subcommands } from 'cmd-ts'
import { E } from '../core/fp.ts'
import { wanted } from '../runtime/choose.ts'
import { type Failure, type Task } from './Failure.ts'
import { distilCommand } from './distil.ts'
import { trainCommand } from './train.ts'

const finish = (failure: Failure): void => {
  for (const sentence of failure.sentences) process.stderr.write(`fluxion: ${sentence}\n`)
  process.exitCode = failure.code
}

/** Runs a task to its end; what it gives is printed. */
const perform = async (task: Task<string>): Promise<void> => {
  const result = await task()
  if (E.isLeft(result)) finish(result.left)
  else process.stdout.write(`${result.right}\n`)
}

const device = option({
  long: 'device',
  type: oneOf(wanted),
  defaultValue: () => 'auto' as const,
  description: 'where to compute'
})
const runs = option({ long: 'runs', type: string, defaultValue: () => 'runs', description: 'the folder of runs' })
const overrides = multioption({ long: 'set', type: array(string), description: 'name.of.key=value, over the file' })

const train = command({
  name: 'train',
  description: 'trains a teacher from scratch, or goes on where it stopped',
  args: { file: positional({ type: string, displayName: 'FILE.yaml' }), device, runs, overrides },
  handler: (options) => perform(trainCommand(options))
})

const distil = command({
  name: 'distil',
  description: 'distils a teacher into a few-step student, in two stages',
  args: { file: positional({ type: string, displayName: 'FILE.yaml' }), device, runs, overrides },
  handler: (options) => perform(distilCommand(options))
})

const app = subcommands({
  name: 'fluxion',
  description: 'differentiable programs, and few-step video generators by transition matching distillation',
  cmds: { train, distil }
})

await run(app, process.argv.slice(2))
