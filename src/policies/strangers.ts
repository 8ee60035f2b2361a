// The built-in rule about runs that have read text of strangers. It comes after all policies, so that any policy that fits decides
// instead.

import { type CallFacts, DEFAULT_TERMS, type Decision, type Taint } from "./policy.ts";

const NAME = "Built-in: text of strangers";
/** Of runs that answer a stranger: what people answer here is about strangers, and what they answer to the other rule is not. */
export const LED_NAME = "Built-in: a stranger's message";

/**
 * A run that answers a stranger may read, may use the tools of the integration that the message came from, and those that the message
 * names by its sender's code, as long as they can be undone. What it has its memory and its schedules changed to waits for a review
 * anyway. Everything else is left to a person. A run that answers a person and has read text of strangers asks before it destroys
 * something or sends something out.
 */
export function strangersRule(call: CallFacts, taint: Taint): Decision | undefined {
  if (taint === "none" || !(taint === "led" ? isHeldFromStrangers(call) : isGrave(call))) return undefined;
  return {
    effect: "require_approval",
    rule: { id: null, name: taint === "led" ? LED_NAME : NAME },
    reason:
      taint === "led"
        ? "A stranger wrote the message that the run answers."
        : "The run has read text of strangers, which may have asked for this.",
    approval: DEFAULT_TERMS,
  };
}

const isGrave = ({ tool: { kinds } }: CallFacts): boolean =>
  kinds.includes("destructive") || (kinds.includes("egress") && !kinds.includes("read"));

function isHeldFromStrangers({ tool, isNamed = false, sender = null }: CallFacts): boolean {
  const { kinds, integration_id } = tool;
  if (isNamed || kinds.includes("memory") || kinds.includes("schedule")) return false;
  if (kinds.includes("read") && !kinds.includes("egress")) return false;
  return kinds.includes("destructive") || integration_id === null || integration_id !== sender;
}
