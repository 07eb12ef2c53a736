// The package as it is published: loads under plain node, builds a graph, differentiates it and evaluates it.
import assert from 'node:assert/strict'
const { evaluate, gradOf, input, runtime, square, sum, Tensor } = await import('../dist/src/index.js')
const x = input('x', 'f32', [3])
const loss = sum('all')(square(x))
const gradient = gradOf(loss)({ x })
const result = evaluate(new Map([['x', Tensor.floats([3], [1, 2, 3])]]))([loss, gradient.x])
assert.equal(result._tag, 'Right')
assert.deepEqual([...result.right[1].data], [2, 4, 6])
assert.equal(runtime.reference().name, 'reference')
const laws = await import('../dist/laws/index.js')
assert.ok(Object.keys(laws).length > 0)
console.log('dist: loads, differentiates, evaluates')
