/**
 * A loss of one's own, composed from the method's functions: a one-step student of points in the plane is pulled to its
 * teacher by `vsd`, and by a term that the paper does not have away from where it must not be.
 */
import {
  add,
  constant,
  input,
  mean,
  mul,
  narrow,
  neg,
  relu,
  scale,
  square,
  stopGradient,
  sub,
  type Expr
} from 'fluxion'
import { E, evaluate, exprs, flow, gradOf, Key, leafwise, nn, pipe, reals, Tensor, tmd } from 'fluxion'

const [batch, t, judgedAt] = [64, 0.999, 0.5]
const clock = nn.constantTime(batch, 2)
const normalInput = (name: string): nn.Real => input(name, 'f32', [batch, 2])

// The teacher: N((1, −1), ½²), whose velocity is known in closed form. The fake score and the student are linear.
const law = { mean: constant([2], [1, -1]), deviation: constant([], [0.5]) }
const zeros = { weight: Tensor.floats([2, 2], [0, 0, 0, 0]), bias: Tensor.floats([2], [0, 0]) }
const start = { student: { backbone: zeros, noise: Tensor.floats([2], [-1, -1]) }, fake: zeros }
const params = nn.inputsFor(start, 'params')

/** Main features from the outer state; the head adds what it makes of the inner noise. */
const head = (m: nn.Real) => (y: nn.Real) => add(m, mul(y, params.student.noise))
const sample = pipe(
  normalInput('innerNoise'),
  tmd.innerFlow(
    { grid: flow.grid({ steps: 1, gamma: 1, rule: 'plain' }), noise: 'implied' },
    clock
  )(head(nn.linear(params.student.backbone, normalInput('noise')))),
  tmd.toSample(normalInput('noise'), t)
)

// What the judges make of the sample once noised.
const judged = flow.interpolate(sample, normalInput('judgedNoise'), judgedAt)
const fakeVelocity = nn.linear(params.fake, stopGradient(judged))
const teacherVelocity = flow.gaussian.velocity(law)(judged, clock(judgedAt).value)
const matched = tmd.vsd(tmd.vsdDefaults)({
  sample,
  fake: flow.toData(judged, fakeVelocity, judgedAt),
  teacher: flow.toData(judged, teacherVelocity, judgedAt)
})

// The user's own term: no point may lie left of the axis. Terms are graphs; adding them is `add`.
const outside = mean('all')(relu(neg(narrow(1, 0, 1)(sample))))
const studentLoss = add(scale(20)(matched.loss), scale(0.5)(outside))
const fakeLoss = mean('all')(square(sub(fakeVelocity, flow.velocity(stopGradient(sample), normalInput('judgedNoise')))))

/** One step of gradient descent on both: `p − rate · dL/dp`, for every leaf. */
const descend = <T>(tree: T, loss: Expr, rate: number): T =>
  leafwise(reals)(tree, gradOf(loss)(tree))((p, g) => sub(p, scale(rate)(g)))
const next = { student: descend(params.student, studentLoss, 0.05), fake: descend(params.fake, fakeLoss, 0.2) }
const outputs = exprs.flatten(next, 'params')

const noiseOf = (k: Key.Key, i: number): Tensor.Tensor =>
  Tensor.floats([batch, 2], Key.normal(Key.fold(k, i), 2 * batch))
const given = (step: number): ReadonlyArray<readonly [string, Tensor.Tensor]> =>
  ['noise', 'innerNoise', 'judgedNoise'].map((name, i) => [name, noiseOf(Key.fold(Key.key(0), step), i)] as const)
const run = (
  state: ReadonlyMap<string, Tensor.Tensor>,
  step: number,
  roots: ReadonlyArray<Expr>
): ReadonlyArray<Tensor.Tensor> => {
  const found = evaluate(new Map([...state, ...given(step)]))(roots)
  return E.isLeft(found) ? [] : found.right
}

const report = (state: ReadonlyMap<string, Tensor.Tensor>, step: number): void => {
  const [centre, left] = run(state, step, [mean([0])(sample), outside])
  const at = Array.from(centre?.data ?? [], (v) => v.toFixed(1)).join(', ')
  console.log(`step ${step}: centre (${at}), outside ${(left?.data[0] ?? NaN).toFixed(2)}`)
}

// => step 0: centre (-0.3, 0.1), outside 0.69
// => step 400: centre (1.7, -1.1), outside 0.00
let state = nn.named(start, 'params')
for (let step = 0; step <= 400; step++) {
  if (step % 200 === 0) report(state, step)
  const values = run(
    state,
    step,
    outputs.map(([, node]) => node)
  )
  state = new Map(outputs.map(([name], i) => [name, values[i] as Tensor.Tensor]))
}
