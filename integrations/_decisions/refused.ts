// Why a decision did not count, for the person who has made it.

export const TOO_LATE = "This has already been decided, or it is too late.";

const REASONS = new Map([
  ["forbidden", "The policy does not name you among those who may decide this."],
  ["not_found", "Nobody waits for this any more."],
]);

/** In words for the person; undefined for an error of another kind. */
export function refusedBecause(error: unknown): string | undefined {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  // The server says who was faster, and when.
  if (code === "conflict") return typeof message === "string" && message !== "" ? message : TOO_LATE;
  return REASONS.get(String(code));
}
