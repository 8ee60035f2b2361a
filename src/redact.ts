// Replaces known secrets in text that leaves the process: logs, tool results, traces, hook payloads.

/** Returns the text with every known secret replaced. */
export type Redact = (text: string) => string;

export interface Redactor {
  redact: Redact;
  /** Adds values to hide from now on. Shorter ones than `MIN_SECRET_LENGTH` would hide ordinary words. */
  add(...secrets: (string | undefined)[]): void;
}

const MIN_SECRET_LENGTH = 6;
const MARKER = "[redacted]";

export function createRedactor(): Redactor {
  const known = new Set<string>();
  let pattern: RegExp | undefined;
  return {
    redact: (text) => (pattern ? text.replace(pattern, MARKER) : text),
    add(...secrets) {
      const before = known.size;
      for (const secret of secrets) {
        if (secret === undefined || secret.length < MIN_SECRET_LENGTH) continue;
        known.add(secret);
        // As it stands inside a JSON string, too.
        known.add(JSON.stringify(secret).slice(1, -1));
        // And in a URL.
        known.add(encodeURIComponent(secret.toWellFormed()));
      }
      if (known.size === before) return;
      // Longest first: a secret that begins with another one must be hidden whole.
      const parts = [...known].sort((a, b) => b.length - a.length).map((s) => RegExp.escape(s));
      pattern = parts.length === 0 ? undefined : new RegExp(parts.join("|"), "g");
    },
  };
}
