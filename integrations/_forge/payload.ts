// Readers for webhook payloads. Fields may be missing or null (deleted users, empty bodies, other server versions), so
// each reader accepts every value, and none of them throws.

export type Payload = Record<string, unknown>;

const TITLE_LIMIT = 300;

export function record(value: unknown): Payload {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Payload) : {};
}

export function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

export function integer(value: unknown): number | null {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : null;
}

/** The number of an issue or a pull request. */
export function issueNumber(value: unknown): number | null {
  const number = integer(value);
  return number !== null && number > 0 ? number : null;
}

/** Returns one line, because a title with line breaks could imitate the lines that follow it. */
export function line(value: unknown): string {
  return limited(clean(value).replace(/\s+/g, " ").trim(), TITLE_LIMIT);
}

/** Returns a text of several lines, cut to `limit` characters. */
export function block(value: unknown, limit: number): string {
  return limited(clean(value).replaceAll("\r\n", "\n").trim(), limit);
}

/** Returns the login of a user object; GitHub shows a deleted user as "ghost". */
export function login(user: unknown): string {
  return line(record(user).login) || "ghost";
}

export function shortSha(value: unknown): string {
  return line(value).slice(0, 7);
}

/** Joins the lines that are not empty; a blank line separates the body. */
export function message(lines: string[], body = ""): string {
  const head = lines.filter((text) => text !== "").join("\n");
  return body === "" ? head : `${head}\n\n${body}`;
}

// PostgreSQL refuses NUL in text, and half a surrogate pair is not valid text.
function clean(value: unknown): string {
  return typeof value === "string" ? value.replaceAll("\0", "").toWellFormed() : "";
}

function limited(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = limit - 1;
  // Never split a surrogate pair.
  const cut = text.codePointAt(end - 1) ?? 0;
  return `${text.slice(0, cut > 0xffff ? end - 1 : end)}…`;
}
