// Determines whether a bot caused a webhook, for services that say so in the payload.

import { valueAt } from "./payload.ts";

/** Paths in the payload, by scheme. A value there, or the value `is` if given, means that a bot was the cause. */
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
