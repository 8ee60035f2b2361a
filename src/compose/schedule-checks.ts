// Calls the tool that says whether anything is new for a schedule, in the session of its channel.

import { eq } from "drizzle-orm";
import { createTryTool } from "../agent/tools/try-tool.ts";
import { toolNamed } from "../capabilities/tool-patterns.ts";
import { sessions } from "../db/schema.ts";
import { HeddleError, notFound } from "../errors.ts";
import type { Policies } from "../policies/policies.ts";
import type { CallCheck } from "../schedules/pre-check.ts";
import type { Content } from "./content.ts";
import type { Storage } from "./storage.ts";

/** Short, because other schedules become due while a check runs. */
const MOST_SECONDS = 20;

export function createScheduleChecks(
  { db, redactor }: Pick<Storage, "db" | "redactor">,
  { tools }: Pick<Content, "tools">,
  { decide }: Pick<Policies, "decide">,
  signal: AbortSignal,
  mostSeconds = MOST_SECONDS,
): CallCheck {
  return async ({ tool, args, session_id, channel_id }) => {
    // By its reference: an MCP server must not answer for a tool of that name which is gone.
    const known = toolNamed(tool, tools);
    if (known?.annotations.destructive === true) {
      throw new HeddleError("validation", `${tool} is destructive, so it cannot look for news.`);
    }
    const [session] = await db.query.select().from(sessions).where(eq(sessions.id, session_id));
    if (!session) throw notFound("session", session_id);
    const { client_id: place, bot_id: botId } = session;
    const call = createTryTool({
      tools: {
        get: () => known && { ...known, timeoutSeconds: Math.min(known.timeoutSeconds, mostSeconds) },
      },
      sessions: { getOrCreate: async () => ({ session_id, channel_id, bot_id: botId }) },
      redact: redactor.redact,
      decide,
      place,
      botId,
      signal,
    });
    return call(tool, args);
  };
}
