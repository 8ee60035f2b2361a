// Reactions on the message that a run answers show what it does, and how it ended.

import { log, registerHook } from "heddle/sdk";
import { type KindOfTool, kindOfTool } from "../_reactions/kind-of-tool.ts";
import { call } from "./client.ts";
import { settings } from "./config.ts";

const WORKING = "⏳";
const DONE = "✅";
const FAILED = "❌";
const MARKS: Record<KindOfTool, string> = {
  search: "🔍",
  shell: "💻",
  memory: "🧠",
  files: "📝",
  delegate: "👥",
  other: "⚙️",
};

interface Asked {
  channel: string;
  message: string;
}

/** The message that a run answers, if it came from Discord. One that begins a thread stands in the channel above. */
function askedIn(message: { metadata: Record<string, unknown> } | null): Asked | undefined {
  const { asked_in, message_id } = message?.metadata ?? {};
  const isThere = typeof asked_in === "string" && typeof message_id === "string";
  return isThere && settings.DISCORD_REACTIONS ? { channel: asked_in, message: message_id } : undefined;
}

/** One that cannot be made is only logged: the bot may lack the permission Add Reactions. */
async function react(method: "PUT" | "DELETE", { channel, message }: Asked, emoji: string): Promise<void> {
  const path = `/channels/${channel}/messages/${message}/reactions/${encodeURIComponent(emoji)}/@me`;
  try {
    await call(method, path, { signal: AbortSignal.timeout(8_000) });
  } catch (error) {
    log.debug("A reaction could not be made at Discord", { emoji, reason: String(error) });
  }
}

registerHook("before_context_assembly", async ({ extra }) => {
  const asked = askedIn(extra.message);
  if (asked) await react("PUT", asked, WORKING);
});

registerHook("after_tool_call", async ({ extra }) => {
  const asked = askedIn(extra.message);
  if (asked) await react("PUT", asked, MARKS[kindOfTool(extra.tool_name)]);
});

registerHook("after_response", async ({ extra }) => {
  const asked = askedIn(extra.message);
  if (!asked) return;
  await react("DELETE", asked, WORKING);
  if (extra.status !== "cancelled") await react("PUT", asked, extra.error ? FAILED : DONE);
});
