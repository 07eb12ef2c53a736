import { describe, expect, it } from 'vitest'
import { batched } from '../../src/autodiff/batched.ts'
import { checkpoint } from '../../src/autodiff/checkpoint.ts'
import { customVjp } from '../../src/autodiff/custom.ts'
import { gradOf } from '../../src/autodiff/grad.ts'
import { jvp } from '../../src/autodiff/jvp.ts'
import { iterate } from '../../src/autodiff/scan.ts'
import { vjp } from '../../src/autodiff/vjp.ts'
import { apply, literal } from '../../src/core/Expr.ts'
import { E } from '../../src/core/fp.ts'
import { tensor } from '../../src/core/Tensor.ts'
import { known, operationsOf } from '../../src/interpret/listing.ts'
import { parse, parseWith, showUnreadable } from '../../src/interpret/parse.ts'
import { show } from '../../src/interpret/show.ts'
import { add, exp, input, mul, pad, scale, sin, square, sum, zerosLike, type Expr } from '../../src/ops/api.ts'
import { $, ops } from '../../src/ops/registry.ts'

const x = input('x', 'f32', [2, 3])
const v = input('v', 'f32', [2])

const why = (text: string): string => {
  const read = parse(text)
  return E.isLeft(read) ? showUnreadable(read.left) : 'was read'
}

/** Steps within steps, a recomputed part in each. */
const nested = iterate(2, (y: Expr<'f32'>) =>
  iterate(3, (z: Expr<'f32'>) => checkpoint((w: Expr<'f32'>) => sin(exp(w)))(add(z, v)) as Expr<'f32'>)(y)
)(v)

describe('the text of a graph', () => {
  it('has a node on each line, after its operands', () => {
    expect(show([sum([1])(square(x)), x])).toBe(
      [
        '%0 = input "x" : f32[2,3]',
        '%1 = mul(%0, %0) : f32[2,3]',
        '%2 = sum(%1) {"axes":[1]} : f32[2]',
        'return %2, %0'
      ].join('\n')
    )
  })

  it('gives back the same objects', () => {
    const roots = [sum('all')(scale(-0.1)(x)), pad([[1, 0], [0, 2]], -Infinity)(x)] // prettier-ignore

    expect(parse(show(roots))).toEqual(E.right(roots))
  })

  it('keeps names that look like text of its own', () => {
    const odd = input('a" : f32[1] = %0\n\\', 'f32', [])

    expect(parse(show([odd]))).toEqual(E.right([odd]))
  })

  it('keeps every number of a constant, whatever its type', () => {
    const values = [0.1, -0, 1e-45, 1.7976931348623157e308, NaN, -Infinity]
    const roots = [
      literal(tensor('f32', [2, 3], Float64Array.from(values))),
      literal(tensor('f32', [6], Float32Array.from(values))),
      literal(tensor('u32', [1], Uint32Array.of(2 ** 32 - 1))),
      literal(tensor('bool', [2], Uint8Array.of(1, 0))),
      literal(tensor('bf16', [0, 3], new Float64Array()))
    ]

    const read = parse(show(roots))

    expect(E.isRight(read) && read.right.map((node, i) => node === roots[i])).toEqual([true, true, true, true, true])
  })

  it('keeps every kind of parameter', () => {
    const params = {
      text: '#-0 "@" } : f32[2] \n',
      '@': 1,
      none: undefined,
      nothing: null,
      yes: true,
      numbers: [NaN, -0, -Infinity, 1e21, 1e-7],
      inner: { '': [], '@@': {} }
    }
    const node = apply(ops['sin']!, [x], params)

    expect(parse(show([node]))).toEqual(E.right([node]))
  })

  it('has the bodies of loops before the graph, each once', () => {
    const twice = iterate(3, (y: Expr<'f32'>) => add(y, y))

    expect(
      show([twice(v), twice(input('w', 'f32', [2]))])
        .split('\n')
        .slice(0, 8)
    ).toEqual([
      '@0 = function(%0, %1)',
      '  %0 = input "%0" : f32[2]',
      '  %1 = input "%1" : i32[]',
      '  %2 = add(%0, %0) : f32[2]',
      '  return %2, %0',
      '%0 = input "v" : f32[2]',
      '%1 = iota() {"shape":[3],"axis":0,"dtype":"i32"} : i32[3]',
      '%2 = scan(%0, %1) {"body":{"@":0},"carries":1,"sequences":1,"steps":3,"reverse":false,"kept":true,"dtype":"f32"} : f32[8]'
    ])
  })

  it('brings functions within functions back, and their gradients', () => {
    const { v: slope } = gradOf(sum('all')(nested))({ v })

    const read = parse(show([nested, slope]))

    expect(E.isRight(read) && read.right[0] === nested && read.right[1] === slope).toBe(true)
  })

  it('brings every example of every operation back', () => {
    const nodes = Object.values(ops).flatMap((op) =>
      op.examples.map(({ params, inputs }) =>
        apply(
          op,
          inputs.map(({ dtype, shape }, i) => input(`x${i}`, dtype, shape)),
          params
        )
      )
    )

    const read = parse(show(nodes))

    expect(nodes.length).toBeGreaterThan(100)
    expect(E.isRight(read) && nodes.filter((node, i) => node !== read.right[i])).toEqual([])
  })

  it('brings derivatives, rows and recomputed parts of every smooth example back', () => {
    const roots = Object.values(ops).flatMap((op) =>
      op.examples.slice(0, 1).flatMap(({ params, inputs }): ReadonlyArray<Expr> => {
        const operands = inputs.map(({ dtype, shape }, i) => input(`x${i}`, dtype, shape))
        const real = operands.filter(({ dtype }) => dtype === 'f32')
        const node = apply(op, operands, params)
        const whole = checkpoint((...xs: ReadonlyArray<Expr>) => apply(op, xs, params))(...operands)
        if (node.dtype !== 'f32' || real.length === 0) return [node]
        const stacks = real.map((x, i) => input(`rows${i}`, 'f32', [3, ...x.shape]))
        return [...vjp([whole], real)([node]), ...jvp([node], real)(real), ...batched([node], real, stacks, 3)]
      })
    )
    const sound = roots.filter(({ faults }) => faults.length === 0)

    const read = parse(show(sound))

    expect(sound.length).toBeGreaterThan(150)
    expect(E.isRight(read) && sound.filter((node, i) => node !== read.right[i])).toEqual([])
  })

  it('tells operations of one name apart, and is read back with the operations of the graph', () => {
    const straight = customVjp(
      (y: Expr) => $.floor(y),
      ({ cotangent }) => [cotangent]
    )
    const blocked = customVjp(
      (y: Expr) => $.sin(y),
      ({ cotangent }) => [zerosLike(cotangent)]
    )
    const roots = [mul(blocked(straight(v)), v)]

    expect(show(roots)).toContain('customVjp#2(')
    expect(parseWith(operationsOf(roots))(show(roots))).toEqual(E.right(roots))
    expect(why(show(roots))).toBe(
      "10:6: the derivative of 'customVjp' is a function, which is not written down; read it with operationsOf the graph, or with the operation itself"
    )
  })

  it('says what is wrong where something is', () => {
    expect(show([$.add(x, input('y', 'f32', [4]))])).toContain('add(%0, %1) ! add: shapes differ, [2,3] and [4]')
  })

  it('brings faults back with the graph', () => {
    const wrong: Expr = $.add(x, input('y', 'f32', [4]))

    expect(parse(show([wrong]))).toEqual(E.right([wrong]))
  })

  it('goes as deep as memory', () => {
    const deep = Array.from({ length: 20_000 }).reduce<Expr>((y) => sin(y), v)

    const read = parse(show([deep]))

    expect(E.isRight(read) && read.right[0] === deep).toBe(true)
  })
})

describe('a text that is not of a graph', () => {
  const head = '%0 = input "x" : f32[2]\n'

  it('is refused at the place that cannot be read', () => {
    expect(why(`${head}%1 = sinh(%0) : f32[2]\nreturn %1`)).toBe(
      "2:6: there is no operation 'sinh'; if it is your own, read with your operations among the others"
    )
    expect(why(`${head}%1 = add(%0, %7) : f32[2]\nreturn %1`)).toBe('2:14: %7 is not defined above')
    expect(why(`${head}%1 = sin(%0) : f32[3]\nreturn %1`)).toBe('2:16: it says f32[3], and the operation gives f32[2]')
    expect(why(`${head}%1 = sin(%0) : f64[3]\nreturn %1`)).toBe(
      '2:16: here should be an element type: f32, f16, bf16, i32, u32, bool'
    )
    expect(why('%0 = input "x" : f32[2]')).toBe('1:24: the text ends without a return; name the results: return %0')
    expect(why('x = 3')).toBe('1:1: here should be the name of a node, such as %0')
    expect(why(`${head}%1 = sum(%0) {axes} : f32[]\nreturn %1`)).toBe('2:15: here should be a string in double quotes')
    expect(why(`${head}%1 = sum(%0) {"axes":[0} : f32[]\nreturn %1`)).toBe("2:24: here should be ']'")
    expect(why(`${head}%1 = sum(%0) {"axes":[0]}`)).toBe('2:26: here should be a space, where the line ends')
    expect(why(`${head}%0 = sin(%0) : f32[2]`)).toBe('2:1: %0 is defined twice; give it another name')
    expect(why('%0 = constant 1 2 : f32[3]\nreturn %0')).toBe('1:15: [3] has 3 elements, and 2 are given')
    expect(why(`${head}return %1`)).toBe('2:8: %1 is not defined above')
  })

  it('is refused where its functions do not fit', () => {
    const body = '@0 = function(%0)\n  %0 = input "%0" : f32[2]\n'

    expect(why(`${body}@1 = function()`)).toBe('3:1: @0 has not ended; end it with a return')
    expect(why(`${head}@0 = function()`)).toBe('2:1: functions stand before the nodes of the graph; move it up')
    expect(why('@3 = function()')).toBe('1:1: the next function is @0, not @3')
    expect(why(`@0 = function(%4)\n  return`)).toBe(
      '2:1: %4 is not defined above in @0, which says that it is a variable'
    )
    expect(why(`${body}  return %0\n${head}%1 = checkpoint(%0) {"@":1} : f32[2]\nreturn %1`)).toBe(
      '5:21: there is no function @1 before it'
    )
  })

  it('is refused where it is nothing but a fault', () => {
    expect(why('%0 = input "" ! add: shapes differ, [2] and [3]\nreturn %0')).toBe(
      '1:14: this node is nothing but a fault, and no graph has it; show the graph once it is mended'
    )
  })
})

it('the operations that a name tells are those of the registry, and what transformations bring', () => {
  expect(Object.keys(known).filter((name) => ops[name] === undefined)).toEqual(['scan', 'checkpoint'])
})
