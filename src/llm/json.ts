import { isDeepJson } from "../schema/json-text.ts";

/** The value of a JSON text; undefined if it is none, or nested so deep that whatever reads it could overflow its stack. */
export function jsonIn(text: string): unknown {
  if (isDeepJson(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
