// Which SQL an integration may run in a transaction that the server has begun.

import { HeddleError } from "../errors.ts";

/** These end the transaction, or change the connection that others use next; COPY waits for a stream that nobody sends. */
const FORBIDDEN = new Set(
  (
    "abort begin commit copy deallocate discard end execute listen load " +
    "prepare release reset rollback savepoint set start unlisten"
  ).split(" "),
);

/** Throws `validation` for a statement that would leave its transaction. That there is only one, the database ensures. */
export function checkStatement(text: string): void {
  const word = firstWord(text);
  if (!FORBIDDEN.has(word)) return;
  throw new HeddleError(
    "validation",
    `A statement must leave its transaction and its connection as they are, which ${word.toUpperCase()} does not; use transaction() for several that belong together.`,
  );
}

/** The word after blanks, comments and empty statements, in lower case. */
function firstWord(text: string): string {
  let at = 0;
  while (at < text.length) {
    if (text.startsWith("--", at)) at = endOfLine(text, at);
    else if (text.startsWith("/*", at)) at = endOfComment(text, at);
    else if (/[\s;]/.test(text.charAt(at))) at++;
    else break;
  }
  // No forbidden word is longer.
  return /^[a-z]*/i.exec(text.slice(at, at + 20))?.[0].toLowerCase() ?? "";
}

function endOfLine(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "\n" || character === "\r") return at;
  }
  return text.length;
}

/** PostgreSQL's comments contain comments. */
function endOfComment(text: string, from: number): number {
  let depth = 0;
  for (let at = from; at < text.length; ) {
    if (text.startsWith("/*", at)) depth++;
    else if (text.startsWith("*/", at)) depth--;
    else {
      at++;
      continue;
    }
    at += 2;
    if (depth === 0) return at;
  }
  return text.length;
}
