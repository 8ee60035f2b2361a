// Makes a dispatcher's receipt storable. It may be any value; what is stored is JSON that every database accepts,
// without the secrets that the delivery used.

import { storableJson } from "../db/storable.ts";
import type { Redact } from "../redact.ts";

const LONGEST = 64_000;
const DEEPEST = 64;
const SHOWN = 1_000;

/**
 * Returns the receipt in storable form. A receipt that is not JSON, or is too large, must not make the delivery fail,
 * because the target already has it; in that case the beginning of its text is kept.
 */
export function storableReceipt(receipt: unknown, redact: Redact): unknown {
  const text = jsonOf(receipt, redact);
  if (text === undefined) return null;
  if (text.length > LONGEST || depthOf(text) > DEEPEST) return { cut: storableJson(text.slice(0, SHOWN)) };
  return storableJson(JSON.parse(text));
}

function jsonOf(value: unknown, redact: Redact): string | undefined {
  const shown = (inner: unknown) => (typeof inner === "string" ? redact(inner) : inner);
  try {
    return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? String(inner) : shown(inner)));
  } catch {
    // The receipt is circular, or has a getter that throws.
    return undefined;
  }
}

/**
 * Nesting depth of JSON. Brackets inside strings are counted too, so the result may be too large but never too small.
 */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  for (const character of text) {
    if (character === "[" || character === "{") deepest = Math.max(deepest, ++depth);
    else if (character === "]" || character === "}") depth--;
  }
  return deepest;
}
