// Replaces known secrets in text that leaves the process: logs, tool results, traces, hook payloads.

import { inspect } from "node:util";

/** Returns the text with every known secret replaced. */
export type Redact = (text: string) => string;

export interface Redactor {
  redact: Redact;
  /** Adds values to hide from now on. Shorter ones than `MIN_SECRET_LENGTH` would hide ordinary words. */
  add(...secrets: (string | undefined)[]): void;
}

const MIN_SECRET_LENGTH = 6;
/** Stands for a secret wherever text is shown. */
export const MARKER = "[redacted]";

export function createRedactor(): Redactor {
  const known = new Set<string>();
  let pattern: RegExp | undefined;
  return {
    redact: (text) => (pattern ? text.replace(pattern, MARKER) : text),
    add(...secrets) {
      const before = known.size;
      for (const secret of secrets) {
        if (secret === undefined || secret.length < MIN_SECRET_LENGTH) continue;
        for (const form of formsOf(secret)) known.add(form);
      }
      if (known.size === before) return;
      // Longest first: a secret that begins with another one must be hidden whole.
      const parts = [...known].sort((a, b) => b.length - a.length).map((s) => RegExp.escape(s));
      pattern = parts.length === 0 ? undefined : new RegExp(parts.join("|"), "g");
    },
  };
}

/** A line of a key file that is shorter tells little, and may be an ordinary one such as "{". */
const MIN_LINE_LENGTH = 16;

/** As it may stand in other text. For a secret of letters and digits these are the secret and its base64. */
function formsOf(secret: string): string[] {
  const text = secret.toWellFormed();
  const lines = secret.split(/\r?\n/).map((line) => line.trim());
  const plain = [
    secret,
    printed(secret),
    ...(lines.length > 1 ? lines.filter((line) => line.length >= MIN_LINE_LENGTH) : []),
  ];
  const quoted = plain.map(inJson);
  const url = encodeURIComponent(text);
  return [
    ...plain,
    ...quoted,
    // In JSON that is a text within JSON.
    ...quoted.map(inJson),
    url,
    url.replace(/%../g, (code) => code.toLowerCase()),
    // In a form, and in the path of a URL, where other characters stay as they are.
    new URLSearchParams({ "": text }).toString().slice(1),
    encodeURI(text),
    ...inBase64(text),
  ];
}

/** As `console.log` shows it within an object. */
const printed = (text: string): string => inspect(text, { maxStringLength: null }).slice(1, -1);

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1);

/** Shorter pieces might be part of any base64. */
const MIN_BASE64_LENGTH = 12;

/** What all base64 that the text is a part of has in common, such as that of "name:secret": it may begin at each of three places. */
function inBase64(text: string): string[] {
  return [0, 1, 2].flatMap((before) => {
    const bytes = Buffer.from(`${"-".repeat(before)}${text}`);
    // The characters at both ends hold bits of the neighbours.
    const from = Math.ceil((before * 8) / 6);
    const to = Math.floor((bytes.length * 8) / 6);
    return (["base64", "base64url"] as const)
      .map((encoding) => bytes.toString(encoding).slice(from, to))
      .filter((piece) => piece.length >= MIN_BASE64_LENGTH);
  });
}
