// Readers for webhook payloads. GitHub leaves fields out or null (deleted users, empty bodies, other server
// versions), so each reader has an answer for every value and none of them throws.

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

/** A number of an issue or a pull request. */
export function issueNumber(value: unknown): number | null {
  const number = integer(value);
  return number !== null && number > 0 ? number : null;
}

/** One line: a title with line breaks in it could pretend to be the lines that follow it. */
export function line(value: unknown): string {
  return limited(clean(value).replace(/\s+/g, " ").trim(), TITLE_LIMIT);
}

/** A text of several lines, cut to `limit` characters. */
export function block(value: unknown, limit: number): string {
  return limited(clean(value).replaceAll("\r\n", "\n").trim(), limit);
}

/** The login of a user object; GitHub shows a deleted user as "ghost". */
export function login(user: unknown): string {
  return line(record(user).login) || "ghost";
}

export function shortSha(value: unknown): string {
  return line(value).slice(0, 7);
}

/** The parts that are not empty, one per line; the body stands apart. */
export function message(lines: string[], body = ""): string {
  const head = lines.filter((text) => text !== "").join("\n");
  return body === "" ? head : `${head}\n\n${body}`;
}

// PostgreSQL takes no NUL in a text, and half a surrogate pair is no text at all.
function clean(value: unknown): string {
  return typeof value === "string" ? value.replaceAll("\0", "").toWellFormed() : "";
}

function limited(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = limit - 1;
  // A pair of surrogates stays whole.
  const cut = text.codePointAt(end - 1) ?? 0;
  return `${text.slice(0, cut > 0xffff ? end - 1 : end)}…`;
}
