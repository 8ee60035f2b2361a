// Whether a number is a multiple of another, as people count: 0.3 is one of 0.1, although 0.3 / 0.1 is 2.9999999999999996.

/** A quotient of two numbers that are not exact may be off by this many of its smallest steps. */
const STEPS = 2;

export function isMultiple(value: number, of: number): boolean {
  if (Number.isInteger(value) && Number.isInteger(of)) return value % of === 0;
  const times = value / of;
  return Math.abs(times - Math.round(times)) <= STEPS * Number.EPSILON * Math.abs(times);
}
