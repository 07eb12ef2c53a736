#!/usr/bin/env node
/** The command line: arguments in, an exit code out. Faults end here, each as one sentence on stderr. */
import {
  array,
  command,
  flag,
  multioption,
  oneOf,
  option,
  positional,
  restPositionals,
  run,
  string,
  subcommands,
  type Type
} from 'cmd-ts'
import { E } from '../core/fp.ts'
import { wanted } from '../runtime/choose.ts'
import type { Failure, Task } from './Failure.ts'
import { demoCommand } from './demo.ts'
import { assets } from './packaged.ts'
import { distilCommand } from './distil.ts'
import { evaluateCommand } from './evaluateCommand.ts'
import { exportCommand } from './exportCommand.ts'
import { inspectCommand, inspectDefaults, kernelDevices } from './inspect.ts'
import { precisions } from './models.ts'
import { sampleCommand } from './sample.ts'
import { samplerDefaults } from './systems.ts'
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

/** What both ways of training ask for. */
const training = { file: positional({ type: string, displayName: 'FILE.yaml' }), device, runs, overrides }

const train = command({
  name: 'train',
  description: 'trains a teacher from scratch, or goes on where it stopped',
  args: training,
  handler: (options) => perform(trainCommand(options))
})

const distil = command({
  name: 'distil',
  description: 'distils a teacher into a few-step student, in two stages',
  args: training,
  handler: (options) => perform(distilCommand(options))
})

/** A number that some condition holds of; the sentence says which. */
const numberWhere = (holds: (value: number) => boolean, expected: string): Type<string, number> => ({
  from: (text) => {
    const value = text.trim() === '' ? NaN : Number(text)
    return holds(value) ? Promise.resolve(value) : Promise.reject(new Error(`expected ${expected}, got "${text}"`))
  }
})

const count = numberWhere((n) => Number.isSafeInteger(n) && n > 0, 'a whole number above 0')
const seedNumber = numberWhere((n) => Number.isSafeInteger(n) && n >= 0, 'a whole number that is not negative')
const positive = numberWhere((n) => Number.isFinite(n) && n > 0, 'a number above 0')

const numeric = (long: string, type: Type<string, number>, fallback: number, description: string) =>
  option({ long, type, defaultValue: () => fallback, defaultValueIsSerializable: true, description })

/** Numbers between commas: `50,4,2`. */
const list = (each: Type<string, number>): Type<string, ReadonlyArray<number>> => ({
  from: (text) => Promise.all(text.split(',').map((one) => each.from(one)))
})

/** An option that may be given several times, with several numbers each. */
const numbers = (long: string, type: Type<string, number>, description: string) =>
  multioption({ long, type: array(list(type)), description })

const orElse = (given: ReadonlyArray<ReadonlyArray<number>>, fallback: number): ReadonlyArray<number> =>
  given.length === 0 ? [fallback] : given.flat()

const guidance = numeric('guidance', positive, samplerDefaults.omega, 'of a teacher; 1 is none')
const model = { type: string, displayName: 'MODEL.safetensors' }

const sample = command({
  name: 'sample',
  description: 'makes clips of captions, as one GIF',
  args: {
    model: positional(model),
    out: option({ long: 'out', type: string, defaultValue: () => 'samples.gif', description: 'the GIF' }),
    captions: multioption({ long: 'caption', type: array(string), description: '"a seven moving up and left"' }),
    clips: numeric('clips', count, 16, 'how many, of random captions, where none is given'),
    seed: numeric('seed', seedNumber, 0, 'of captions and noise'),
    steps: numeric('steps', count, samplerDefaults.steps, 'of a teacher'),
    gamma: numeric('gamma', positive, samplerDefaults.gamma, 'γ of the times that a teacher visits'),
    guidance,
    device
  },
  handler: (request) => perform(sampleCommand(request))
})

const evaluate = command({
  name: 'evaluate',
  description: 'real clips and models in one table of measures, with intervals',
  args: {
    models: restPositionals(model),
    classifier: option({
      long: 'classifier',
      type: string,
      defaultValue: () => assets.classifier,
      description: 'what reads the clips'
    }),
    clips: numeric('clips', count, 2048, 'of each system'),
    seed: numeric('seed', seedNumber, 1, 'of captions, noise and resampling'),
    steps: numbers('steps', count, 'of a teacher, such as 50,4,2; several give a row each'),
    gamma: numbers('gamma', positive, 'γ of the times that a teacher visits; several give a row each'),
    guidance,
    out: option({ long: 'out', type: string, defaultValue: () => '', description: 'a JSON file for the figures' }),
    device
  },
  handler: (request) =>
    perform(
      evaluateCommand({
        ...request,
        steps: orElse(request.steps, samplerDefaults.steps),
        gamma: orElse(request.gamma, samplerDefaults.gamma)
      })
    )
})

const inspect = command({
  name: 'inspect',
  description: 'says what a model file is and what is in it, or what it computes',
  args: {
    file: positional(model),
    kernels: flag({
      long: 'kernels',
      description: 'a table of what it becomes on a GPU, with work, traffic and memory'
    }),
    operations: flag({ long: 'operations', description: 'a table of the operations of its graph, on any device' }),
    text: flag({ long: 'text', description: 'its graph as text' }),
    wgsl: option({
      long: 'wgsl',
      type: string,
      defaultValue: () => '',
      description: 'a folder for the text of each kernel'
    }),
    device: option({
      long: 'device',
      type: oneOf(kernelDevices),
      defaultValue: () => inspectDefaults.device,
      description: 'whose kernels: of every adapter, or of this machine’s'
    }),
    svg: option({ long: 'svg', type: string, defaultValue: () => '', description: 'an SVG file for a drawing of it' })
  },
  handler: (request) => perform(inspectCommand(request))
})

const exported = command({
  name: 'export',
  description: 'writes a model in 32 or 16 bits, and the sampler of a student as ONNX',
  args: {
    model: positional(model),
    dtype: option({
      long: 'dtype',
      type: oneOf(precisions),
      defaultValue: () => 'f32' as const,
      description: 'of weights'
    }),
    out: option({
      long: 'out',
      type: string,
      defaultValue: () => '',
      description: 'a safetensors file for the weights'
    }),
    onnx: option({ long: 'onnx', type: string, defaultValue: () => '', description: 'an ONNX file for the sampler' })
  },
  handler: (request) => perform(exportCommand(request))
})

const demo = command({
  name: 'demo',
  description: 'distils the teacher of moving digits and writes a report of moving pictures',
  args: { quick: flag({ long: 'quick', description: 'show the committed student instead' }), device, runs, overrides },
  handler: (options) => perform(demoCommand(options))
})

const app = subcommands({
  name: 'fluxion',
  description: 'differentiable programs, and few-step video generators by transition matching distillation',
  cmds: { train, distil, sample, evaluate, inspect, export: exported, demo }
})

await run(app, process.argv.slice(2))
