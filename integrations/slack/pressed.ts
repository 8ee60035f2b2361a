// Buttons that people press: approvals of calls, and stopping a run.

import { approvals, type JsonObject } from "heddle/sdk";
import { refusedBecause } from "../_decisions/refused.ts";
import { record, text } from "./message.ts";
import { say } from "./say.ts";
import { personName } from "./workspace.ts";

export const APPROVE = "heddle_approve";
export const APPROVE_RUN = "heddle_approve_run";
export const DENY = "heddle_deny";

export async function pressed(payload: JsonObject): Promise<JsonObject> {
  const [first] = Array.isArray(payload.actions) ? payload.actions : [];
  const { action_id: action, value: id } = record(first);
  if (typeof id !== "string" || ![APPROVE, APPROVE_RUN, DENY].includes(String(action)))
    return { status: "ignored", reason: "unhandled" };
  const user = text(record(payload.user).id);
  const team = text(record(payload.team).id) ?? text(record(payload.user).team_id);
  if (user === undefined || team === undefined) return { status: "ignored", reason: "nobody" };
  try {
    const { status } = await approvals.decide(id, {
      approved: action !== DENY,
      by: { id: user, name: await personName(team, user) },
      choice: action === APPROVE_RUN ? "run" : "once",
    });
    return { status: "processed", decision: status };
  } catch (error) {
    const reason = refusedBecause(error);
    if (reason === undefined) throw error;
    const channel = text(record(payload.channel).id);
    const thread = text(record(payload.message).thread_ts);
    if (channel !== undefined) await say({ team, channel, user, thread }, reason);
    return { status: "ignored", reason: String((error as { code?: unknown }).code) };
  }
}
