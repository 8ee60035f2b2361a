// Ids of tool calls that fit every endpoint: OpenAI refuses more than 40 characters, Mistral all but nine letters and digits.

import { createHash } from "node:crypto";

const LENGTH = 9;
const MAX_LENGTH = 40;

/** For a call to which the endpoint gave no id. */
export const newCallId = (): string => shortId(crypto.randomUUID());

/** Nine letters and digits, derived from `seed`. */
function shortId(seed: string): string {
  const digits = createHash("sha256").update(seed).digest("base64");
  return digits.replace(/[^A-Za-z0-9]/g, "").slice(0, LENGTH);
}

/**
 * Returns a function that gives each call of a conversation an id used once. It is the call's own where possible, since
 * some models (Kimi) expect theirs back; otherwise it is derived from that one, and so the same in every request.
 */
export function createIds({ nineLetters }: { nineLetters: boolean }): (id: string) => string {
  const used = new Set<string>();
  const isFit = nineLetters
    ? (id: string) => /^[A-Za-z0-9]{9}$/.test(id)
    : (id: string) => id.length <= MAX_LENGTH && /^[\x21-\x7e]+$/.test(id);
  const times = new Map<string, number>();
  return (id) => {
    let fit = id;
    while (!isFit(fit) || used.has(fit)) {
      const time = times.get(id) ?? 0;
      times.set(id, time + 1);
      fit = shortId(`${id}#${time}`);
    }
    used.add(fit);
    return fit;
  };
}
