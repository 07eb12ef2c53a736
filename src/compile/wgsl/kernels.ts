/**
 * Hand-written kernels: complete WGSL modules, specialised by replacing whole declarations by name. What may be replaced
 * (the holes) is listed here; a test holds the list to the files.
 */

/** Texts of the modules in `kernels/`, by file name without its ending. */
export type KernelSources = Readonly<Record<KernelName, string>>
export type KernelName = 'contractTile' | 'contractSubgroup'

const contraction = ['a', 'b', 'c', 'sizes', 'startA', 'startB', 'loadA', 'loadB', 'store'] as const

export const holes: Readonly<Record<KernelName, ReadonlyArray<string>>> = {
  contractTile: [...contraction, 'ALONG_K'],
  contractSubgroup: [...contraction, 'LANES', 'QUADS']
}

// declarations ---------------------------------------------------------------------------

export interface Declaration {
  /** Empty for comments and directives. */
  readonly name: string
  readonly text: string
}

const nameOf = (line: string): string =>
  /^(?:@\w+(?:\([^)]*\))?\s+)*(?:fn|struct|alias|const|override|var(?:<[^>]*>)?)\s+(\w+)/.exec(line)?.[1] ?? ''

/** A line that begins a declaration: not indented, not a closing bracket, not a comment. */
const begins = (line: string): boolean => /^[@a-z]/.test(line)

/** The top-level declarations of a module; comments and blank lines belong to what follows them. */
export const declarations = (source: string): ReadonlyArray<Declaration> => {
  const out: Array<{ name: string; lines: Array<string> }> = [] // local
  const pending: Array<string> = []
  const state = { open: false }
  for (const line of source.split('\n')) {
    const attribute = out.at(-1)
    if (begins(line) && attribute !== undefined && attribute.name === '' && attribute.lines.at(-1)?.startsWith('@')) {
      attribute.name = nameOf(line)
      attribute.lines.push(line)
      state.open = !/[;}]\s*(\/\/.*)?$/.test(line)
    } else if (begins(line)) {
      out.push({ name: nameOf(line), lines: [...pending.splice(0), line] })
      state.open = !/[;}]\s*(\/\/.*)?$/.test(line)
    } else if (state.open) {
      attribute?.lines.push(line)
      state.open = !line.startsWith('}')
    } else pending.push(line)
  }
  return out.map(({ name, lines }) => ({ name, text: lines.join('\n') }))
}

/** The code of a declaration, without the comments before it. */
const code = (text: string): string =>
  text
    .split('\n')
    .filter((line) => !line.startsWith('//'))
    .join('\n')
    .trim()

/** The module with declarations replaced by name, and more appended: the order of declarations means nothing in WGSL. */
export const specialise = (
  source: string,
  replacements: ReadonlyMap<string, string>,
  more: ReadonlyArray<string> = []
): string => {
  const parts = declarations(source).map(({ name, text }) => replacements.get(name) ?? code(text))
  return `${[...parts, ...more].join('\n')}\n`
}
