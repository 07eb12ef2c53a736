/**
 * The U-Net of denoising diffusion, ported. The one idea: it is a fold. A level lets its input pass, hands a smaller
 * copy to the levels below, and joins both; the levels wrap one another around the middle.
 * Source: Ho, Jain, Abbeel 2020 (arXiv 2006.11239), Appendix B; Ronneberger et al. 2015 (arXiv 1505.04597).
 */
import { add, concat, convolve, groupNorm, mul, plainly, reshape, silu, transpose, upsampleNearest } from 'fluxion'
import { nn, pipe, type Mapped } from 'fluxion'

type Real = nn.Real
/** What a tree of parameters is in a program. */
type Of<Init extends (...sizes: never) => unknown> = Mapped<ReturnType<Init>, nn.Parameter, Real>
/** From `[batch, channels, rows, columns]` and the vectors of times, `[batch, width]`, to such a picture. */
type Network = (x: Real, time: Real) => Real

export const frequencies = 64
const timeWidth = 128
const alone = { heads: 1, epsilon: 0, qkNorm: false }

// parameters: their names are those of PyTorch's state_dict
const convInit = (from: number, to: number, k = 3) => ({ weight: nn.xavier([to, from, k, k]), bias: nn.zeros([to]) })
const blockInit = (from: number, to: number) => ({
  ...{ norm1: nn.affineInit(from), conv1: convInit(from, to), time: nn.linearInit(timeWidth, to) },
  ...{ norm2: nn.affineInit(to), conv2: convInit(to, to), shortcut: convInit(from, to, 1) }
})
const levelInit = (from: number, to: number) => ({
  ...{ enter: blockInit(from, to), down: convInit(to, to), up: convInit(to, to), leave: blockInit(2 * to, from) }
})
const middleInit = (width: number) => ({
  first: blockInit(width, width),
  ...{ norm: nn.affineInit(width), attention: nn.attentionInit({ ...alone, dim: width }) },
  second: blockInit(width, width)
})

/** Widths from the first level down to the middle. The last convolution begins at zero, and so foretells zero. */
export const unetInit = (channels: number, widths: readonly [number, ...ReadonlyArray<number>]) => ({
  time: nn.perceptronInit(frequencies, timeWidth, timeWidth),
  enter: convInit(channels, widths[0]),
  levels: widths.slice(1).map((to, i) => levelInit(widths[i] ?? to, to)),
  middle: middleInit(widths.at(-1) ?? widths[0]),
  norm: nn.affineInit(widths[0]),
  leave: { weight: nn.zeros([channels, widths[0], 3, 3]), bias: nn.zeros([channels]) }
})

const perChannel = (vector: Real): Real => reshape([-1, 1, 1])(vector)

const conv = ({ weight, bias }: nn.Linear, x: Real, stride = 1): Real => {
  const side = ((weight.shape[2] ?? 1) - 1) / 2
  const settings = { ...plainly(2), stride: [stride, stride], padding: [[side, side] as const, [side, side] as const] }
  return add(convolve(settings)(x, weight), perChannel(bias))
}

const norm = ({ weight, bias }: nn.Affine, x: Real): Real =>
  add(mul(groupNorm(8, 1e-6)(x), perChannel(weight)), perChannel(bias))

/** Two convolutions of what is normalised, between them the time, beside them a shortcut. */
const block = (p: Of<typeof blockInit>, x: Real, time: Real): Real => {
  const shift = reshape([x.shape[0] ?? 1, -1, 1, 1])(nn.linear(p.time, silu(time)))
  const inner = add(conv(p.conv1, silu(norm(p.norm1, x))), shift)
  return add(conv(p.shortcut, x), conv(p.conv2, silu(norm(p.norm2, inner))))
}

/** One resolution with all below it. */
const level =
  (p: Of<typeof levelInit>, below: Network): Network =>
  (x, time) => {
    const passed = block(p.enter, x, time)
    const back = conv(p.up, upsampleNearest([2, 2])(below(conv(p.down, passed, 2), time)))
    return block(p.leave, concat(1)([passed, back]) as Real, time)
  }

/** The lowest, where pixels attend to one another. */
const middle =
  (p: Of<typeof middleInit>): Network =>
  (x, time) => {
    const h = block(p.first, x, time)
    const [batch = 1, dim = 1] = h.shape
    const pixels: Real = pipe(norm(p.norm, h), reshape([batch, dim, -1]), transpose([0, 2, 1]))
    const { output } = nn.attentionParts({ ...alone, dim })(p.attention, pixels, pixels)
    return block(p.second, add(h, reshape(h.shape)(transpose([0, 2, 1])(output))), time)
  }

/** `times` are features of the times, `[batch, frequencies]`; the result is as `x`. */
export const unet =
  (p: Of<typeof unetInit>): Network =>
  (x, times) => {
    const network = p.levels.reduceRight<Network>((below, at) => level(at, below), middle(p.middle))
    const time = nn.perceptron(silu)(p.time, times)
    return conv(p.leave, silu(norm(p.norm, network(conv(p.enter, x), time))))
  }
