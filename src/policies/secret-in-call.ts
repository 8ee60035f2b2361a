// A secret of this server does not leave it in the arguments of a call, whatever policies and people say.

import type { Redact } from "../redact.ts";
import type { JsonObject } from "../sdk/json.ts";

/** Whether the arguments contain a secret, as they were written or as they are read: JSON can write each character as an escape. */
export const hasSecret = (written: string, args: JsonObject, redact: Redact): boolean =>
  [written, JSON.stringify(args)].some((text) => redact(text) !== text);

export const secretRefusal = (tool: string): string =>
  `The arguments of this call of ${tool} contain a secret; it was not made.`;
