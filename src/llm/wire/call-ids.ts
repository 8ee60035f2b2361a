// Ids of tool calls that fit every endpoint: OpenAI refuses more than 40 characters, Mistral all but nine letters and digits.

import { createHash } from "node:crypto";
import { memo } from "../../memo.ts";

const LENGTH = 9;
/** The ids that OpenAI takes. */
const USUAL = /^[\x21-\x7e]{1,40}$/;

/** For a call to which the endpoint gave no id. */
export const newCallId = (): string => shortId(crypto.randomUUID());

/** Nine letters and digits, derived from `seed`. */
function shortId(seed: string): string {
  const digits = createHash("sha256").update(seed).digest("base64");
  return digits.replace(/[^A-Za-z0-9]/g, "").slice(0, LENGTH);
}

/** A conversation is sent again with every model call, and with some models each of its calls needs another id. */
const derivedId = memo(2_000, shortId);

/**
 * Returns a function that gives each call of a conversation an id used once. It is the call's own where possible, since
 * some models (Kimi) expect theirs back; otherwise it is derived from that one, and so the same in every request.
 */
export function createIds(pattern: RegExp = USUAL): (id: string) => string {
  const used = new Set<string>();
  const times = new Map<string, number>();
  return (id) => {
    let fit = id;
    while (!pattern.test(fit) || used.has(fit)) {
      const time = times.get(id) ?? 0;
      times.set(id, time + 1);
      fit = derivedId(`${id}#${time}`);
    }
    used.add(fit);
    return fit;
  };
}
