import { createTryTool } from "../agent/tools/try-tool.ts";
import { DEFAULT_BOT } from "../content/bots/bots.ts";
import { MCP_PLACE, TRY_PLACE } from "../sessions/own-places.ts";
import type { Core } from "./core.ts";

/** What calls tools outside of runs: for a person who tries one, and for programs that speak MCP. */
export function outsideOfRuns({ content, conversation, policies, storage }: Core, signal: AbortSignal) {
  const common = {
    tools: content.tools,
    sessions: conversation.sessions,
    redact: storage.redactor.redact,
    decide: policies.decide,
    botId: DEFAULT_BOT,
    signal,
  };
  return {
    tryTool: createTryTool({ ...common, place: TRY_PLACE }),
    callToolOverMcp: createTryTool({ ...common, place: MCP_PLACE }),
  };
}
