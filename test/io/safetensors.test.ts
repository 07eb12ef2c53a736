import fc from 'fast-check'
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { difference, exact } from '../../src/measure/Close.ts'
import type { DType } from '../../src/core/DType.ts'
import { E, type TE } from '../../src/core/fp.ts'
import { size } from '../../src/core/Shape.ts'
import { elements, floats, tensor, type Tensor } from '../../src/core/Tensor.ts'
import { show, type IoFault } from '../../src/io/IoFault.ts'
import { read, readHeader, readSome, readTensor, write, type Tensors } from '../../src/io/safetensors.ts'

const folder = mkdtempSync(join(tmpdir(), 'safetensors-'))
afterAll(() => rmSync(folder, { recursive: true }))

const file = (name: string): string => join(folder, name)
const right = async <A>(task: TE.TaskEither<IoFault, A>): Promise<A> => {
  const result = await task()
  if (E.isLeft(result)) throw new Error(show(result.left))
  return result.right
}
const sentence = async (task: TE.TaskEither<IoFault, unknown>): Promise<string> => {
  const result = await task()
  return E.isLeft(result) ? show(result.left).replace(`${folder}/`, '') : 'no fault'
}

// A file made by hand, so that reading is not only the inverse of writing
const raw = (name: string, header: string, body: Uint8Array): string => {
  const text = Buffer.from(header)
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(text.length))
  writeFileSync(file(name), Buffer.concat([length, text, body]))
  return file(name)
}

const ranges: Readonly<Record<DType, fc.Arbitrary<number>>> = {
  f32: fc.float(),
  // Multiples of 1/8 below 16 are numbers of every float type
  f16: fc.integer({ min: -127, max: 127 }).map((n) => n / 8),
  bf16: fc.integer({ min: -127, max: 127 }).map((n) => n / 8),
  i32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
  u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  bool: fc.integer({ min: 0, max: 1 })
}

const drawn: fc.Arbitrary<Tensor> = fc
  .tuple(
    fc.constantFrom<DType>('f32', 'f16', 'bf16', 'i32', 'u32', 'bool'),
    fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 })
  )
  .chain(([dtype, shape]) =>
    fc.array(ranges[dtype], { minLength: size(shape), maxLength: size(shape) }).map((values) => {
      const data = elements(dtype, values.length)
      data.set(values)
      return tensor(dtype, shape, data)
    })
  )

const named: fc.Arbitrary<Tensors> = fc
  .dictionary(fc.string({ unit: 'grapheme' }), drawn, { maxKeys: 6 })
  .map((record) => new Map(Object.entries(record).filter(([name]) => name !== '__metadata__')))

const differences = (a: Tensors, b: Tensors): ReadonlyArray<string> =>
  [...a].flatMap(([name, x]) => {
    const y = b.get(name)
    const found = y === undefined ? 'missing' : x.dtype !== y.dtype ? 'dtype' : difference(exact, x, y)
    return found === undefined ? [] : [`${name}: ${found}`]
  })

describe('safetensors', () => {
  it('reads what it wrote, whatever the names, shapes and element types', async () => {
    const path = file('round')
    await fc.assert(
      fc.asyncProperty(named, fc.dictionary(fc.string(), fc.string()), async (tensors, metadata) => {
        await right(write(path, tensors, metadata))
        const back = await right(read(path))

        expect(differences(tensors, back.tensors)).toEqual([])
        expect(back.tensors.size).toBe(tensors.size)
        expect(back.metadata).toEqual({ ...metadata })
      }),
      { numRuns: 60 }
    )
  })

  it('has bytes that do not depend on the order in which tensors are given', async () => {
    const tensors: ReadonlyArray<readonly [string, Tensor]> = [
      ['flag', tensor('bool', [3], Uint8Array.of(1, 0, 1))],
      ['b', floats([2], [1, 2])],
      ['a', tensor('bf16', [1], Float32Array.of(3))]
    ]
    const forwards = await right(write(file('one'), new Map(tensors)))
    const backwards = await right(write(file('two'), new Map([...tensors].reverse())))

    expect(backwards).toEqual(forwards)
    expect(readFileSync(file('one'))).toEqual(readFileSync(file('two')))
  })

  it('has the layout of the format: header of whole eights, largest elements first, no gaps', async () => {
    const tensors: Tensors = new Map([
      ['flag', tensor('bool', [3], Uint8Array.of(1, 0, 1))],
      ['half', tensor('f16', [1], Float32Array.of(1))],
      ['word', floats([2], [1, -2])]
    ])
    await right(write(file('layout'), tensors, { step: '7' }))

    const bytes = readFileSync(file('layout'))
    const count = Number(bytes.readBigUInt64LE())
    expect(count % 8).toBe(0)
    expect(JSON.parse(bytes.subarray(8, 8 + count).toString())).toEqual({
      __metadata__: { step: '7' },
      word: { dtype: 'F32', shape: [2], data_offsets: [0, 8] },
      half: { dtype: 'F16', shape: [1], data_offsets: [8, 10] },
      flag: { dtype: 'BOOL', shape: [3], data_offsets: [10, 13] }
    })
    expect(bytes.subarray(8 + count).toString('hex')).toBe('0000803f000000c0' + '003c' + '010001')
  })

  it('reads doubles as doubles and 64-bit integers as 32-bit ones', async () => {
    const body = Buffer.alloc(24)
    body.writeDoubleLE(Math.PI, 0)
    body.writeBigInt64LE(-5n, 8)
    body.writeBigInt64LE(2_147_483_647n, 16)
    const header =
      '{"d":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"n":{"dtype":"I64","shape":[2],"data_offsets":[8,24]}}'
    const { tensors } = await right(read(raw('wide', header, body)))

    expect(tensors.get('d')).toEqual(tensor('f32', [1], Float64Array.of(Math.PI)))
    expect(tensors.get('n')).toEqual(tensor('i32', [2], Int32Array.of(-5, 2_147_483_647)))
  })

  it('refuses a 64-bit integer that does not fit', async () => {
    const body = Buffer.alloc(8)
    body.writeBigInt64LE(2n ** 31n)
    const path = raw('over', '{"n":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}', body)

    expect(await sentence(read(path))).toBe("over: tensor 'n' holds 2147483648, which does not fit in 32 bits")
  })

  it('reads one tensor, or some, of a file', async () => {
    const tensors: Tensors = new Map([
      ['a', floats([2], [1, 2])],
      ['b', floats([], [3])],
      ['c', floats([1], [4])]
    ])
    await right(write(file('some'), tensors))

    expect((await right(readTensor(file('some'), 'b'))).data).toEqual(Float32Array.of(3))
    expect([...(await right(readSome(file('some'), ['c', 'a']))).keys()]).toEqual(['c', 'a'])
    expect(await sentence(readTensor(file('some'), 'd'))).toBe("some: no tensor 'd'; there are a, b, c")
  })

  it('reads a tensor of more than one piece', async () => {
    const data = Float32Array.from({ length: 9_000_003 }, (_, i) => i % 251)
    await right(
      write(
        file('large'),
        new Map([
          ['x', tensor('bf16', [data.length], data)],
          ['y', tensor('f32', [data.length], data)]
        ])
      )
    )

    const bytes = Buffer.from(data.buffer)
    for (const name of ['x', 'y']) {
      const back = (await right(readTensor(file('large'), name))).data
      expect(Buffer.compare(Buffer.from(back.buffer), bytes)).toBe(0)
    }
  })

  it('refuses a file that is shorter or longer than its header says, at every length', async () => {
    await right(write(file('whole'), new Map([['x', floats([4], [1, 2, 3, 4])]])))
    const bytes = readFileSync(file('whole'))
    for (let length = 0; length < bytes.length; length++) {
      writeFileSync(file('cut'), bytes)
      truncateSync(file('cut'), length)
      expect(await sentence(read(file('cut')))).toMatch(/^cut: truncated, expected \d+ bytes, found \d+$/)
    }
    writeFileSync(file('cut'), bytes.subarray(0, bytes.length - 3))
    expect(await sentence(read(file('cut')))).toBe(
      `cut: truncated, expected ${bytes.length} bytes, found ${bytes.length - 3}`
    )
    writeFileSync(file('long'), Buffer.concat([bytes, Buffer.from('x')]))
    expect(await sentence(read(file('long')))).toBe(
      `long: too long, expected ${bytes.length} bytes, found ${bytes.length + 1}`
    )
  })

  it.each([
    ['{"x":', 'its header is not JSON'],
    ['[1]', 'its header does not begin with {'],
    ['{"x":3}', "the entry of 'x' is not an object"],
    ['{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}', "the shape of 'x' is not a list of sizes"],
    ['{"x":{"dtype":"F32","shape":[1],"data_offsets":[0]}}', "the offsets of 'x' are not two numbers"],
    ['{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}', "'x' is [2] of F32, 8 bytes, and its offsets span 4"],
    ['{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}', "'x' overlaps another tensor or leaves a gap"],
    [
      '{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"y":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}',
      "'y' overlaps another tensor or leaves a gap"
    ],
    ['{"__metadata__":{"a":1}}', 'its metadata is not a table of strings']
  ])('refuses the header %s', async (header, why) => {
    expect(await sentence(readHeader(raw('bad', header, Buffer.alloc(4))))).toBe(`bad: not a safetensors file, ${why}`)
  })

  it('says what is wrong with a file of another kind', async () => {
    writeFileSync(file('text'), Buffer.concat([Buffer.from('\x20\0\0\0\0\0\0\0'), Buffer.from('hello')]))
    expect(await sentence(read(file('text')))).toBe('text: not a safetensors file, its header does not begin with {')
    writeFileSync(file('text'), 'hello, world')
    expect(await sentence(read(file('text')))).toMatch(/^text: not a safetensors file, its header would have \d+ bytes/)
    expect(await sentence(read(file('none')))).toBe('none: no such file or folder')
    const odd = raw('odd', '{"x":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}', Buffer.alloc(1))
    expect(await sentence(read(odd))).toBe("odd: tensor 'x' has element type F8_E4M3, which is not supported")
  })

  it('refuses to write a tensor whose elements do not fill its shape, and leaves the old file', async () => {
    await right(write(file('kept'), new Map([['x', floats([1], [1])]])))
    const wrong = write(file('kept'), new Map([['x', tensor('f32', [3], Float32Array.of(1, 2))]]))

    expect(await sentence(wrong)).toBe("tensor 'x': [3] does not have 2 elements")
    expect((await right(readTensor(file('kept'), 'x'))).data).toEqual(Float32Array.of(1))
    expect(readdirSync(folder).filter((name) => name.endsWith('.unfinished'))).toEqual([])
  })
})
