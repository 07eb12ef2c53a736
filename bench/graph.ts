/** Times what happens before anything runs, on a graph of 20,000 nodes: `tsx bench/graph.ts [nodes] [rounds]`. */
import { emit } from '../src/compile/onnx/emit.ts'
import { program } from '../src/compile/Program.ts'
import { compileWgsl } from '../src/compile/wgsl/emit.ts'
import { portable } from '../src/compile/wgsl/Target.ts'
import { gradOf } from '../src/autodiff/grad.ts'
import type { Expr } from '../src/core/Expr.ts'
import { kernelSources } from '../src/runtime/webgpu/sources.ts'
import { add, input, matmul, mean, mul, sin, square } from '../src/ops/api.ts'
import { right } from './outcome.ts'
import { duration, spread, timed } from './timing.ts'

type Real = Expr<'f32'>

const [nodes = '20000', rounds = '5'] = process.argv.slice(2)

/** A deep network whose every layer is another: nothing of it can be shared. With its gradient, about `n` nodes. */
const deep = (n: number): Readonly<Record<string, Expr>> => {
  const layers = Math.ceil(n / 13)
  const weights = Array.from({ length: layers }, (_, i): Real => input(`w${i}`, 'f32', [16, 16]))
  const last = weights.reduce<Real>(
    (x, w, i) => add(mul(sin(matmul(x, w) as Real), input(`g${i}`, 'f32', [16])), x),
    input('x', 'f32', [16, 16])
  )
  const loss = mean('all')(square(last))
  return { loss, ...Object.fromEntries(gradOf(loss)({ weights }).weights.map((g, i) => [`d${i}`, g])) }
}

const row = async () => {
  const built = await timed(() => deep(Number(nodes)))
  const passes = await timed(() => right(program(built.result)))
  const onnx = await timed(() => emit(passes.result))
  const wgsl = await timed(() => right(compileWgsl(kernelSources(), portable)(passes.result)))
  return { size: passes.result.nodes.length, built, passes, onnx, wgsl }
}

const rows: Array<Awaited<ReturnType<typeof row>>> = []
for (let i = 0; i < Number(rounds); i++) rows.push(await row())

const line = (label: string, part: 'built' | 'passes' | 'onnx' | 'wgsl'): void =>
  console.log(
    `  ${label.padEnd(26)} ${spread(
      rows.map((of) => of[part].wall),
      duration
    )}`
  )

console.log(`${rows[0]?.size} nodes after the passes, ${rows.length} rounds, median (least to most)`)
line('built, with its gradient', 'built')
line('through all passes', 'passes')
line('to an ONNX file', 'onnx')
line('fused, planned, to WGSL', 'wgsl')
