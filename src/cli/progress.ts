/** What a person sees while a command works: one line, a pure function of where a run is, and where it is shown. */

export interface Progress {
  readonly label: string
  /** What is counted. */
  readonly unit: 'step' | 'clip'
  readonly done: number
  readonly total: number
  /** Seconds since the run (or its resumption) began, and how many were done then. */
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

export const render = ({ label, unit, done, total, seconds, began, metrics }: Progress): string => {
  const perUnit = done > began ? seconds / (done - began) : NaN
  const left = duration(perUnit * (total - done))
  const pace = Number.isNaN(perUnit)
    ? ''
    : ` ${figure(perUnit < 1 ? perUnit * 1000 : perUnit)} ${perUnit < 1 ? 'ms' : 's'}/${unit}`
  const numbers = Object.entries(metrics).map(([name, value]) => `${name} ${figure(value)}`)
  return [`${label} ${bar(done / total, 16)} ${done}/${total}${pace}, ${left} left`, ...numbers].join('  ')
}

/** A line of its own, beside what the command prints. */
export const say = (what: string): void => void process.stderr.write(`${what}\n`)

/** A line that changes: in place in a terminal, now and then in a pipe. */
export interface Screen {
  readonly show: (line: string) => void
  /** Leaves the newest line standing; the next one begins anew. */
  readonly end: () => void
}

export const screen = (out: NodeJS.WriteStream, everySeconds = 30): Screen => {
  const state = { shown: 0, hidden: '', any: false } // local
  const wait = out.isTTY ? 100 : everySeconds * 1000
  const put = (line: string): void => {
    out.write(out.isTTY ? `\r\u001b[2K${line.slice(0, Math.max(20, (out.columns ?? 120) - 1))}` : `${line}\n`)
    state.hidden = ''
    state.any = true
  }
  return {
    show: (line) => {
      const now = Date.now()
      if (now - state.shown < wait) {
        state.hidden = line
        return
      }
      state.shown = now
      put(line)
    },
    end: () => {
      if (state.hidden !== '') put(state.hidden)
      if (out.isTTY && state.any) out.write('\n')
      state.shown = 0
      state.any = false
    }
  }
}
