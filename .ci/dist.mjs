// The package as it is published: loads under plain node, builds a graph, differentiates it and evaluates it.
import assert from 'node:assert/strict'
const { api, autodiff, core, interpret } = await import('../dist/src/index.js')
const x = api.input('x', 'f32', [3])
const loss = api.sum('all')(api.square(x))
const gradient = autodiff.gradOf(loss)({ x })
const result = interpret.evaluate(new Map([['x', core.Tensor.floats([3], [1, 2, 3])]]))([loss, gradient.x])
assert.equal(result._tag, 'Right')
assert.deepEqual([...result.right[1].data], [2, 4, 6])
const laws = await import('../dist/laws/index.js')
assert.ok(Object.keys(laws).length > 0)
console.log('dist: loads, differentiates, evaluates')
