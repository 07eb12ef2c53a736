// sum, of pieces

@group(0) @binding(0) var<storage, read> x0: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> pieces: array<f32>;

fn body(b0: f32) -> f32 {
  return b0;
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let place = (group.y * groups.x + group.x) * 64u + lane;
  if (place >= 256u) { return; }
  let i = place % 1u;
  let first = place / 1u * 64u;
  let end = min(first + 64u, 16384u);
  var total: f32 = f32(0.0);
  for (var start = first; start < end; start += 64u) {
    var part: f32 = f32(0.0);
    for (var r = start; r < min(start + 64u, end); r++) {
      let b0 = x0[r];
      part = (part + ((body(b0.x) + body(b0.y)) + (body(b0.z) + body(b0.w))));
    }
    total = (total + part);
  }
  pieces[place] = total;
}

// -----

// sum

@group(0) @binding(0) var<storage, read> pieces: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let i = (group.y * groups.x + group.x) * 64u + lane;
  if (i >= 1u) { return; }
  let strips = select(0u, 256u, groups.x > 0u);
  var total: f32 = f32(0.0);
  for (var start = 0u; start < strips; start += 64u) {
    var part: f32 = f32(0.0);
    for (var r = start; r < min(start + 64u, strips); r++) {
      part = (part + pieces[r * 1u + i]);
    }
    total = (total + part);
  }
  y[i] = total;
}
