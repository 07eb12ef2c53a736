/**
 * Stage 1: the head learns the average velocity of the inner flow by regressing it on itself (the MeanFlow identity),
 * with guidance in the target, so that one conditional call of the student is worth two of the teacher.
 *
 * Glossary: `y = x₁ − x` inner target, `y₁` inner noise, `y_s = (1 − s) y + s y₁`, `h` the head's prediction of `y`,
 * `u` the average velocity it stands for, `û` what `u` is regressed on, held constant.
 * Laws: identities 19, 21–24, 37.   Source: arXiv 2601.09881 Eqs. 8–10, 14, App. A.2, B.4; spec 2.4, 2.5.
 */
import { jvp } from '../autodiff/jvp.ts'
import { finiteDifference } from '../autodiff/finiteDifference.ts'
import type { Expr } from '../core/Expr.ts'
import { size } from '../core/Shape.ts'
import { add, concat, constant, cos, div, fill, mean, mul, narrow, neg, offset, square, stopGradient, sub, sum, where, zerosLike, less, scalar } from '../ops/api.ts'
import { alongBatch, weigh } from '../ops/perSample.ts'
import { meanFlowTarget, velocityOf, type InnerNoise } from '../flow/flowMap.ts'
import { guide, interpolate, velocity } from '../flow/path.ts'
import type { Real } from '../nn/params.ts'
import { constantTime, timeRates, type Time } from '../nn/time.ts'
import type { Instant, Stage1Draws } from './draws.ts'
import { aimed, headAt, keepContext, type Head, type StudentModel, type Target } from './model.ts'
