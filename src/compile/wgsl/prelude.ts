/** WGSL functions that the operations' lowerings call. A module holds those that it calls, and no more. */
import { parity, rounds } from '../../core/Key.ts'
import { central, tails } from '../../ops/erfinv.ts'

const mixing = rounds
  .map((four, block) =>
    [
      ...four.map((r) => `  x.x += x.y; x.y = ((x.y << ${r}u) | (x.y >> ${32 - r}u)) ^ x.x;`),
      `  x += vec2<u32>(${['ks.x', 'ks.y', 'ks.z'][(block + 1) % 3]}, ${['ks.x', 'ks.y', 'ks.z'][(block + 2) % 3]} + ${block + 1}u);`
    ].join('\n')
  )
  .join('\n')

/** A polynomial by Horner's rule, the coefficient of the highest power first. */
const horner = (coefficients: ReadonlyArray<number>, x: string): string =>
  coefficients.slice(1).reduce((sum, coefficient) => `(${coefficient} + ${x} * ${sum})`, `(${coefficients[0]})`)

export const prelude: Readonly<Record<string, string>> = {
  // Written through variables: the language refuses constant expressions that are not finite.
  infinity: `fn infinity() -> f32 {
  var bits = 0x7f800000u;
  return bitcast<f32>(bits);
}`,
  nan_bits: `fn nan_bits() -> u32 {
  var bits = 0x7fc00000u;
  return bits;
}`,
  // Built-in sine and cosine may be wrong by 2⁻¹¹, and by anything for large arguments. The argument less its multiple of
  // π/2, subtracted in three parts so that it is exact, and polynomials of least error.   Source: Cephes, sinf.c.
  sin_f32: `fn sin_f32(x: f32) -> f32 {
  return quarter_wave(x, 0);
}`,
  cos_f32: `fn cos_f32(x: f32) -> f32 {
  return quarter_wave(x, 1);
}`,
  quarter_wave: `fn quarter_wave(x: f32, shift: i32) -> f32 {
  let n = round(x * 0.63661977);
  let r = ((x - n * 1.5703125) - n * 4.8375130e-4) - n * 7.5497900e-8;
  let s = r * r;
  let sine = r + r * s * (-0.16666655 + s * (0.0083321609 + s * -1.9515296e-4));
  let cosine = 1.0 - 0.5 * s + s * s * (0.041666646 + s * (-0.0013887316 + s * 2.4433157e-5));
  let turn = i32(n) + shift;
  let wave = select(sine, cosine, (turn & 1) == 1);
  return select(wave, -wave, (turn & 2) == 2);
}`,
  // The built-in may be wrong by 4096 ulp. The angle from that of 0, 1 or ∞, whichever is nearest.   Source: Cephes, atanf.c.
  atan_f32: `fn atan_f32(x: f32) -> f32 {
  let a = abs(x);
  let near = a < 0.41421357;
  let far = a > 2.4142135;
  let r = select(select((a - 1.0) / (a + 1.0), a, near), -1.0 / a, far);
  let s = r * r;
  let angle = r + r * s * (-0.33332950 + s * (0.19977711 + s * (-0.13877686 + s * 0.080537446)));
  let whole = angle + select(select(0.78539816, 0.0, near), 1.5707964, far);
  return select(whole, -whole, x < 0.0);
}`,
  // Drivers may take it that no operand is NaN, and built-in functions of one are any number: a mistake would go unnoticed.
  is_nan: `fn is_nan(x: f32) -> bool {
  return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u;
}`,
  or_nan: `fn or_nan(x: f32, y: f32) -> f32 {
  return select(y, x, is_nan(x));
}`,
  // NaN is larger than any number.
  less_f32: `fn less_f32(x: f32, y: f32) -> bool {
  return !is_nan(x) && (is_nan(y) || x < y);
}`,
  ...Object.fromEntries(
    ['exp', 'sign'].map((name) => [
      `${name}_f32`,
      `fn ${name}_f32(x: f32) -> f32 {
  return or_nan(x, ${name}(x));
}`
    ])
  ),
  // They may form e²ˣ: beyond 15 the result is ±1 in f32.
  tanh_f32: `fn tanh_f32(x: f32) -> f32 {
  return or_nan(x, tanh(clamp(x, -15.0, 15.0)));
}`,
  ...Object.fromEntries(
    ['max', 'min'].map((name) => [
      `${name}_f32`,
      `fn ${name}_f32(x: f32, y: f32) -> f32 {
  return or_nan(x, or_nan(y, ${name}(x, y)));
}`
    ])
  ),
  // Narrow floats by their bits, since the language leaves open which way its own conversions round.
  // Half an ulp less a bit is added, and the last bit kept: the nearest, ties to even; carries go into the exponent.
  to_bf16: `fn to_bf16(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let near = (bits + 0x7fffu + ((bits >> 16u) & 1u)) >> 16u;
  return select(near, (bits >> 16u) | 0x40u, (bits & 0x7fffffffu) > 0x7f800000u);
}`,
  from_bf16: `fn from_bf16(bits: u32) -> f32 {
  return bitcast<f32>(bits << 16u);
}`,
  // Below the smallest normal number the sum with 0.5 has the quantum of the format, and rounds to it.
  to_f16: `fn to_f16(x: f32) -> u32 {
  let bits = bitcast<u32>(x);
  let size = bits & 0x7fffffffu;
  let normal = (size + 0xfffu + ((size >> 13u) & 1u) - 0x38000000u) >> 13u;
  let small = bitcast<u32>(bitcast<f32>(size) + 0.5) - 0x3f000000u;
  let finite = select(normal, small, size < 0x38800000u);
  let all = select(select(finite, 0x7c00u, size >= 0x477ff000u), 0x7e00u, size > 0x7f800000u);
  return all | ((bits >> 16u) & 0x8000u);
}`,
  from_f16: `fn from_f16(bits: u32) -> f32 {
  let size = bits & 0x7fffu;
  let offset = select(0x38000000u, 0x70000000u, size >= 0x7c00u);
  let normal = bitcast<f32>((size << 13u) + offset);
  let value = select(normal, f32(size) * 5.9604645e-8, size < 0x400u);
  return select(value, -value, bits >= 0x8000u);
}`,
  ...Object.fromEntries(
    ['f16', 'bf16'].flatMap((narrow) => [
      [
        `round_${narrow}`,
        `fn round_${narrow}(x: f32) -> f32 {
  return from_${narrow}(to_${narrow}(x));
}`
      ],
      [
        `pack_${narrow}`,
        `fn pack_${narrow}(a: f32, b: f32, c: f32, d: f32) -> vec2<u32> {
  return vec2<u32>(to_${narrow}(a) | (to_${narrow}(b) << 16u), to_${narrow}(c) | (to_${narrow}(d) << 16u));
}`
      ],
      [
        `unpack_${narrow}`,
        `fn unpack_${narrow}(w: vec2<u32>) -> vec4<f32> {
  return vec4<f32>(from_${narrow}(w.x & 0xffffu), from_${narrow}(w.x >> 16u), from_${narrow}(w.y & 0xffffu), from_${narrow}(w.y >> 16u));
}`
      ],
      [
        `pick_${narrow}`,
        `fn pick_${narrow}(word: u32, i: u32) -> f32 {
  return from_${narrow}((word >> (16u * (i % 2u))) & 0xffffu);
}`
      ]
    ])
  ),
  nan: `fn nan() -> f32 {
  return bitcast<f32>(nan_bits());
}`,
  // The language leaves open what is beyond a function's domain, and drivers give numbers: a mistake would go unnoticed.
  log_f32: `fn log_f32(x: f32) -> f32 {
  return or_nan(x, select(select(log(x), -infinity(), x == 0.0), nan(), x < 0.0));
}`,
  pow_f32: `fn pow_f32(x: f32, y: f32) -> f32 {
  let zero = select(0.0, infinity(), y < 0.0);
  let size = select(select(pow(abs(x), y), zero, x == 0.0), 1.0, abs(x) == 1.0);
  let half = 0.5 * y;
  let signed = select(size, -size, floor(y) == y && floor(half) != half);
  let value = select(size, select(nan(), signed, floor(y) == y || x == -infinity()), x < 0.0);
  return select(or_nan(x, or_nan(y, value)), 1.0, x == 1.0 || y == 0.0);
}`,
  annihilate: `fn annihilate(x: f32, y: f32) -> f32 {
  return select(x * y, 0.0, x == 0.0);
}`,
  threefry: `// Twenty rounds of threefry2x32; the second word of the counter is 0.   Source: Salmon et al. 2011.
fn threefry(key: vec2<u32>, counter: u32) -> vec2<u32> {
  let ks = vec3<u32>(key, key.x ^ key.y ^ ${parity}u);
  var x = vec2<u32>(counter + ks.x, ks.y);
${mixing}
  return x;
}`,
  // The Maclaurin series near 0; beyond, a Chebyshev fit of erfc with relative error 1.2e-7.
  erf_f32: `fn erf_f32(x: f32) -> f32 {
  let a = abs(x);
  let s = x * x;
  let near = x * (1.1283791671 + s * (-0.3761263890 + s * (0.1128379167 + s * (-0.0268661706 + s * (0.0052239776 + s * (-0.0008548327 + s * 0.0001205533))))));
  let t = 1.0 / (1.0 + 0.5 * a);
  let p = -1.26551223 + t * (1.00002368 + t * (0.37409196 + t * (0.09678418 + t * (-0.18628806 + t * (0.27886807 + t * (-1.13520398 + t * (1.48851587 + t * (-0.82215223 + t * 0.17087277))))))));
  let far = sign(x) * (1.0 - t * exp(p - min(a, 10.0) * min(a, 10.0)));
  return select(far, near, a < 0.7);
}`,
  erfinv_f32: `fn erfinv_f32(x: f32) -> f32 {
  let w = -log((1.0 - x) * (1.0 + x));
  let near = w - 2.5;
  let far = sqrt(max(w, 5.0)) - 3.0;
  let factor = select(${horner(tails, 'far')}, ${horner(central, 'near')}, w < 5.0);
  return select(x * select(factor, infinity(), abs(x) == 1.0), nan(), abs(x) > 1.0);
}`,
  // The Taylor series near 0, where eˣ − 1 would lose digits.
  expm1_f32: `fn expm1_f32(x: f32) -> f32 {
  let near = x * (1.0 + x * (0.5 + x * (0.16666667 + x * (0.041666668 + x * (0.008333334 + x * 0.0013888889)))));
  return select(exp_f32(x) - 1.0, near, abs(x) < 0.35);
}`,
  // With z = x / (2 + x): ln(1 + x) = 2 (z + z³/3 + z⁵/5 + …).
  log1p_f32: `fn log1p_f32(x: f32) -> f32 {
  let z = x / (2.0 + x);
  let s = z * z;
  let near = 2.0 * z * (1.0 + s * (0.33333334 + s * (0.2 + s * (0.14285715 + s * (0.11111111 + s * 0.09090909)))));
  return select(log_f32(1.0 + x), near, abs(x) < 0.4);
}`
}
