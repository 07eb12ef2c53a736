/** Every pass over the teacher's training step by itself, in a process that has run none yet: `passes.ts [driver]`. */
import { topological } from '../../src/core/Expr.ts'
import { teacherDefaults } from '../../src/cli/configs.ts'
import { teacherStep } from '../../src/cli/teacherTraining.ts'
import { check } from '../../src/compile/check.ts'
import { emit as emitOnnx } from '../../src/compile/onnx/emit.ts'
import { pack } from '../../src/compile/onnx/pack.ts'
import { program, type Program } from '../../src/compile/Program.ts'
import { expandFor, simplify } from '../../src/compile/simplify.ts'
import { arrange } from '../../src/compile/wgsl/arrange.ts'
import { cluster } from '../../src/compile/wgsl/cluster.ts'
import { compileWgsl, emit as emitWgsl } from '../../src/compile/wgsl/emit.ts'
import { expand } from '../../src/compile/wgsl/expand.ts'
import { fuse } from '../../src/compile/wgsl/fuse.ts'
import { layout } from '../../src/compile/wgsl/layout.ts'
import { sites } from '../../src/compile/wgsl/signature.ts'
import { targetOf } from '../../src/runtime/webgpu/gpu.ts'
import { open, type Driver } from '../../src/runtime/webgpu/node.ts'
import { kernelSources } from '../../src/runtime/webgpu/sources.ts'
import { done, right } from '../outcome.ts'
import { timed } from '../timing.ts'
import { serve } from '../turns.ts'

/** Milliseconds by pass, in the order in which they run, and the sizes of what they leave. */
export interface Passes {
  readonly nodes: { readonly built: number; readonly simplified: number; readonly onnx: number }
  readonly kernels: number
  readonly times: ReadonlyArray<readonly [pass: string, milliseconds: number]>
}

const times: Array<readonly [string, number]> = []
const pass = async <A>(name: string, run: () => A): Promise<A> => {
  const { result, wall } = await timed(run)
  times.push([name, wall])
  return result
}

const [driver = 'auto'] = process.argv.slice(2)
const { gpu, info } = await done(open(driver as Driver))
const target = targetOf(gpu, info)
const sources = kernelSources()

const outputs = await pass('the graph and its gradient', () => teacherStep(teacherDefaults))
const graph = Object.values(outputs)
await pass('check', () => check(outputs))
const simplified = await pass('simplify', () => simplify.run(graph))
const whole = right(program(outputs))

// ONNX -----------------------------------------------------------------------------------

const { program: packed } = await pass('ONNX: pack', () => pack(whole))
const written = await pass('ONNX: expand', (): Program => {
  const roots = expandFor('onnx').run(packed.outputs.map(({ node }) => node))
  const named = packed.outputs.map((port, i) => ({ ...port, node: roots[i] ?? port.node }))
  return { ...packed, nodes: topological(roots), outputs: named }
})
const file = await pass('ONNX: write', () => emitOnnx(written))

// WGSL: as `compileWgsl` has them -----------------------------------------------------------

const expanded = await pass('WGSL: expand', () => expand(whole.outputs.map(({ node }) => node)))
const arranged = await pass('WGSL: arrange', () => arrange(expanded, target))
const roots = new Set(arranged)
const known = sites()
const fused = await pass('WGSL: fuse', () => fuse(topological(arranged), roots, target, known))
const clusters = await pass('WGSL: cluster', () => cluster(fused, roots, target, known))
const kernels = await pass('WGSL: emit', () => emitWgsl(clusters, (x) => fused.stored.has(x), sources, target, known))
const planned = await pass('WGSL: plan', () => right(layout(whole, arranged, kernels, target)))

const texts = ({ kernels }: typeof planned): string => kernels.map(({ wgsl }) => wgsl).join('\n')
if (texts(planned) !== texts(right(compileWgsl(sources, target)(whole))))
  throw new Error('these are not the passes that the compiler runs')

const passes: Passes = {
  nodes: { built: topological(graph).length, simplified: topological(simplified).length, onnx: file.nodes },
  kernels: planned.kernels.length,
  times
}
serve(passes, () => Promise.resolve())
