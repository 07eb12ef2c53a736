import { describe, expect, it } from 'vitest'
import { gradOf } from '../../src/autodiff/grad.ts'
import { iterate } from '../../src/autodiff/scan.ts'
import { program } from '../../src/compile/Program.ts'
import { portable } from '../../src/compile/wgsl/Target.ts'
import { kernelTable } from '../../src/inspect/kernels.ts'
import { layered, type Diagram } from '../../src/inspect/layered.ts'
import { graphSvg, kernelSvg } from '../../src/inspect/svg.ts'
import { add, gelu, input, matmul, normalise, scale, sin, sum, type Expr } from '../../src/ops/api.ts'
import { kernelSources } from '../../src/runtime/webgpu/sources.ts'
import { right } from '../runtime/running.ts'

const x = input('x & <y>', 'f32', [8, 3])
const w = input('w', 'f32', [3, 3])

const loss = sum('all')(normalise(1e-5)(gelu(scale(0.5)(matmul(x, w)))))
const outputs = { loss, slope: gradOf(loss)({ w }).w }

const diagram = (above: Diagram['above']): Diagram => ({
  above,
  boxes: above.map((_, i) => ({ width: 40 + 10 * (i % 3), sign: `%${i}` }))
})

/** A diamond, a long way round, and a part of its own. */
const tangled = diagram([[], [0], [0], [1, 2], [3], [4], [0, 5], [], [7]])

describe('a layered drawing', () => {
  const { placed, lines, layers } = layered(tangled)

  it('has every node below those that it depends on', () => {
    const upward = tangled.above.flatMap((own, i) =>
      own.filter((j) => (placed[j]?.layer ?? 0) >= (placed[i]?.layer ?? 0))
    )

    expect(upward).toEqual([])
    expect(layers).toBe(6)
  })

  it('has lines from layer to layer, one for each dependence', () => {
    const steps = lines.flatMap((line) =>
      line.slice(1).map((to, i) => (placed[to]?.layer ?? 0) - (placed[line[i] ?? 0]?.layer ?? 0))
    )

    expect(lines).toHaveLength(tangled.above.flat().length)
    expect(new Set(steps)).toEqual(new Set([1]))
  })

  it('has nothing upon another', () => {
    const rows = Array.from({ length: layers }, (_, layer) =>
      placed.filter((at) => at.layer === layer).sort((a, b) => a.x - b.x)
    )
    const overlaps = rows.flatMap((row) =>
      row.slice(1).filter((at, i) => at.x - at.width / 2 < (row[i]?.x ?? 0) + (row[i]?.width ?? 0) / 2)
    )

    expect(overlaps).toEqual([])
  })

  it('has a sign in place of a line over many layers', () => {
    const long = layered(diagram([[], ...Array.from({ length: 12 }, (_, i) => [i]), [0, 12]]))

    expect(long.placed.filter(({ what }) => what === 'sign')).toMatchObject([{ node: 0, layer: 12 }])
    expect(long.placed.filter(({ what }) => what === 'bend')).toEqual([])
  })

  it('of a long program stays on the page', () => {
    const above = Array.from({ length: 300 }, (_, i) => 3 * i).flatMap((trunk) => [
      trunk === 0 ? [] : [trunk - 3, 0],
      [trunk],
      [trunk]
    ])

    expect(layered(diagram(above)).width).toBeLessThan(600)
  })

  it('has its side branches make room for its trunk', () => {
    const above = Array.from({ length: 40 }, (_, i) => 4 * i).flatMap((trunk) => [
      trunk === 0 ? [] : [trunk - 4],
      [trunk],
      [trunk],
      [trunk + 1]
    ])
    const trunk = layered(diagram(above)).placed.filter(({ what, node }) => what === 'node' && node % 4 === 0)
    const steps = trunk.slice(1).map(({ x }, i) => Math.abs(x - (trunk[i]?.x ?? 0)))

    expect(steps.slice(0, 30).reduce((sum, step) => sum + step, 0) / 30).toBeLessThan(8)
  })

  it('has more layers rather than one that is too wide', () => {
    const { placed, layers } = layered(diagram([[], ...Array.from({ length: 200 }, () => [0]), [200]]))
    const rows = Array.from({ length: layers }, (_, layer) => placed.filter((at) => at.layer === layer))
    const widths = rows.map((row) => row.reduce((sum, at) => sum + at.width, 0))
    const layerOf = (node: number): number => placed.find((at) => at.what === 'node' && at.node === node)?.layer ?? NaN

    expect(Math.max(...widths)).toBeLessThan(3000)
    // What more depends on comes first.
    expect([layerOf(0), layerOf(200)]).toEqual([0, 1])
  })

  it('of nothing is empty', () => {
    expect(layered(diagram([]))).toMatchObject({ placed: [], lines: [], width: 0 })
  })
})

describe('the drawing of a graph', () => {
  const svg = graphSvg(outputs)
  const words = [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text ?? '')

  it('has a box for every node, its number in the text of the graph, its type, and the names of outputs', () => {
    expect(words).toContain('contract')
    expect(words).toContain('%2  f32[8,3]')
    expect(words).toContain('loss')
    expect(words).toContain('slope')
  })

  it('has numbers that are the same everywhere in the box that uses them', () => {
    expect(words).toContain('mul 0.5')
    expect(words).not.toContain('0.5')
  })

  it('is well formed, whatever names are', () => {
    expect(words).toContain('x &amp; &lt;y&gt;')
    expect([...svg.matchAll(/<(g|svg|text|title|style|defs|marker)\b/g)].length).toBe(
      [...svg.matchAll(/<\/(g|svg|text|title|style|defs|marker)>/g)].length
    )
  })

  it('is the same every time', () => {
    expect(graphSvg(outputs)).toBe(svg)
  })

  it('has the bodies of loops below it, under their names', () => {
    const y = iterate(3, (z: Expr<'f32'>) => sin(z))(x)

    const svg = graphSvg({ y })

    expect(svg).toContain('>scan @0<')
    expect(svg).toMatch(/class="heading">@0<\/text>[\s\S]*>sin<[\s\S]*>result 0/)
  })

  it('says what is wrong with a node in its place', () => {
    const wrong = add(x as Expr, input('u', 'f32', [4])) as Expr

    expect(graphSvg({ wrong })).toContain('add: shapes differ')
  })
})

describe('the drawing of kernels', () => {
  it('has a box for every launch', () => {
    const table = right(kernelTable(kernelSources(), portable)(right(program({ y: sin(loss), slope: outputs.slope }))))

    const boxes = kernelSvg(table).match(/<g>/g) ?? []

    expect(boxes.length).toBe(table.launches.length)
  })
})
