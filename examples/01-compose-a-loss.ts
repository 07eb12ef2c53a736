/**
 * A loss of one's own, composed from the method's functions: a one-step student of points in the plane is pulled to its
 * teacher by `vsd`, and by a term that the paper does not have away from where it must not be.
 */
import { exprs, gradOf, reals } from '../src/autodiff/grad.ts'
import type { Expr } from '../src/core/Expr.ts'
import { leafwise } from '../src/core/Tree.ts'
import { E, pipe } from '../src/core/fp.ts'
import { fold, key, normal as draw, type Key } from '../src/core/Key.ts'
import { floats, type Tensor } from '../src/core/Tensor.ts'
import { velocity as gaussianVelocity } from '../src/flow/gaussian.ts'
import { interpolate, toData, velocity } from '../src/flow/path.ts'
import { grid } from '../src/flow/schedule.ts'
import { evaluate } from '../src/interpret/evaluate.ts'
import { linear } from '../src/nn/linear.ts'
import { inputsFor, named, type Real } from '../src/nn/params.ts'
import { constantTime } from '../src/nn/time.ts'
import { add, constant, input, mean, mul, narrow, neg, relu, scale, square, stopGradient, sub } from '../src/ops/api.ts'
import { innerFlow, toSample } from '../src/tmd/innerFlow.ts'
import { vsd, vsdDefaults } from '../src/tmd/vsd.ts'

const [batch, t, judgedAt] = [64, 0.999, 0.5]
const clock = constantTime(batch, 2)
const normalInput = (name: string): Real => input(name, 'f32', [batch, 2])

// The teacher: N((1, −1), ½²), whose velocity is known in closed form. The fake score and the student are linear.
const law = { mean: constant([2], [1, -1]), deviation: constant([], [0.5]) }
const zeros = { weight: floats([2, 2], [0, 0, 0, 0]), bias: floats([2], [0, 0]) }
const start = { student: { backbone: zeros, noise: floats([2], [-1, -1]) }, fake: zeros }
const params = inputsFor(start, 'params')

/** Main features from the outer state; the head adds what it makes of the inner noise. */
const head = (m: Real) => (y: Real) => add(m, mul(y, params.student.noise))
const sample = pipe(
  normalInput('innerNoise'),
  innerFlow(
    { grid: grid({ steps: 1, gamma: 1, rule: 'plain' }), noise: 'implied' },
    clock
  )(head(linear(params.student.backbone, normalInput('noise')))),
  toSample(normalInput('noise'), t)
)

// What the judges make of the sample once noised.
const judged = interpolate(sample, normalInput('judgedNoise'), judgedAt)
const fakeVelocity = linear(params.fake, stopGradient(judged))
const teacherVelocity = gaussianVelocity(law)(judged, clock(judgedAt).value)
const matched = vsd(vsdDefaults)({
  sample,
  fake: toData(judged, fakeVelocity, judgedAt),
  teacher: toData(judged, teacherVelocity, judgedAt)
})

// The user's own term: no point may lie left of the axis. Terms are graphs; adding them is `add`.
const outside = mean('all')(relu(neg(narrow(1, 0, 1)(sample))))
const studentLoss = add(scale(20)(matched.loss), scale(0.5)(outside))
const fakeLoss = mean('all')(square(sub(fakeVelocity, velocity(stopGradient(sample), normalInput('judgedNoise')))))

/** One step of gradient descent on both: `p − rate · dL/dp`, for every leaf. */
const descend = <T>(tree: T, loss: Expr, rate: number): T =>
  leafwise(reals)(tree, gradOf(loss)(tree))((p, g) => sub(p, scale(rate)(g)))
const next = { student: descend(params.student, studentLoss, 0.05), fake: descend(params.fake, fakeLoss, 0.2) }
const outputs = exprs.flatten(next, 'params')

const noiseOf = (k: Key, i: number): Tensor => floats([batch, 2], draw(fold(k, i), 2 * batch))
const given = (step: number): ReadonlyArray<readonly [string, Tensor]> =>
  ['noise', 'innerNoise', 'judgedNoise'].map((name, i) => [name, noiseOf(fold(key(0), step), i)] as const)
const run = (state: ReadonlyMap<string, Tensor>, step: number, roots: ReadonlyArray<Expr>): ReadonlyArray<Tensor> => {
  const found = evaluate(new Map([...state, ...given(step)]))(roots)
  return E.isLeft(found) ? [] : found.right
}

const report = (state: ReadonlyMap<string, Tensor>, step: number): void => {
  const [centre, left] = run(state, step, [mean([0])(sample), outside])
  const at = Array.from(centre?.data ?? [], (v) => v.toFixed(1)).join(', ')
  console.log(`step ${step}: centre (${at}), outside ${(left?.data[0] ?? NaN).toFixed(2)}`)
}

// => step 0: centre (-0.3, 0.1), outside 0.69
// => step 400: centre (1.7, -1.1), outside 0.00
let state = named(start, 'params')
for (let step = 0; step <= 400; step++) {
  if (step % 200 === 0) report(state, step)
  const values = run(
    state,
    step,
    outputs.map(([, node]) => node)
  )
  state = new Map(outputs.map(([name], i) => [name, values[i] as Tensor]))
}
