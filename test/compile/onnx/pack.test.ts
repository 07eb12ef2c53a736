import { describe, expect, it } from 'vitest'
import { emit } from '../../../src/compile/onnx/emit.ts'
import { pack } from '../../../src/compile/onnx/pack.ts'
import { program } from '../../../src/compile/Program.ts'
import { difference, exact } from '../../../src/measure/Close.ts'
import { input, type Expr } from '../../../src/core/Expr.ts'
import { key, uniform } from '../../../src/core/Key.ts'
import { range, size } from '../../../src/core/Shape.ts'
import { tensor, type Tensor } from '../../../src/core/Tensor.ts'
import { evaluate, type Environment } from '../../../src/interpret/evaluate.ts'
import { $ } from '../../../src/ops/registry.ts'
import { right } from '../../runtime/running.ts'

const widths = range(10).map((i) => i + 1)
const rate = input('rate', 'f32', [])
const other = input('other', 'f32', [])
const spread = (scalar: Expr, like: Expr): Expr => $.broadcast(scalar, { shape: like.shape, axes: [] })

/** Momentum descent of nine vectors and a matrix, by a gradient that is not pointwise; one vector has another rate. */
const step = (odd = 4): Readonly<Record<string, Expr>> =>
  Object.fromEntries(
    widths.flatMap((n) => {
      const p = input(`p${n}`, 'f32', n === 10 ? [5, 2] : [n])
      const m = input(`m${n}`, 'f32', p.shape)
      const g = $.mul($.tanh(p), $.mul($.flip(p, { axes: [0] }), n === odd ? $.fill(3, p) : spread(rate, p)))
      const moved = $.add($.mul(m, $.fill(0.9, m)), g)
      return [
        [`m${n}`, moved],
        [`p${n}`, $.sub(p, $.mul(moved, spread(rate, p)))]
      ] as const
    })
  )

const values: Environment = new Map<string, Tensor>([
  ['rate', tensor('f32', [], Float64Array.of(0.1))],
  ...['m', 'p'].flatMap((name, k) =>
    widths.map((n) => {
      const shape = n === 10 ? [5, 2] : [n]
      return [`${name}${n}`, tensor('f32', shape, uniform(key(10 * n + k), size(shape)))] as const
    })
  )
])

/** The elements of ports end to end. */
const joined = (ports: ReadonlyArray<{ readonly name: string }>, from: Environment): Tensor => {
  const data = ports.flatMap(({ name }) => Array.from(from.get(name)?.data ?? []))
  return tensor('f32', [data.length], Float64Array.from(data))
}

describe('packed states', () => {
  const whole = right(program({ ...step(), total: $.sum(input('p3', 'f32', [3]), { axes: [0] }) }))
  const { program: packed, packs } = pack(whole)

  it('are one tensor for all that are updated alike', () => {
    expect(packed.inputs.map(({ name, shape }) => `${name} ${shape}`)).toEqual([
      'm1… 51',
      'p1… 51',
      'm4 4',
      'p4 4',
      'rate '
    ])
    expect(packed.outputs.map(({ name }) => name)).toEqual(['m1…', 'p1…', 'm4', 'p4', 'total'])
    const alike = widths.filter((n) => n !== 4)
    expect(packs.get('p1…')?.map(({ name }) => name)).toEqual(alike.map((n) => `p${n}`))
  })

  it('have the values that they had apart', () => {
    const roots = whole.outputs.map(({ node }) => node)
    const apart = right(evaluate(values)(roots))
    const named = new Map(whole.outputs.map(({ name }, i) => [name, apart[i]!]))
    const flat = new Map([...packs].map(([name, ports]) => [name, joined(ports, values)]))
    const together = right(evaluate(new Map([...values, ...flat]))(packed.outputs.map(({ node }) => node)))
    packed.outputs.forEach(({ name }, i) => {
      const ports = packs.get(name)
      const expected = ports === undefined ? named.get(name)! : joined(ports, named)
      expect(difference(exact, together[i]!, expected), name).toBeUndefined()
    })
  })

  it('cost nodes only for what is not alike', () => {
    expect(emit(packed).nodes).toBeLessThan(emit(whole).nodes * 0.7)
  })

  it('are updated together as far as they are updated alike', () => {
    // So long that its text is not compared: what differs within is found where it is met.
    const long = (x: Expr, f: (y: Expr) => Expr): Expr => range(300).reduce((y) => $.sin(y), f(x))
    const differing = (i: number, x: Expr): ReadonlyArray<Expr> => [
      i % 2 === 0 ? $.exp(x) : $.tanh(x),
      $.mul(x, spread(i % 2 === 0 ? rate : other, x)),
      $.cast($.cast(x, { to: i % 2 === 0 ? 'f16' : 'bf16' }), { to: 'f32' })
    ]
    for (const kind of [0, 1, 2]) {
      const states = right(
        program(
          Object.fromEntries(
            range(10).map((i) => {
              const s = input(`s${i}`, 'f32', [2])
              return [
                `s${i}`,
                $.add(
                  s,
                  long(s, (x) => differing(i + 1, x)[kind]!)
                )
              ] as const
            })
          )
        )
      )
      const numbers = [['rate', 0.1] as const, ['other', 0.2] as const]
      const start = new Map([
        ...numbers.map(([name, value]) => [name, tensor('f32', [], Float64Array.of(value))] as const),
        ...range(10).map((i) => [`s${i}`, tensor('f32', [2], Float64Array.of(0.1 * i, -0.3 * i))] as const)
      ])
      const { program: together, packs } = pack(states)
      const [name, ports] = [...packs][0]!
      const apart = right(evaluate(start)(states.outputs.map(({ node }) => node)))
      const named = new Map(states.outputs.map((port, i) => [port.name, apart[i]!]))
      const [value] = right(
        evaluate(new Map([...start, [name, joined(ports, start)]]))(together.outputs.map(({ node }) => node))
      )

      expect(ports).toHaveLength(10)
      expect(difference(exact, value!, joined(ports, named))).toBeUndefined()
    }
  })

  it('have a name that no port has', () => {
    const states = Object.fromEntries(range(10).map((i) => [`s${i}`, $.neg(input(`s${i}`, 'f32', [2]))]))
    const taken = right(program({ ...states, 's0…': $.exp(input('s0', 'f32', [2])) }))

    expect([...pack(taken).packs.keys()]).toEqual(['s0……'])
  })

  it('are left alone where there are few, where they are large, or where nothing is pointwise', () => {
    const few = right(program({ a: $.neg(input('a', 'f32', [2])) }))
    expect(pack(few).program).toBe(few)
    const states = (shape: ReadonlyArray<number>, f: (x: Expr) => Expr) =>
      right(program(Object.fromEntries(range(10).map((i) => [`s${i}`, f(input(`s${i}`, 'f32', shape))]))))
    expect(pack(states([40_000], $.neg)).packs.size).toBe(0)
    expect(pack(states([4], (x) => $.flip(x, { axes: [0] }))).packs.size).toBe(0)
    expect(pack(states([4], $.neg)).packs.size).toBe(1)
  })
})
