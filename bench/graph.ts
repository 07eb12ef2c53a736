/** Times what happens before anything runs, on a graph of 20,000 nodes: `tsx bench/graph.ts [nodes] [rounds]`. */
import { emit } from '../src/compile/onnx/emit.ts'
import { program, type Program } from '../src/compile/Program.ts'
import { compileWgsl } from '../src/compile/wgsl/emit.ts'
import { portable } from '../src/compile/wgsl/Target.ts'
import { gradOf } from '../src/autodiff/grad.ts'
import { E } from '../src/core/fp.ts'
import type { Expr } from '../src/core/Expr.ts'
import { kernelSources } from '../src/runtime/webgpu/sources.ts'
import { add, input, matmul, mean, mul, sin, square } from '../src/ops/api.ts'

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

const timed = <A>(f: () => A): readonly [A, number] => {
  const start = performance.now()
  const result = f()
  return [result, performance.now() - start]
}

const right = <A>(result: E.Either<unknown, A>): A => {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left))
  return result.right
}

const rows = Array.from({ length: Number(rounds) }, () => {
  const [outputs, built] = timed(() => deep(Number(nodes)))
  const [compiled, passes] = timed((): Program => right(program(outputs)))
  const [, onnx] = timed(() => emit(compiled))
  const [, wgsl] = timed(() => right(compileWgsl(kernelSources(), portable)(compiled)))
  return { size: compiled.nodes.length, built, passes, onnx, wgsl }
})

const spread = (values: ReadonlyArray<number>): string => {
  const sorted = [...values].sort((a, b) => a - b)
  const ms = (v: number | undefined): string => (v ?? NaN).toFixed(0)
  return `${ms(sorted[sorted.length >> 1])} ms (${ms(sorted[0])} to ${ms(sorted.at(-1))})`
}

console.log(`${rows[0]?.size} nodes after the passes, ${rows.length} rounds, median (least to most)`)
console.log(`  built, with its gradient   ${spread(rows.map((row) => row.built))}`)
console.log(`  through all passes         ${spread(rows.map((row) => row.passes))}`)
console.log(`  to an ONNX file            ${spread(rows.map((row) => row.onnx))}`)
console.log(`  fused, planned, to WGSL    ${spread(rows.map((row) => row.wgsl))}`)
