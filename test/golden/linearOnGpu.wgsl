struct Sizes {
  // Batch, rows, columns, depth.
  shape: vec4<u32>,
  // Where a batch begins in `a` and in `b`: z = n · x + m begins at n · y + m · z + w.
  a: vec4<u32>,
  b: vec4<u32>,
  // Strides of `a` along rows and depth, of `b` along depth and columns.
  steps: vec4<u32>,
}
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read_write> c: array<vec4<f32>>;
@group(0) @binding(4) var<uniform> sizes: Sizes;
const ALONG_K = true;
const TILE = 64u;
const DEPTH = 16u;
var<workgroup> tileA: array<array<f32, 68>, 16>;
var<workgroup> tileB: array<array<vec4<f32>, 16>, 16>;
fn startA(z: u32) -> u32 {
  return z / sizes.a.x * sizes.a.y + z % sizes.a.x * sizes.a.z + sizes.a.w;
}
fn startB(z: u32) -> u32 {
  return z / sizes.b.x * sizes.b.y + z % sizes.b.x * sizes.b.z + sizes.b.w;
}
fn loadA(z: u32, start: u32, i: u32, k: u32) -> f32 {
  return a[start + i * sizes.steps.x + k * sizes.steps.y];
}
fn loadB(z: u32, start: u32, k: u32, q: u32) -> vec4<f32> {
  return b[(start + k * sizes.steps.z) / 4u + q];
}
fn store(z: u32, i: u32, q: u32, value: vec4<f32>) {
  let e0 = x0[q];
  c[(z * 48u + i) * 24u + q] = vec4<f32>(element(value.x, e0.x), element(value.y, e0.y), element(value.z, e0.z), element(value.w, e0.w));
}
@compute @workgroup_size(256, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let z = group.z;
  let fromA = startA(z);
  let fromB = startB(z);
  let rows = sizes.shape.y;
  let depth = sizes.shape.w;
  let quads = (sizes.shape.z + 3u) / 4u;
  let i0 = group.x * TILE;
  let q0 = group.y * (TILE / 4u);
  let x = lane % 16u;
  let y = lane / 16u;

  var total = mat4x4<f32>();
  for (var k0 = 0u; k0 < depth; k0 += DEPTH) {
    for (var step = 0u; step < 4u; step++) {
      let i = select(step * 16u + x, step * 16u + y, ALONG_K);
      let k = select(y, x, ALONG_K);
      // Beyond the operand's end the tile holds zeros, which add nothing.
      let value = loadA(z, fromA, min(i0 + i, rows - 1u), min(k0 + k, depth - 1u));
      tileA[k][i] = select(0.0, value, k0 + k < depth);
    }
    let row = loadB(z, fromB, min(k0 + y, depth - 1u), min(q0 + x, quads - 1u));
    tileB[y][x] = select(vec4<f32>(), row, k0 + y < depth);
    workgroupBarrier();
    for (var k = 0u; k < DEPTH; k++) {
      let right = tileB[k][x];
      for (var row = 0u; row < 4u; row++) {
        total[row] += tileA[k][y * 4u + row] * right;
      }
    }
    workgroupBarrier();
  }
  for (var row = 0u; row < 4u; row++) {
    let i = i0 + y * 4u + row;
    if (i < rows && q0 + x < quads) {
      store(z, i, q0 + x, total[row]);
    }
  }
}
@group(0) @binding(2) var<storage, read> x0: array<vec4<f32>>;
fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}
fn or_nan(x: f32, y: f32) -> f32 {
  return select(y, x, is_nan(x));
}
fn tanh_f32(x: f32) -> f32 {
  return or_nan(x, tanh(clamp(x, -15.0, 15.0)));
}
fn element(total: f32, e0: f32) -> f32 {
  let v0: f32 = (total + e0);
  let v1: f32 = tanh_f32(v0);
  return v1;
}
