// Events, slash commands and pressed buttons, as both transports bring them.

import type { JsonObject } from "heddle/sdk";
import { runCommand } from "./commands.ts";
import { pressed } from "./pressed.ts";
import { receiveEvent } from "./receive.ts";

/** What to answer: for a slash command, the text that the person sees. */
export async function receiveAny(payload: JsonObject): Promise<JsonObject> {
  if (payload.type === "url_verification") return { challenge: payload.challenge };
  if (payload.type === "event_callback") return { ...(await receiveEvent(payload)) };
  if (payload.type === "block_actions") return pressed(payload);
  if (typeof payload.command === "string") return runCommand(payload);
  return { status: "ignored", reason: "unhandled" };
}
