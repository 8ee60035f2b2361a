// Calls a tool for a person who wants to see what it does, outside of any run.

import { HeddleError, notFound } from "../../errors.ts";
import { newId } from "../../ids.ts";
import { refusalOf } from "../../policies/decide.ts";
import type { Decide } from "../../policies/policies.ts";
import { UNTAINTED } from "../../policies/policy.ts";
import { hasSecret, secretRefusal } from "../../policies/secret-in-call.ts";
import { factsOf } from "../../policies/tool-kinds.ts";
import type { Redact } from "../../redact.ts";
import type { JsonObject } from "../../sdk/types.ts";
import { type CalledTool, callTool } from "./call.ts";
import type { ToolRegistry } from "./registry.ts";

export type TryTool = (
  name: string,
  args: JsonObject,
  /** Ends the call, which then throws. */
  cancelled?: AbortSignal,
) => Promise<Omit<CalledTool, "args" | "whole" | "images" | "outside">>;

export interface TryToolOptions {
  tools: Pick<ToolRegistry, "get">;
  sessions: {
    getOrCreate(wanted: { clientId: string; botId: string; owner: null }): Promise<{
      session_id: string;
      channel_id: string;
      bot_id: string;
    }>;
  };
  redact: Redact;
  decide: Decide;
  /** The client id of the session that tools are called in, so that those that look at it find one. */
  place: string;
  /** The bot as which it is called. */
  botId: string;
  /** Aborted when the server stops. */
  signal: AbortSignal;
}

/** The connection of a client that waits in silence is cut after 255 s. */
const MOST_MS = 240_000;

/** Throws `not_found`, and `validation` for arguments that do not fit the tool's schema. */
export function createTryTool({
  tools,
  sessions,
  redact,
  decide,
  place,
  botId,
  signal,
}: TryToolOptions): TryTool {
  return async (name, args, cancelled) => {
    const tool = tools.get(name);
    if (!tool) throw notFound("tool", name);
    const [problem] = tool.validate(args);
    if (problem) {
      const field = ["arguments", problem.field].filter(Boolean).join(".");
      throw new HeddleError("validation", `${field} ${problem.message}.`, { field });
    }
    const written = JSON.stringify(args);
    const session = await sessions.getOrCreate({ clientId: place, botId, owner: null });
    const {
      args: _args,
      whole: _whole,
      images: _images,
      outside: _outside,
      ...called
    } = await callTool(
      { id: newId(), name, arguments: written },
      {
        tools: new Map([[name, tool]]),
        run: {
          task_id: newId(),
          call_id: newId(),
          answers_stranger: false,
          bot_id: session.bot_id,
          session_id: session.session_id,
          channel_id: session.channel_id,
          client_id: place,
          correlation_id: newId(),
        },
        signal: AbortSignal.any([signal, AbortSignal.timeout(MOST_MS), ...(cancelled ? [cancelled] : [])]),
        redact,
        permit: async (tool, args) => {
          const facts = factsOf(tool);
          if (facts.kinds.includes("egress") && hasSecret(written, args, redact)) return secretRefusal(name);
          const call = { tool: facts, args, bot_id: session.bot_id, channel_id: session.channel_id };
          // Who tries a tool is not among those whom the policy asks, and a run is not there to wait for them.
          return refusalOf(await decide(call, UNTAINTED), name);
        },
        now: () => performance.now(),
      },
    );
    return called;
  };
}
