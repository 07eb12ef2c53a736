// sum … rsqrt

@group(0) @binding(0) var<storage, read> x0: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

fn body(b0: f32) -> f32 {
  let v0: f32 = (b0 * b0);
  return v0;
}

fn element(total: f32) -> f32 {
  let v0: f32 = inverseSqrt(total);
  return v0;
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= 48u) { return; }
  let strips = select(0u, 16u, groups.x > 0u);
  var total: f32 = f32(0.0);
  for (var start = 0u; start < strips; start += 64u) {
    var part: f32 = f32(0.0);
    for (var r = start; r < min(start + 64u, strips); r++) {
      let b0 = x0[i * 16u + r];
      part = (part + ((body(b0.x) + body(b0.y)) + (body(b0.z) + body(b0.w))));
    }
    total = (total + part);
  }
  y[i] = element(total);
}
