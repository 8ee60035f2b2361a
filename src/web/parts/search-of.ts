/** Filters as a query with its "?"; "" if there are none. */
export function searchOf(filters: Partial<Record<string, string>>): string {
  const text = new URLSearchParams(filters as Record<string, string>).toString();
  return text === "" ? "" : `?${text}`;
}
