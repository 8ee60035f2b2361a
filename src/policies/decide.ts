// The rule that decides on a call. A pure function of the rules and the call.

import { namesTool } from "../capabilities/tool-patterns.ts";
import type { PolicyEffect } from "../db/schema.ts";
import { fitArguments } from "./conditions.ts";
import {
  type CallFacts,
  DEFAULT_TERMS,
  type Decision,
  type Policy,
  type RunTaint,
  type Taint,
  type ToolFacts,
} from "./policy.ts";
import { LED_NAME, strangersRule } from "./strangers.ts";

/** A rule prepared for many calls. */
export interface Rule {
  policy: Policy;
  namesTool: (name: string) => boolean;
}

const STRICTEST_FIRST: PolicyEffect[] = ["deny", "require_approval", "allow"];

/** In the order in which they are asked: by priority, the more specific one first, then the stricter one. */
export function toRules(policies: readonly Policy[]): Rule[] {
  return policies
    .filter(({ enabled }) => enabled)
    .toSorted(
      (a, b) =>
        a.priority - b.priority ||
        specificity(b) - specificity(a) ||
        STRICTEST_FIRST.indexOf(a.effect) - STRICTEST_FIRST.indexOf(b.effect) ||
        (a.id < b.id ? -1 : 1),
    )
    .map((policy) => ({ policy, namesTool: namesTool(policy.tools) }));
}

const specificity = ({ channel_id, bot_id }: Policy): number =>
  (channel_id === null ? 0 : 2) + (bot_id === null ? 0 : 1);

/** The first rule that fits decides, the built-in one last; a call that none fits is allowed. */
export function decide(rules: readonly Rule[], call: CallFacts, taint: Taint): Decision {
  const rule = rules.find((one) => fitsCall(one, call, taint));
  if (!rule) return strangersRule(call, taint) ?? ALLOWED;
  if (isAnswer(rule)) {
    const without = decide(
      rules.filter((one) => !isAnswer(one)),
      call,
      taint,
    );
    if (without.effect === "deny") return without;
    // What was answered about a person's run does not let strangers do the same.
    if (without.rule?.name === LED_NAME && rule.policy.tainted !== true) return without;
  }
  const { id, name, effect, reason, approval } = rule.policy;
  return { effect, rule: { id, name }, reason, approval };
}

/** What a person once allowed for good answers the question of a policy; it allows nothing that another one forbids or asks strangers for. */
const isAnswer = ({ policy: { effect, approval_id } }: Rule): boolean =>
  effect === "allow" && approval_id !== null;

/** Looks into the session of the run only if the decision depends on what it has read. */
export async function decideInRun(
  rules: readonly Rule[],
  call: CallFacts,
  taint: RunTaint,
): Promise<Decision> {
  if (taint.isLed()) return decide(rules, call, "led");
  const [none, read] = [decide(rules, call, "none"), decide(rules, call, "read")];
  if (isSame(none, read)) return none;
  return (await taint.hasRead(call.tool)) ? read : none;
}

const isSame = (one: Decision, other: Decision): boolean =>
  one.effect === other.effect && one.rule?.id === other.rule?.id && one.rule?.name === other.rule?.name;

const ALLOWED: Decision = { effect: "allow", rule: null, reason: null, approval: DEFAULT_TERMS };

export function fitsCall({ policy, namesTool }: Rule, call: CallFacts, taint: Taint): boolean {
  const { kinds, bot_id, channel_id, integration_id, tainted } = policy;
  const { tool } = call;
  return (
    isNamed(tool, namesTool, policy.effect) &&
    (kinds === null || kinds.some((kind) => tool.kinds.includes(kind))) &&
    (bot_id === null || bot_id === call.bot_id) &&
    (channel_id === null || channel_id === call.channel_id) &&
    (integration_id === null || integration_id === tool.integration_id) &&
    (tainted === null || tainted === (taint !== "none")) &&
    fitArguments(policy.arguments, call.args, policy.effect)
  );
}

/** What an MCP server calls its tools can make a rule stricter for them, and never allows them anything. */
const isNamed = (
  { name, reference }: ToolFacts,
  namesTool: Rule["namesTool"],
  effect: PolicyEffect,
): boolean =>
  reference === undefined ? namesTool(name) : namesTool(reference) || (effect !== "allow" && namesTool(name));

/** Why a call is not made, in words for the model and for people; undefined if it is allowed. */
export function refusalOf({ effect, rule, reason }: Decision, tool: string): string | undefined {
  if (effect === "allow") return undefined;
  const what =
    effect === "deny" ? "forbids this call" : "lets a person decide on this call, and nobody was asked";
  return `The policy "${rule?.name ?? ""}" ${what} of ${tool}; it was not made.${reason ? ` ${reason}` : ""}`;
}
