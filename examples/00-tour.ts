/** The language in one sitting. After each `// =>` stands what is printed there; the tests hold this page to it. */
import { add, input, matmul, mul, square, sum, tanh, Tensor, type Expr } from 'fluxion'
import { compile, E, evaluate, Fault, grad, jvp, show, vjp } from 'fluxion'
import { composite, type Composite } from 'fluxion'
import { broken, derivative } from 'fluxion/laws'

// A program is a value. Building one computes nothing, and the same description is the same object.
const x = input('x', 'f32', [2, 3])
const w = input('w', 'f32', [3])
const y = sum('all')(square(tanh(mul(x, w))))

console.log(mul(x, w) === mul(x, w)) // => true
console.log(show([mul(x, w)]))
// => %0 = input "x" : f32[2,3]
// => %1 = input "w" : f32[3]
// => %2 = broadcast(%1) {"shape":[2,3],"axes":[1]} : f32[2,3]
// => %3 = mul(%0, %2) : f32[2,3]

// Its meaning is a function of its inputs, in double precision: what every device is compared with.
const values = new Map([
  ['x', Tensor.floats([2, 3], [1, 2, 3, 4, 5, 6])],
  ['w', Tensor.floats([3], [0.3, -0.2, 0.1])],
  ['p', Tensor.floats([], [2])]
])
const numbers = (root: Expr): string => {
  const found = evaluate(values)([root])
  const digits = (data: ArrayLike<number>): string => Array.from(data, (v) => v.toFixed(4)).join(' ')
  return E.isLeft(found) ? found.left.map(Fault.show).join('; ') : digits(found.right[0]?.data ?? [])
}

console.log(numbers(y)) // => 1.8775

// A mistake is a sentence in the editor, and the same sentence from the compiler; nothing throws.
// @ts-expect-error matmul: inner sizes differ, [2,3] x [2,3]
const wrong = matmul(x, x)

console.log(E.isLeft(compile.program({ wrong })) && wrong.faults.map(Fault.show)) // => [ 'matmul: inner sizes differ, [2,3] x [2,3]' ]

// A gradient is a graph, of a tree of parameters. It can be differentiated again: p³, 3p², 6p at p = 2.
const params = { p: input('p', 'f32', []) }
const cube = ({ p }: typeof params): Expr => mul(p, mul(p, p))
const slope = grad(cube)

console.log(numbers(cube(params)), numbers(slope(params).p)) // => 8.0000 12.0000
console.log(numbers(grad((q: typeof params) => slope(q).p)(params).p)) // => 12.0000

// Forward and reverse mode are adjoint: ⟨g, J v⟩ = ⟨Jᵀ g, v⟩.
const z = tanh(mul(x, w))
const inner = (a: Expr, b: Expr): Expr => sum('all')(mul(a, b))
const [pushed = z] = jvp([z], [w])([w])
const [pulled = w] = vjp([z], [w])([x])

console.log(numbers(inner(x, pushed)), numbers(inner(pulled, w))) // => 2.3396 2.3396

// An operation is one record. Laws hold of every operation, of yours too; a wrong derivative does not pass.
const third: Composite<object>['define'] =
  ($) =>
  ([a = x]) =>
    $.mul(a, $.mul(a, a))
const double: Composite<object>['vjp'] = ($) => (site) => site.inputs.map((a) => $.mul(site.cotangent, add(a, a)))
const cubed: Omit<Composite<object>, '_tag'> = {
  name: 'cubed',
  equation: 'x³',
  arity: 1,
  typing: ([a]) => a ?? { _tag: 'WrongInputs', op: 'cubed', expected: 1, got: 0 },
  examples: [{ params: {}, inputs: [{ dtype: 'f32', shape: [4], min: -2, max: 2 }] }],
  ...{ define: third, vjp: 'derived', jvp: 'derived', batch: 'derived', wgsl: 'derived', onnx: 'derived' }
}

console.log(broken(derivative(composite(cubed))).length) // => 0
console.log(broken(derivative(composite({ ...cubed, vjp: double })))[0]?.law)
// => cubed: vjp is the adjoint of the finite-difference pushforward
