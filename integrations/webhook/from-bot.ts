// Whether a bot wrote what a webhook tells of, as far as the service of its scheme says so.

import { valueAt } from "./payload.ts";

/** Paths in the payload, by scheme; what stands there, or is this, tells of a bot. */
const SIGNS: Record<string, { path: string[]; is?: unknown }[]> = {
  // https://docs.slack.dev/reference/events/message/bot_message
  slack: [
    { path: ["event", "bot_id"] },
    { path: ["event", "bot_profile"] },
    { path: ["event", "subtype"], is: "bot_message" },
    { path: ["event", "message", "bot_id"] },
  ],
  github: [
    { path: ["sender", "type"], is: "Bot" },
    { path: ["comment", "user", "type"], is: "Bot" },
    { path: ["review", "user", "type"], is: "Bot" },
  ],
};

export function isFromBot(scheme: string, payload: unknown): boolean {
  return (SIGNS[scheme] ?? []).some(({ path, is }) => {
    const value = valueAt(payload, path);
    return is === undefined ? value !== undefined && value !== null : value === is;
  });
}
