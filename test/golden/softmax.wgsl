// max, exp, sum, div

@group(0) @binding(0) var<storage, read> x0: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y0: array<vec4<f32>>;

fn infinity() -> f32 {
  var bits = 0x7f800000u;
  return bitcast<f32>(bits);
}

fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn or_nan(x: f32, y: f32) -> f32 {
  return select(y, x, is_nan(x));
}

fn exp_f32(x: f32) -> f32 {
  return or_nan(x, exp(x));
}

fn max_f32(x: f32, y: f32) -> f32 {
  return or_nan(x, or_nan(y, max(x, y)));
}

fn body0(a0_0: f32) -> f32 {
  return a0_0;
}

fn body1(total0: f32, a1_0: f32) -> f32 {
  let v0: f32 = (a1_0 - total0);
  let v1: f32 = exp_f32(v0);
  return v1;
}

fn element2(total0: f32, total1: f32, e0: f32) -> f32 {
  let v0: f32 = (e0 - total0);
  let v1: f32 = exp_f32(v0);
  let v2: f32 = (v1 / total1);
  return v2;
}

@compute @workgroup_size(16, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 16u + lane;
  if (i >= 48u) { return; }
  let strips = select(0u, 16u, groups.x > 0u);
  var total0: f32 = (-infinity());
  for (var start = 0u; start < strips; start += 64u) {
    var part_total0: f32 = (-infinity());
    for (var r = start; r < min(start + 64u, strips); r += 1u) {
      let a0_0 = x0[i * 16u + r];
      part_total0 = max_f32(part_total0, max_f32(max_f32(body0(a0_0.x), body0(a0_0.y)), max_f32(body0(a0_0.z), body0(a0_0.w))));
    }
    total0 = max_f32(total0, part_total0);
  }
  var total1: f32 = f32(0.0);
  for (var start = 0u; start < strips; start += 64u) {
    var part_total1: f32 = f32(0.0);
    for (var r = start; r < min(start + 64u, strips); r += 1u) {
      let a1_0 = x0[i * 16u + r];
      part_total1 = (part_total1 + ((body1(total0, a1_0.x) + body1(total0, a1_0.y)) + (body1(total0, a1_0.z) + body1(total0, a1_0.w))));
    }
    total1 = (total1 + part_total1);
  }
  for (var r = 0u; r < strips; r += 1u) {
    let e0 = x0[i * 16u + r];
    y0[i * 16u + r] = vec4<f32>(element2(total0, total1, e0.x), element2(total0, total1, e0.y), element2(total0, total1, e0.z), element2(total0, total1, e0.w));
  }
}
