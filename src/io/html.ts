/** Markup as a value. The one idea: markup has a type of its own, so that plain text cannot enter a page unescaped. */

export interface Html {
  readonly _tag: 'Html'
  readonly text: string
}

export type Part = string | number | Html | ReadonlyArray<Html>

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;'
}

export const escape = (text: string): string => text.replace(/[&<>"']/g, (letter) => entities[letter] ?? letter)

const isList = (part: Part): part is ReadonlyArray<Html> => Array.isArray(part)

const shown = (part: Part): string => {
  if (typeof part === 'string' || typeof part === 'number') return escape(String(part))
  return isList(part) ? part.map(({ text }) => text).join('\n') : part.text
}

/** Markup with parts set in: text and numbers are escaped, markup and lists of it are not. */
export const markup = (template: TemplateStringsArray, ...parts: ReadonlyArray<Part>): Html => ({
  _tag: 'Html',
  text: template.map((text, i) => text + (i < parts.length ? shown(parts[i] ?? '') : '')).join('')
})

/** Nothing at all. */
export const nothing: Html = { _tag: 'Html', text: '' }
