// tanh

@group(0) @binding(0) var<storage, read> x0: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<f32>>;

fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}

fn or_nan(x: f32, y: f32) -> f32 {
  return select(y, x, is_nan(x));
}

fn exp_f32(x: f32) -> f32 {
  return or_nan(x, exp(x));
}

fn tanh_f32(x: f32) -> f32 {
  return or_nan(x, tanh(clamp(x, -15.0, 15.0)));
}

fn element(e0: f32) -> f32 {
  let v0: f32 = exp_f32(e0);
  let v1: f32 = (e0 * f32(0.5));
  let v2: f32 = (v0 + v1);
  let v3: f32 = tanh_f32(v2);
  return v3;
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first = ((group.y * groups.x + group.x) * 64u + lane) * 4u;
  let end = min(first + 4u, arrayLength(&y));
  for (var q = first; q < end; q++) {
    let e0 = x0[q];
    y[q] = vec4<f32>(element(e0.x), element(e0.y), element(e0.z), element(e0.w));
  }
}
