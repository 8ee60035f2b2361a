/** The number that a field holds; undefined: it is empty, or has only the beginning of one, such as "-". */
export function numberOf(typed: string | number): number | undefined {
  const number = typeof typed === "number" ? typed : typed.trim() === "" ? Number.NaN : Number(typed);
  return Number.isFinite(number) ? number : undefined;
}

/**
 * What the field shows: what is being typed, which is not a number with each key and not the shortest text for it, such as "1.0" on the
 * way to "1.05"; or else the value, which may come from elsewhere. `typed` is undefined while nobody types.
 */
export function shownNumber(typed: string | number | undefined, value: number | undefined): string | number {
  const number = typed === undefined ? undefined : numberOf(typed);
  if (typed !== undefined && (number === undefined || number === value)) return typed;
  return value ?? "";
}
