/** Every public function with every element type: refused when it is built, or the same numbers on every target. */
import { afterAll, describe, expect, it } from 'vitest'
import { difference, type Close } from '../../src/measure/Close.ts'
import { isFloat, roundoff, type DType } from '../../src/core/DType.ts'
import { input, type Expr, type Type } from '../../src/core/Expr.ts'
import { show } from '../../src/core/Fault.ts'
import { E } from '../../src/core/fp.ts'
import { generate, stored, tensor, type Tensor } from '../../src/core/Tensor.ts'
import { div } from '../../src/ops/api.ts'
import { execute, targets } from '../goldens/targets.ts'
import { callOf, operandsOf, sampled, samples } from './samples.ts'

const dtypes: ReadonlyArray<DType> = ['f32', 'f16', 'bf16', 'i32', 'u32', 'bool']

// what is to be refused ----------------------------------------------------------------------

const all = ''
const notBool = 'bool'
const notIntegers = 'i32 u32 bool'
const onlyWords = 'f32 f16 bf16 i32 bool'

const namesIn = (text: string): ReadonlyArray<string> => text.trim().split(/\s+/)

/** The element types that functions refuse. */
const refusals: ReadonlyArray<readonly [functions: string, dtypes: string]> = [
  ['stopGradient zerosLike equal where cast reshape transpose broadcastTo expandDims narrow slice split concat', all],
  ['stack pad flip repeat tile expect roll upsampleNearest extend take takeAlong', all],
  ['notEqual swapAxes squeeze flatten unstack tril triu', all],
  ['square scale offset clamp add sub mul div maximum minimum less lessEqual iota sum max min prod', notBool],
  ['cumulativeSum cumulativeProduct matmul contract einsum scatterAdd addAlong argmax argmin', notBool],
  ['ranks argsort sort mod greater greaterEqual trace', notBool],
  ['neg abs sign', 'u32 bool'],
  ['not and or any all', 'f32 f16 bf16 i32 u32'],
  ['floor exp log sqrt rsqrt reciprocal sin cos tanh sigmoid erf erfinv expm1 log1p relu', notIntegers],
  ['atan asin acos atan2', notIntegers],
  ['ceil round exp2 log2 tan logSigmoid elu isNaN isFinite std norm solve binaryCrossEntropy', notIntegers],
  ['geluTanh gelu silu softplus leakyRelu pow mean variance logSumExp softmax logSoftmax', notIntegers],
  ['maskedSoftmax normalise rmsNormalise groupNorm attention rope cholesky inverse triangularSolve', notIntegers],
  ['convolve deconvolve averagePool maxPool topK crossEntropy huber cosineSimilarity dropout', notIntegers],
  // Typed f32: what they are made of has no other.
  ['interpolateLinear categorical', 'f16 bf16 i32 u32 bool'],
  ['oneHot', 'f32 f16 bf16 u32 bool'],
  ['randomBits splitKey uniform normal gumbel bernoulli permutation', onlyWords]
]

const refused = new Map(
  refusals.flatMap(([functions, types]) => namesIn(functions).map((name) => [name, new Set(namesIn(types))] as const))
)

// what is computed -------------------------------------------------------------------------

const cycle = (values: ReadonlyArray<number>) => (i: number) => values[i % values.length] ?? NaN
const fractions = cycle([1, 6, 4, 2, 7, 5, 3].map((n) => n / 8))

/** Integers beyond what floats hold exactly, and floats that are exact in every type. */
const numbers: Readonly<Record<DType, (i: number) => number>> = {
  f32: fractions,
  f16: fractions,
  bf16: fractions,
  i32: cycle([100_003, -7, 5, -3, 2, 1]),
  u32: cycle([3_000_000_000, 7, 5, 1, 2, 3]),
  bool: cycle([1, 0, 0, 1, 1])
}

/** Labels and indices are small; keys are as they come. */
const valueOf = (dtype: DType, own: boolean, { dtype: type, shape }: Type): Tensor =>
  stored(generate(type, shape, type === dtype && !own ? numbers[dtype] : (i) => i % 2))

/** Sums of a few in single precision, and what one rounding of a narrow result may differ by, twice. */
const closeFor = (dtype: DType, result: DType): Close =>
  isFloat(result) ? { absolute: 1e-6, relative: Math.max(1e-5, 4 * roundoff[dtype]) } : { absolute: 0, relative: 0 }

interface Case {
  readonly outputs: Readonly<Record<string, Expr>>
  readonly values: ReadonlyMap<string, Tensor>
}

/** All that is not refused of one element type, as one program. */
const casesOf = (dtype: DType): Case => {
  const made = Object.entries(samples).flatMap(([name, sample]) => {
    const operands = operandsOf(name, sample, dtype)
    const results = callOf(sample, operands, dtype)
    return results.some(({ faults }) => faults.length > 0) ? [] : [{ name, sample, operands, results }]
  })
  return {
    outputs: Object.fromEntries(
      made.flatMap(({ name, results }) => results.map((result, i) => [`${name} ${i}`, result] as const))
    ),
    values: new Map(
      made.flatMap(({ sample, operands }) =>
        [...operands].map(
          ([operand, type], i) => [operand, valueOf(dtype, !Array.isArray(sample.operands[i]), type)] as const
        )
      )
    )
  }
}

describe('every public function', () => {
  it('has a sample, and a line that says what it refuses', () => {
    expect(Object.keys(samples).sort()).toEqual([...sampled].sort())
    expect([...refused.keys()].sort()).toEqual([...sampled].sort())
  })

  for (const [name, sample] of Object.entries(samples))
    it(`refuses what it is not defined for, in its own name: ${name}`, () => {
      const faults = dtypes.flatMap((dtype) => {
        const [fault] = callOf(sample, operandsOf(name, sample, dtype), dtype).flatMap((x) => x.faults)
        return fault === undefined ? [] : [[dtype, show(fault)] as const]
      })

      expect(faults.map(([dtype]) => dtype)).toEqual(dtypes.filter((dtype) => refused.get(name)?.has(dtype)))
      expect(faults.filter(([, sentence]) => !sentence.startsWith(`${name}: `))).toEqual([])
    })
})

const devices = await Promise.all(targets.map(async ({ name, open }) => ({ name, device: await open() })))
const [{ device: exact } = { device: undefined }, ...others] = devices

const valuesOn = async (device: (typeof devices)[number]['device'] | undefined, { outputs, values }: Case) => {
  if (device === undefined || E.isLeft(device)) return new Map<string, Tensor>()
  const found = await execute(device.right)(outputs, values)()
  expect(E.isLeft(found) ? found.left.map(show) : []).toEqual([])
  return E.isRight(found) ? found.right : new Map<string, Tensor>()
}

afterAll(async () => {
  for (const { device } of devices) if (E.isRight(device)) await device.right.dispose()()
})

for (const { name, device } of others)
  describe.skipIf(E.isLeft(device))(`on ${name}${E.isLeft(device) ? ` (${show(device.left)})` : ''}`, () => {
    for (const dtype of dtypes)
      it(`whatever takes ${dtype} gives what the reference gives`, async () => {
        const cases = casesOf(dtype)
        const expected = await valuesOn(exact, cases)
        const found = await valuesOn(device, cases)
        const wrong = [...expected].flatMap(([output, value]) => {
          const given = found.get(output) ?? generate(value.dtype, value.shape, () => NaN)
          const why = difference(closeFor(dtype, value.dtype), given, stored(value))
          return why === undefined && given.dtype === value.dtype ? [] : [`${output}: ${given.dtype} ${why}`]
        })

        expect(expected.size).toBe(Object.keys(cases.outputs).length)
        expect(wrong).toEqual([])
      })
  })

describe('integers', () => {
  const least = -(2 ** 31)
  const quotients: ReadonlyArray<readonly [DType, ReadonlyArray<readonly [number, number, number]>]> = [
    [
      'i32',
      [
        [7, 2, 3],
        [-7, 2, -3],
        [7, -2, -3],
        [2 ** 31 - 1, 3, 715_827_882],
        [5, 0, 5],
        [least, -1, least]
      ]
    ],
    [
      'u32',
      [
        [7, 2, 3],
        [4_294_967_295, 2, 2_147_483_647],
        [4_294_967_295, 4_294_967_295, 1],
        [5, 0, 5]
      ]
    ]
  ]

  for (const { name, device } of devices)
    for (const [dtype, cases] of quotients)
      it.skipIf(E.isLeft(device))(`are divided toward zero, by 0 left as they are: ${dtype} on ${name}`, async () => {
        const shape = [cases.length]
        const column = (i: 0 | 1) =>
          tensor(
            dtype,
            shape,
            Float64Array.from(cases, (row) => row[i])
          )
        const quotient = div(input('x', dtype, shape), input('y', dtype, shape))
        const values = new Map([
          ['x', column(0)],
          ['y', column(1)]
        ])

        const found = await valuesOn(device, { outputs: { quotient }, values })

        expect([...stored(found.get('quotient') ?? column(0)).data]).toEqual(cases.map((row) => row[2]))
      })
})
