/**
 * What batching rules share. The one idea: rows are a new first axis, so that most operations do the same one axis
 * further on. A rule sees the stack of each operand that differs from row to row.
 */
import { apply, type Expr, type Params } from '../core/Expr.ts'
import type { Batch, Builder, Rows } from '../core/Op.ts'
import { range } from '../core/Shape.ts'

// stacks ---------------------------------------------------------------------------------

/** Axes one further on. */
export const up = (axes: ReadonlyArray<number>): ReadonlyArray<number> => axes.map((axis) => axis + 1)

/** The same for every row. */
export const stackOf = ($: Builder, x: Expr, rows: number): Expr =>
  $.broadcast(x, { shape: [rows, ...x.shape], axes: up(range(x.shape.length)) })

/** Every operand as a stack. */
export const stacked = (
  $: Builder,
  { inputs, stacks, rows }: Pick<Rows<never>, 'inputs' | 'stacks' | 'rows'>
): ReadonlyArray<Expr> => inputs.map((x, i) => stacks[i] ?? stackOf($, x, rows))

/** One row of a stack. */
export const rowOf = ($: Builder, stack: Expr, row: number): Expr => {
  const [, ...shape] = stack.shape
  const start = stack.shape.map((_, i) => (i === 0 ? row : 0))
  const cut = $.slice(stack, { start, stop: [row + 1, ...shape], step: stack.shape.map(() => 1) })
  return $.reshape(cut, { shape })
}

/** A run of axes somewhere else: `to` counts the axes that are left. */
export const moved = ($: Builder, x: Expr, from: number, count: number, to: number): Expr => {
  const run = range(count).map((i) => from + i)
  const rest = range(x.shape.length).filter((axis) => !run.includes(axis))
  return from === to ? x : $.transpose(x, { order: [...rest.slice(0, to), ...run, ...rest.slice(to)] })
}

/** The rows of a stack end to end. */
export const merged = ($: Builder, x: Expr): Expr => {
  const [rows = 0, length = 0, ...rest] = x.shape
  return $.reshape(x, { shape: [rows * length, ...rest] })
}

const split = ($: Builder, x: Expr, rows: number): Expr => {
  const [all = 0, ...rest] = x.shape
  return $.reshape(x, { shape: [rows, all / Math.max(1, rows), ...rest] })
}

// rules ----------------------------------------------------------------------------------

/** The same operation on stacks, with other parameters. */
export const shifted =
  <P>(shift: (params: P) => P): Batch<P> =>
  ($) =>
  (site) =>
    apply(site.op, stacked($, site), shift(site.params) as Params)

/** For operations that do not count their axes from the first. */
export const unchanged: Batch<unknown> = shifted((params: unknown) => params)
export const axisUp: Batch<{ readonly axis: number }> = shifted((params) => ({ ...params, axis: params.axis + 1 }))
export const axesUp: Batch<{ readonly axes: ReadonlyArray<number> }> = shifted((params) => ({
  ...params,
  axes: up(params.axes)
}))

/** One operation for each row: for what gives other numbers when it is done for more at once. */
export const rowAfterRow: Batch<unknown> =
  ($) =>
  ({ op, inputs, stacks, params, rows, output }) => {
    const at = (row: number): ReadonlyArray<Expr> =>
      inputs.map((x, i) => (stacks[i] === undefined ? x : rowOf($, stacks[i], row)))
    const result = (row: number): Expr =>
      $.reshape(apply(op, at(row), params as Params), { shape: [1, ...output.shape] })
    return rows === 0
      ? $.fill(0, { dtype: output.dtype, shape: [0, ...output.shape] })
      : $.concat(range(rows).map(result), { axis: 0 })
  }

/** For operations without operands. */
export const sameForAll: Batch<unknown> =
  ($) =>
  ({ output, rows }) =>
    stackOf($, output, rows)

/**
 * Rows of an operand whose first axis is samples anyway are more samples, where the other operands are the same for all
 * rows; otherwise the definition knows.
 */
export const moreSamples: Batch<unknown, Expr | undefined> =
  ($) =>
  ({ op, inputs, stacks, params, rows }) => {
    const [x, ...others] = stacks
    return x === undefined || rows === 0 || others.some((stack) => stack !== undefined)
      ? undefined
      : split($, apply(op, [merged($, x), ...inputs.slice(1)], params as Params), rows)
  }
