/** Numbers as Go prints them with `%g`: small ones with an exponent of two digits, `1e-05`. */
const EXPONENT_BELOW = 1e-4;

export function showNumber(value: number): string {
  if (value === 0 || Math.abs(value) >= EXPONENT_BELOW) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
}
