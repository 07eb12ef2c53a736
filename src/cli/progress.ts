/** What a person sees while a command works: one line, a pure function of where a run is, and where it is shown. */

export interface Progress {
  readonly label: string
  readonly done: number
  readonly total: number
  /** Seconds since the run (or its resumption) began, and how many steps it had then. */
  readonly seconds: number
  readonly began: number
  readonly metrics: Readonly<Record<string, number>>
}

const bar = (fraction: number, width: number): string => {
  const full = Math.round(Math.min(1, Math.max(0, fraction)) * width)
  return '█'.repeat(full) + '░'.repeat(width - full)
}

/** `1h02m`, `3m20s`, `12s`. */
export const duration = (seconds: number): string => {
  if (!Number.isFinite(seconds)) return '…'
  const s = Math.max(0, Math.round(seconds))
  const two = (n: number): string => String(n).padStart(2, '0')
  if (s >= 3600) return `${Math.floor(s / 3600)}h${two(Math.floor((s % 3600) / 60))}m`
  return s >= 60 ? `${Math.floor(s / 60)}m${two(s % 60)}s` : `${s}s`
}

/** Four significant digits, never more characters than needed. */
export const figure = (value: number): string =>
  Number.isInteger(value) && Math.abs(value) < 1e6 ? String(value) : String(Number(value.toPrecision(4)))

export const render = ({ label, done, total, seconds, began, metrics }: Progress): string => {
  const perStep = done > began ? seconds / (done - began) : NaN
  const left = duration(perStep * (total - done))
  const pace = Number.isNaN(perStep)
    ? ''
    : ` ${figure(perStep < 1 ? perStep * 1000 : perStep)} ${perStep < 1 ? 'ms' : 's'}/step`
  const numbers = Object.entries(metrics).map(([name, value]) => `${name} ${figure(value)}`)
  return [`${label} ${bar(done / total, 16)} ${done}/${total}${pace}, ${left} left`, ...numbers].join('  ')
}

/** A line of its own, beside what the command prints. */
export const say = (what: string): void => void process.stderr.write(`${what}\n`)

/** Writes lines to a terminal in place, or now and then to a pipe. */
export interface Screen {
  readonly show: (line: string) => void
  readonly end: () => void
}

export const screen = (out: NodeJS.WriteStream, everySeconds = 30): Screen => {
  const state = { shown: 0, last: '', any: false } // local
  return {
    show: (line) => {
      const now = Date.now()
      if (!out.isTTY && now - state.shown < everySeconds * 1000) return
      if (out.isTTY && now - state.shown < 100) return
      state.shown = now
      state.any = true
      out.write(out.isTTY ? `\r\u001b[2K${line.slice(0, Math.max(20, (out.columns ?? 120) - 1))}` : `${line}\n`)
    },
    end: () => {
      if (out.isTTY && state.any) out.write('\n')
    }
  }
}
