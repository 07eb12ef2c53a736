/**
 * WebGPU in Node, by Dawn. The only module that knows the `webgpu` package, and which drivers a machine has.
 *
 * See Note [Alive].
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fault } from '../../core/Fault.ts'
import { pipe, TE } from '../../core/fp.ts'
import type { Target } from '../../compile/wgsl/Target.ts'
import type { Adapter } from '../choose.ts'
import { webgpu } from './device.ts'
import { attempt, describeAdapter, fault, isSoftware, requestDevice, targetOf } from './gpu.ts'
import { kernelSources } from './sources.ts'
import { either, oldestMesa, recent, type Found } from './software.ts'
import { loadLibrary, swiftShader } from './swiftshader.ts'

/** `auto` is a hardware adapter, else lavapipe, else SwiftShader. `null` compiles and computes nothing. */
export type Driver = 'auto' | 'hardware' | 'lavapipe' | 'swiftshader' | 'null'

export interface Opened {
  readonly gpu: GPUDevice
  readonly info: GPUAdapterInfo
  readonly note?: string
}

// drivers --------------------------------------------------------------------------------

const cache = join(process.cwd(), '.cache')

const manifests = '/usr/share/vulkan/icd.d'

const installed = (): ReadonlyArray<string> =>
  existsSync(manifests)
    ? readdirSync(manifests)
        .filter((name) => name.endsWith('.json'))
        .map((name) => join(manifests, name))
    : []

const hasLavapipe = (): boolean => installed().some((file) => /lvp_icd/.test(file))

/** Tells the Vulkan loader of the drivers and the drivers of their caches; what the user has set stays. */
const prepare = (): void => {
  const software = swiftShader(cache)
  if (process.env['MESA_SHADER_CACHE_DIR'] === undefined) {
    mkdirSync(join(cache, 'mesa'), { recursive: true })
    process.env['MESA_SHADER_CACHE_DIR'] = join(cache, 'mesa')
  }
  // Mesa complains on every start where it is absent.
  process.env['XDG_RUNTIME_DIR'] ??= tmpdir()
  if (process.platform !== 'linux' || software === undefined) return
  process.env['VK_ICD_FILENAMES'] ??= [...installed(), software.manifest].join(':')
  loadLibrary(software.loader)
}

// instances ------------------------------------------------------------------------------

const alive: Array<GPU> = []
const prepared = { done: false }

const instance = async (flags: ReadonlyArray<string>): Promise<GPU> => {
  if (!prepared.done) prepare()
  prepared.done = true
  const { create } = await import('webgpu')
  const gpu = create([...flags]) as GPU
  alive.push(gpu)
  return gpu
}

const adapterOf = (flags: ReadonlyArray<string>): TE.TaskEither<Fault, GPUAdapter> =>
  pipe(
    attempt(async () => (await instance(flags)).requestAdapter({ powerPreference: 'high-performance' })),
    TE.flatMap(TE.fromNullable(fault('no adapter answers')))
  )

/** On Linux a graphics card shows as a device file; where there is none, Vulkan need not be asked. */
const hasCard = (): boolean =>
  process.platform !== 'linux' ||
  existsSync('/dev/dxg') ||
  existsSync('/dev/nvidiactl') ||
  (existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD')))

const hardware: TE.TaskEither<Fault, GPUAdapter> = pipe(
  TE.fromIO(hasCard),
  TE.filterOrElse(
    (found) => found,
    () => fault('no graphics card')
  ),
  TE.flatMap(() => adapterOf([])),
  TE.filterOrElse(
    (adapter) => !isSoftware(adapter.info),
    () => fault('no hardware adapter')
  )
)

const lavapipe: TE.TaskEither<Fault, GPUAdapter> = pipe(
  adapterOf(['adapter=llvmpipe']),
  TE.mapLeft((why) =>
    hasLavapipe() ? fault(`lavapipe is installed and does not answer; it must be of Mesa ${oldestMesa} or later`) : why
  ),
  TE.flatMapEither(recent)
)

const swiftshader: TE.TaskEither<Fault, GPUAdapter> = adapterOf(['adapter=SwiftShader'])

const only: (adapter: TE.TaskEither<Fault, GPUAdapter>) => TE.TaskEither<Fault, Found<GPUAdapter>> = TE.map(
  (adapter) => ({ adapter })
)

const adapters: Readonly<Record<Driver, TE.TaskEither<Fault, Found<GPUAdapter>>>> = {
  hardware: only(hardware),
  lavapipe: only(lavapipe),
  swiftshader: only(swiftshader),
  null: only(adapterOf(['backend=null'])),
  auto: pipe(
    only(hardware),
    TE.orElse(() => either(lavapipe, swiftshader, hasLavapipe)),
    TE.mapLeft(() => fault('neither a graphics card nor a software driver answers'))
  )
}

/** A device of the driver, with the adapter's own limits. */
export const open = (driver: Driver = 'auto'): TE.TaskEither<Fault, Opened> =>
  pipe(
    adapters[driver],
    TE.flatMap(({ adapter, ...note }) =>
      pipe(
        requestDevice(adapter),
        TE.map((gpu) => ({ gpu, info: adapter.info, ...note }))
      )
    )
  )

/** What the compiler knows of the driver's adapter, and what that is called. */
export const adapterTarget = (
  driver: Driver = 'auto'
): TE.TaskEither<Fault, { readonly target: Target; readonly name: string }> =>
  pipe(
    open(driver),
    TE.map(({ gpu, info }) => {
      const found = { target: targetOf(gpu, info), name: describeAdapter(info) }
      gpu.destroy()
      return found
    })
  )

/** WebGPU as a device of the framework, and whether its driver computes on the CPU. */
export const openWebgpu = (driver: Driver = 'auto', target: Partial<Target> = {}): TE.TaskEither<Fault, Adapter> =>
  pipe(
    open(driver),
    TE.map((opened) => ({
      device: webgpu({ ...opened, sources: kernelSources(), target }),
      software: isSoftware(opened.info)
    }))
  )

// Note [Alive]
// The object that `create` returns must outlive every adapter and device: when it is collected the process crashes. It
// is kept in a list of this module. It does not keep the process from exiting.
