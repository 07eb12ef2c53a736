/** The file formats, each under its name. */
export * as checkpoint from './io/checkpoint.ts'
export * as config from './io/config.ts'
export * as files from './io/files.ts'
export * as gif from './io/gif.ts'
export * as plot from './io/plot.ts'
export * as report from './io/report.ts'
export * as run from './io/run.ts'
export * as safetensors from './io/safetensors.ts'
