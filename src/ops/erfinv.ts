/**
 * The inverse error function in single precision: with w = −ln(1 − x²), erfinv(x) / x is a polynomial in `w − 2.5` below
 * 5, and in `√w − 3` above.   Source: Giles, "Approximating the erfinv function", GPU Computing Gems 2 (2012), table 5.
 */

/** The coefficient of the highest power first. */
export const central: ReadonlyArray<number> = [
  2.81022636e-8, 3.43273939e-7, -3.5233877e-6, -4.39150654e-6, 0.00021858087, -0.00125372503, -0.00417768164,
  0.246640727, 1.50140941
]
export const tails: ReadonlyArray<number> = [
  -0.000200214257, 0.000100950558, 0.00134934322, -0.00367342844, 0.00573950773, -0.0076224613, 0.00943887047,
  1.00167406, 2.83297682
]
