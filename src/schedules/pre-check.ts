// Whether anything is new since a schedule's message was sent last: its tool says so, before any model is asked.

import { createHash } from "node:crypto";
import { errorMessage } from "../errors.ts";
import type { JsonObject } from "../sdk/types.ts";
import type { ScheduleRow } from "./schedules.ts";

/** Calls a tool in a session; `error` is that of the tool. */
export type CallCheck = (call: {
  tool: string;
  args: JsonObject;
  session_id: string;
  channel_id: string;
}) => Promise<{ content: string; error: string | null }>;

export type News =
  /** `seen` is stored once the message is sent; `problem` says why nobody knows. */
  { isNew: true; seen?: string; problem?: string } | { isNew: false; reason: string };

/** What tools answer when there is nothing. */
const NOTHING = ["", "[]", "{}", "null", '""', "false"];

/** A check that fails does not suppress the message. */
export async function lookForNews(
  { pre_check, seen, channel_id }: Pick<ScheduleRow, "pre_check" | "seen" | "channel_id">,
  session_id: string,
  call: CallCheck,
): Promise<News> {
  if (!pre_check) return { isNew: true };
  const { tool, arguments: args } = pre_check;
  const failed = (why: string): News => ({
    isNew: true,
    problem: `The check with ${tool} failed, so it ran anyway: ${why}`,
  });
  try {
    const { content, error } = await call({ tool, args, session_id, channel_id });
    if (error !== null) return failed(error);
    if (NOTHING.includes(content.trim()))
      return { isNew: false, reason: `Nothing is new: ${tool} found nothing.` };
    const now = createHash("sha256").update(content).digest("hex");
    return now === seen
      ? { isNew: false, reason: `Nothing is new: ${tool} answers as before.` }
      : { isNew: true, seen: now };
  } catch (error) {
    return failed(errorMessage(error));
  }
}
