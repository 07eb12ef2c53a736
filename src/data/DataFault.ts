/** What can be wrong with data, as data. A sentence is made of it in one place, `show`. */
import { absurd } from '../core/fp.ts'

export type DataFault =
  | { readonly _tag: 'NoDigits'; readonly why: string }
  | {
      readonly _tag: 'UnknownWord'
      readonly word: string
      readonly caption: string
      readonly known: ReadonlyArray<string>
    }
  | { readonly _tag: 'TooManyWords'; readonly caption: string; readonly words: number; readonly limit: number }
  | { readonly _tag: 'NoCaption'; readonly caption: string; readonly example: string }

export const show = (fault: DataFault): string => {
  switch (fault._tag) {
    case 'NoDigits':
      return `images of digits: ${fault.why}; install the package mnist`
    case 'UnknownWord':
      return `caption "${fault.caption}": unknown word "${fault.word}"; known are ${fault.known.join(', ')}`
    case 'TooManyWords':
      return `caption "${fault.caption}": ${fault.words} words, the limit is ${fault.limit}`
    case 'NoCaption':
      return `caption "${fault.caption}": not of the form "${fault.example}"`
    default:
      return absurd(fault)
  }
}
