// sum … rsqrt

@group(0) @binding(0) var<storage, read> x0: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

var<workgroup> totals: array<f32, 64>;

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
  let i = (group.y * groups.x + group.x);
  if (i >= 48u) { return; }
  {
    var total: f32 = f32(0.0);
    for (var start = lane; start < 16u; start += 4096u) {
      var part: f32 = f32(0.0);
      for (var r = start; r < min(start + 4096u, 16u); r += 64u) {
        let b0 = x0[i * 16u + r];
        part = (part + ((body(b0.x) + body(b0.y)) + (body(b0.z) + body(b0.w))));
      }
      total = (total + part);
    }
    totals[lane] = total;
  }
  for (var half = 32u; half > 0u; half = half / 2u) {
    workgroupBarrier();
    if (lane < half) {
      totals[lane] = (totals[lane] + totals[lane + half]);
    }
  }
  if (lane == 0u) {
    let total = totals[0];
    y[i] = element(total);
  }
}
