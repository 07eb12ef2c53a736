// pad

@group(0) @binding(0) var<storage, read> x0: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

fn x0_at(i: u32) -> f32 {
  return x0[i];
}

fn element(q: u32) -> f32 {
  let v0: u32 = (q / 97u) - 1u;
  let v1: f32 = x0_at((min(v0, 63u) + 3008u - min(((q % 97u) / 2u), 47u) * 64u));
  let v2: f32 = select(f32(1.0), v1, v0 < 64u && ((q % 97u) / 2u) < 48u && (q % 97u) % 2u == 0u);
  return v2;
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first = ((group.y * groups.x + group.x) * 64u + lane) * 4u;
  let end = min(first + 4u, arrayLength(&y));
  for (var q = first; q < end; q++) {
    y[q] = element(q);
  }
}
