// What a policy is, and what is decided about a call.

import type { ApprovalTerms, PolicyEffect, policies, ToolKind } from "../db/schema.ts";
import type { JsonObject } from "../sdk/json.ts";

export type Policy = typeof policies.$inferSelect;

/** The tool of a call, as far as rules look at it. */
export interface ToolFacts {
  name: string;
  kinds: readonly ToolKind[];
  /** The integration that it belongs to; null: it is built in, or it is the client's own. */
  integration_id: string | null;
  /** How bots name it, if not by its name: `mcp:<server>/<tool>`. */
  reference?: string | undefined;
}

/**
 * What strangers have to do with a run. none: it has read only what people with a key and the operator wrote. read: it answers
 * such a person, and has read other text as well. led: what it answers was written by a stranger.
 */
export type Taint = "none" | "read" | "led";

/** The same of a run that goes on. What it has read takes a look into its session, so it is asked for only if that decides. */
export interface RunTaint {
  isLed(): boolean;
  /** Whether it has read what may have asked for a call of this tool. Without one: whether it has read anything. */
  hasRead(tool?: Pick<ToolFacts, "reference">): Promise<boolean>;
}

/** Nobody but a person has to do with it. */
export const UNTAINTED: RunTaint = { isLed: () => false, hasRead: async () => false };

/** A call that a rule may fit. */
export interface CallFacts {
  tool: ToolFacts;
  args: JsonObject;
  /** Null: no bot makes the call. */
  bot_id: string | null;
  channel_id: string | null;
  /** Whether the message that the run answers names the tool in its execution_config. Default: no. */
  isNamed?: boolean;
  /** The integration whose message the run answers. Default: none. */
  sender?: string | null;
}

export interface Decision {
  effect: PolicyEffect;
  /** The rule that decided: null: none fits, so that the call is allowed. A built-in rule has no id. */
  rule: { id: string | null; name: string } | null;
  reason: string | null;
  approval: ApprovalTerms;
}

export const DEFAULT_TERMS: ApprovalTerms = { timeout_seconds: 3_600, on_timeout: "deny", approvers: [] };
