// Replaces known secrets in text that is shown or logged: log lines, errors, tool results, traces, hook payloads. What is
// delivered, answered or kept to be replayed does not pass here.

import { AsyncLocalStorage } from "node:async_hooks";
import { formsOf } from "./secrets/forms.ts";
import { createMatcher, type Matcher } from "./secrets/matcher.ts";

/** Returns the text with every known secret replaced. */
export type Redact = (text: string) => string;

/** What stands for a secret. */
export const MARKER = "[redacted]";

export interface Redactor {
  /** Never throws, and costs the length of the text, however many secrets are known. */
  redact: Redact;
  /** Hides the server's own secrets and those of its operator from now on. Words that anybody may write are left out. */
  add(...secrets: (string | undefined)[]): void;
  /** The same for secrets that come and go, such as an access token of an hour: only the last ones are remembered. */
  addPassing(...secrets: string[]): void;
  /** Hides what somebody else gave, in all that `work` and what it calls say, and nowhere else. */
  hiding<Result>(secrets: string[], work: () => Result): Result;
}

export interface RedactorLimits {
  /** How many secrets are known at most; the one that was told the longest ago is forgotten then. */
  kept: number;
  passing: number;
}

const LIMITS: RedactorLimits = { kept: 20_000, passing: 5_000 };
/** A delivery has few. */
const SCOPED_SLOTS = 256;
const MOST_SCOPED = 200;

export function createRedactor(limits: RedactorLimits = LIMITS): Redactor {
  const matcher = createMatcher();
  const kept = createPool(matcher, limits.kept);
  const passing = createPool(matcher, limits.passing);
  const scope = new AsyncLocalStorage<Matcher>();
  return {
    redact(text) {
      const redacted = matcher.replace(text, MARKER);
      return scope.getStore()?.replace(redacted, MARKER) ?? redacted;
    },
    add(...secrets) {
      for (const secret of secrets) if (secret !== undefined) kept(secret);
    },
    addPassing(...secrets) {
      for (const secret of secrets) passing(secret);
    },
    hiding(secrets, work) {
      const forms = secrets.slice(0, MOST_SCOPED).flatMap(formsOf);
      if (forms.length === 0) return work();
      const scoped = createMatcher(SCOPED_SLOTS);
      for (const form of forms) scoped.add(form);
      return scope.run(scoped, work);
    },
  };
}

/** Of all forms of a pool's secrets together. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

/** Remembers the `limit` secrets that it was told last. */
function createPool(matcher: Matcher, limit: number): (secret: string) => void {
  const known = new Map<string, string[]>();
  let characters = 0;
  const forget = (secret: string, forms: string[]): void => {
    known.delete(secret);
    characters -= lengthOf(forms);
    for (const form of forms) matcher.delete(form);
  };
  return (secret) => {
    const before = known.get(secret);
    const forms = before ?? formsOf(secret);
    if (forms.length === 0) return;
    // The youngest are the last of a map.
    known.delete(secret);
    known.set(secret, forms);
    if (before) return;
    characters += lengthOf(forms);
    for (const form of forms) matcher.add(form);
    for (const [oldest, its] of known) {
      if (known.size <= limit && characters <= MOST_CHARACTERS) return;
      if (oldest !== secret) forget(oldest, its);
    }
  };
}

const lengthOf = (texts: string[]): number => texts.reduce((sum, text) => sum + text.length, 0);
