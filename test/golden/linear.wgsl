enable subgroups;
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
const LANES = 8u;
const QUADS = 2u;
const ROWS = 16u;
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
fn rows(z: u32, start: u32, i: u32, last: u32, k: u32, lane: u32) -> vec4<f32> {
  var out = vec4<f32>(loadA(z, start, min(i + lane, last), k), 0.0, 0.0, 0.0);
  if (LANES < 16u) {
    out.y = loadA(z, start, min(i + LANES + lane, last), k);
  }
  if (LANES < 8u) {
    out.z = loadA(z, start, min(i + 2u * LANES + lane, last), k);
    out.w = loadA(z, start, min(i + 3u * LANES + lane, last), k);
  }
  return out;
}
fn outer(column: vec4<f32>, row: vec4<f32>) -> mat4x4<f32> {
  return mat4x4<f32>(column.x * row, column.y * row, column.z * row, column.w * row);
}
@compute @workgroup_size(LANES, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = group.x * ROWS;
  let z = group.z;
  let fromA = startA(z);
  let fromB = startB(z);
  let last = sizes.shape.y - 1u;
  let quads = (sizes.shape.z + 3u) / 4u;
  let q0 = group.y * QUADS * LANES + lane;
  let q1 = q0 + LANES;
  let p0 = min(q0, quads - 1u);
  let p1 = min(q1, quads - 1u);

  var c00 = mat4x4<f32>();
  var c10 = mat4x4<f32>();
  var c20 = mat4x4<f32>();
  var c30 = mat4x4<f32>();
  var c01 = mat4x4<f32>();
  var c11 = mat4x4<f32>();
  var c21 = mat4x4<f32>();
  var c31 = mat4x4<f32>();
  for (var k = 0u; k < sizes.shape.w; k++) {
    let r = rows(z, fromA, i, last, k, lane);
    let a0 = vec4<f32>(
      subgroupBroadcast(r[0], 0u), subgroupBroadcast(r[0], 1u),
      subgroupBroadcast(r[0], 2u), subgroupBroadcast(r[0], 3u));
    let a1 = vec4<f32>(
      subgroupBroadcast(r[4u / LANES], 4u % LANES), subgroupBroadcast(r[5u / LANES], 5u % LANES),
      subgroupBroadcast(r[6u / LANES], 6u % LANES), subgroupBroadcast(r[7u / LANES], 7u % LANES));
    let a2 = vec4<f32>(
      subgroupBroadcast(r[8u / LANES], 8u % LANES), subgroupBroadcast(r[9u / LANES], 9u % LANES),
      subgroupBroadcast(r[10u / LANES], 10u % LANES), subgroupBroadcast(r[11u / LANES], 11u % LANES));
    let a3 = vec4<f32>(
      subgroupBroadcast(r[12u / LANES], 12u % LANES), subgroupBroadcast(r[13u / LANES], 13u % LANES),
      subgroupBroadcast(r[14u / LANES], 14u % LANES), subgroupBroadcast(r[15u / LANES], 15u % LANES));
    let b0 = loadB(z, fromB, k, p0);
    c00 += outer(a0, b0);
    c10 += outer(a1, b0);
    c20 += outer(a2, b0);
    c30 += outer(a3, b0);
    if (QUADS > 1u) {
      let b1 = loadB(z, fromB, k, p1);
      c01 += outer(a0, b1);
      c11 += outer(a1, b1);
      c21 += outer(a2, b1);
      c31 += outer(a3, b1);
    }
  }

  // Stores stand in a loop: compile time grows with their number in the text.
  var left = array<mat4x4<f32>, 4>(c00, c10, c20, c30);
  var right = array<mat4x4<f32>, 4>(c01, c11, c21, c31);
  for (var row = 0u; row < min(ROWS, sizes.shape.y - i); row++) {
    if (q0 < quads) {
      store(z, i + row, q0, left[row / 4u][row % 4u]);
    }
    if (QUADS > 1u && q1 < quads) {
      store(z, i + row, q1, right[row / 4u][row % 4u]);
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

// -----

// add

@group(0) @binding(0) var<storage, read> x0: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read> x1: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4<f32>>;

fn element(e0: f32, e1: f32) -> f32 {
  let v0: f32 = (e0 + e1);
  return v0;
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first = ((group.y * groups.x + group.x) * 64u + lane) * 4u;
  let end = min(first + 4u, arrayLength(&y));
  for (var q = first; q < end; q++) {
    let e0 = x0[q];
    let e1 = x1[((q / 16u) * 24u + q % 16u)];
    y[q] = vec4<f32>(element(e0.x, e1.x), element(e0.y, e1.y), element(e0.z, e1.z), element(e0.w, e1.w));
  }
}
