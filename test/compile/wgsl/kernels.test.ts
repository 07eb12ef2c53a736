import { describe, expect, it } from 'vitest'
import { declarations, holes, specialise, type KernelName } from '../../../src/compile/wgsl/kernels.ts'
import { kernelSources } from '../../../src/runtime/webgpu/sources.ts'

const sources = kernelSources()
const names = Object.keys(holes) as ReadonlyArray<KernelName>

describe('hand-written kernels', () => {
  for (const name of names) {
    it(`declare every hole of ${name}, each once`, () => {
      const declared = declarations(sources[name]).map((d) => d.name)

      for (const hole of holes[name]) expect(declared.filter((d) => d === hole)).toEqual([hole])
    })

    it(`are split and put together without loss: ${name}`, () => {
      const code = (text: string): string =>
        text
          .replace(/^\/\/.*$/gm, '')
          .replace(/\s+/g, ' ')
          .trim()

      expect(code(specialise(sources[name], new Map()))).toBe(code(sources[name]))
    })
  }

  it('keep all else when one declaration is replaced', () => {
    const source = 'const A = 1u;\n// what it is\nfn f() -> u32 {\n  return A;\n}\nfn g() -> u32 { return f(); }\n'

    expect(specialise(source, new Map([['f', 'fn f() -> u32 { return 2u; }']]))).toBe(
      'const A = 1u;\nfn f() -> u32 { return 2u; }\nfn g() -> u32 { return f(); }\n'
    )
  })
})
