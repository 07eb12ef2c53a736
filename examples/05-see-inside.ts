/** Seeing inside a program, and taking it elsewhere. After each `// =>` stands what is printed there. */
import { add, exp, input, log, matmul, relu, softmax, sub, sum, Tensor } from 'fluxion'
import {
  compile,
  E,
  fromJson,
  inspect,
  iterate,
  parse,
  pipe,
  runtime,
  show,
  toJson,
  toOnnx,
  toSafetensors
} from 'fluxion'
import type { Expr } from 'fluxion'

const x = input('x', 'f32', [32, 16])
const params = { w: input('w', 'f32', [16, 16]), b: input('b', 'f32', [16]) }
const layer = (y: Expr<'f32'>): Expr<'f32'> => relu(add(matmul(y, params.w), params.b))
const scores = softmax(-1)(layer(layer(x)))

// Text that reads back as the same objects, bodies of loops included; and JSON.
const doubled = iterate(3, (y: Expr<'f32'>) => add(y, y))(input('y', 'f32', [2]))

console.log(show([doubled]))
// => @0 = function(%0, %1)
// =>   %2 = add(%0, %0) : f32[2]
// =>   return %2, %0
// => %2 = scan(%0, %1) {"body":{"@":0}
console.log(
  pipe(
    parse(show([doubled])),
    E.exists(([root]) => root === doubled)
  )
) // => true
console.log(Object.keys(toJson({ doubled }))) // => [ 'fluxion', 'version', 'functions', 'nodes', 'outputs' ]
console.log(
  pipe(
    fromJson(toJson({ doubled })),
    E.exists((outputs) => outputs['doubled'] === doubled)
  )
) // => true

// What it becomes on a GPU: kernels in order, their work and traffic, and the memory of the whole. No GPU is needed.
const table = pipe(
  compile.program({ scores }),
  E.flatMap(inspect.kernelTable(inspect.kernelSources(), inspect.portable))
)

console.log(E.isRight(table) && inspect.toTable(table.right))
// => kernel            computes           writes            work   traffic  times      in all
// => 00-contract-relu  contract add relu  f32[32,16]  17.4 kFLOP  5.06 KiB     ×2  34.8 kFLOP
// => peak memory
console.log(E.isRight(table) && inspect.kernelSvg(table.right).slice(0, 4), inspect.graphSvg({ scores }).slice(0, 4)) // => <svg <svg

// What it costs on any device, and where it comes from.
console.log(inspect.toOperationTable(inspect.operationTable({ scores })))
// => contract       2  32.8 kFLOP
console.log(inspect.explainFrom(params.b)(scores))
// => from b, 4 operations:
// =>   b f32[16]
// =>   broadcast(·) : f32[32,16]
// =>   add(contract f32[32,16], ·) : f32[32,16]
// =>   relu(·) : f32[32,16]
// =>   softmax(·) : f32[32,16]

// Where numbers cease to be numbers: the first operation that makes NaN or infinity of numbers, and the way to the loss.
const v = input('v', 'f32', [3])
const loss = sum('all')(log(sub(exp(v), exp(v))))
const found = await inspect.watch(inspect.watching(runtime.reference()))(
  { loss },
  new Map([['v', Tensor.floats([3], [1, 2, 3])]])
)()

console.log(E.isRight(found) && found.right._tag === 'Some' && inspect.showFinding(found.right.value))
// => log f32[3] is the first to give infinity (all infinite), of sub f32[3] (0 to 0)
// => on the way to loss:
// =>   log(sub f32[3]) : f32[3]
// =>   sum(·) : f32[]

// Files that others read: a graph with its weights as ONNX, weights as safetensors.
const weights = {
  w: Tensor.floats([16, 16], new Float64Array(256).fill(0.1)),
  b: Tensor.floats([16], new Float64Array(16))
}
const file = toOnnx({ scores }, weights)
const bytes = toSafetensors(weights)

console.log(E.isRight(file) && file.right.inputs.map(({ name }) => name)) // => [ 'x' ]
console.log(E.isRight(bytes) && bytes.right.length > 4 * (256 + 16)) // => true
