// Redacts known secrets in text that is shown or logged: log lines, errors, tool results, traces, hook payloads.
// Deliveries, answers and webhooks stored for replay are not redacted.

import { AsyncLocalStorage } from "node:async_hooks";
import { formsOf } from "./secrets/forms.ts";
import { withoutLikelySecrets } from "./secrets/likely.ts";
import { createMatcher, type Matcher } from "./secrets/matcher.ts";

/** Returns the text with every known secret replaced. */
export type Redact = (text: string) => string;

/** The text that replaces a secret. */
export const MARKER = "[redacted]";

export interface Redactor {
  /** Never throws. Takes time proportional to the text's length, however many secrets are known. */
  redact: Redact;
  /** The same for a line of a log, or of what a program writes: what has the form of a secret is redacted as well. */
  redactLine: Redact;
  /** Redacts secrets of the server and its operator from now on. Common words are not accepted as secrets. */
  add(...secrets: (string | undefined)[]): void;
  /** Does the same for short-lived secrets, such as hourly access tokens; only the latest ones are remembered. */
  addPassing(...secrets: string[]): void;
  /** Redacts a third party's secrets, but only in the output of `work` and what it calls. */
  hiding<Result>(secrets: string[], work: () => Result): Result;
}

export interface RedactorLimits {
  /** The maximum number of secrets; beyond it, the one that was added longest ago is forgotten. */
  kept: number;
  passing: number;
}

const LIMITS: RedactorLimits = { kept: 20_000, passing: 5_000 };
/** Small, because a delivery has only few secrets. */
const SCOPED_SLOTS = 256;
const MOST_SCOPED = 200;

export function createRedactor(limits: RedactorLimits = LIMITS): Redactor {
  const matcher = createMatcher();
  const kept = createPool(matcher, limits.kept);
  const passing = createPool(matcher, limits.passing);
  const scope = new AsyncLocalStorage<Matcher>();
  const redact: Redact = (text) => {
    const redacted = withoutOwnKeys(matcher.replace(text, MARKER));
    return scope.getStore()?.replace(redacted, MARKER) ?? redacted;
  };
  return {
    redact,
    redactLine: (text) => withoutLikelySecrets(redact(text), MARKER),
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

/** Heddle stores only the hashes of its API keys, so they are known by their form. */
const OWN_KEY = /hdl_[0-9a-f]{64}/g;
const withoutOwnKeys = (text: string): string =>
  text.includes("hdl_") ? text.replace(OWN_KEY, MARKER) : text;

/** The maximum length of all forms of a pool's secrets together. */
const MOST_CHARACTERS = 32 * 1024 * 1024;

/** Remembers the last `limit` secrets. */
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
    // Re-inserted at the end, where a Map keeps its newest entries.
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
