/** Data sets, prepared from packages: the same bytes on every machine. */
export * as DataFault from './data/DataFault.ts'
export * as digits from './data/digits.ts'
export * as movingDigits from './data/movingDigits.ts'
export * as vocabulary from './data/vocabulary.ts'
