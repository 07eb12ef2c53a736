// randomBits

@group(0) @binding(0) var<storage, read> x0: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4<u32>>;

// Twenty rounds of threefry2x32; the second word of the counter is 0.   Source: Salmon et al. 2011.
fn threefry(key: vec2<u32>, counter: u32) -> vec2<u32> {
  let ks = vec3<u32>(key, key.x ^ key.y ^ 466688986u);
  var x = vec2<u32>(counter + ks.x, ks.y);
  x.x += x.y; x.y = ((x.y << 13u) | (x.y >> 19u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 15u) | (x.y >> 17u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 26u) | (x.y >> 6u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 6u) | (x.y >> 26u)) ^ x.x;
  x += vec2<u32>(ks.y, ks.z + 1u);
  x.x += x.y; x.y = ((x.y << 17u) | (x.y >> 15u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 29u) | (x.y >> 3u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 16u) | (x.y >> 16u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 24u) | (x.y >> 8u)) ^ x.x;
  x += vec2<u32>(ks.z, ks.x + 2u);
  x.x += x.y; x.y = ((x.y << 13u) | (x.y >> 19u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 15u) | (x.y >> 17u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 26u) | (x.y >> 6u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 6u) | (x.y >> 26u)) ^ x.x;
  x += vec2<u32>(ks.x, ks.y + 3u);
  x.x += x.y; x.y = ((x.y << 17u) | (x.y >> 15u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 29u) | (x.y >> 3u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 16u) | (x.y >> 16u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 24u) | (x.y >> 8u)) ^ x.x;
  x += vec2<u32>(ks.y, ks.z + 4u);
  x.x += x.y; x.y = ((x.y << 13u) | (x.y >> 19u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 15u) | (x.y >> 17u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 26u) | (x.y >> 6u)) ^ x.x;
  x.x += x.y; x.y = ((x.y << 6u) | (x.y >> 26u)) ^ x.x;
  x += vec2<u32>(ks.z, ks.x + 5u);
  return x;
}

fn x0_at(i: u32) -> u32 {
  return x0[i];
}

fn element(q: u32, e: u32, e0: u32, e1: u32) -> u32 {
  let v0: vec2<u32> = threefry(vec2<u32>(e0, e1), (q * 4u + e) % 6u);
  let v1: u32 = select(v0.y, v0.x, (q * 4u + e) < 6u);
  return v1;
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
  let first = ((group.y * groups.x + group.x) * 64u + lane) * 4u;
  let end = min(first + 4u, arrayLength(&y));
  for (var q = first; q < end; q++) {
    let e0 = x0_at(0u);
    let e1 = x0_at(1u);
    y[q] = vec4<u32>(element(q, 0u, e0, e1), element(q, 1u, e0, e1), element(q, 2u, e0, e1), element(q, 3u, e0, e1));
  }
}
