// What an MCP server asks, as people are asked it.

import type { JsonObject } from "../../sdk/json.ts";
import type { Question } from "./question.ts";

/** Of a page that a server wants a person to open. */
const LONGEST_URL = 2_000;
const LONGEST_REASON = 1_000;
const NO_FIELDS: JsonObject = { type: "object", properties: {} };

interface Asked {
  mode?: string | undefined;
  message: string;
  url?: string | undefined;
  requestedSchema?: object | undefined;
}

/** Undefined for what nobody is asked. Heddle opens no page itself: a person is told its whole address, and agrees or not. */
export function questionOf({ mode, message, url = "", requestedSchema }: Asked): Question | undefined {
  if (mode !== "url") return { message, schema: (requestedSchema ?? NO_FIELDS) as JsonObject };
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isPage = parsed && ["https:", "http:"].includes(parsed.protocol) && url.length <= LONGEST_URL;
  if (!isPage) return undefined;
  return {
    message: `${message.slice(0, LONGEST_REASON)}\n\nIt wants you to open this page of ${parsed.host}, and to accept here then:\n${parsed.href}`,
    schema: NO_FIELDS,
  };
}
