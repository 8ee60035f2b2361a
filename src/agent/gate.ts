// Whether the calls of a run may be made: by the policies, and by what people decided where a policy asks them. Outside of the
// model: nothing that it reads or writes changes a rule or a decision.

import { namesTool, referenceOf } from "../capabilities/tool-patterns.ts";
import type { Database } from "../db/database.ts";
import { HeddleError } from "../errors.ts";
import type { LlmToolCall } from "../llm/llm.ts";
import { callHash } from "../policies/call-hash.ts";
import { refusalOf } from "../policies/decide.ts";
import type { Decide } from "../policies/policies.ts";
import type { Decision, RunTaint, ToolFacts } from "../policies/policy.ts";
import { hasSecret, secretRefusal } from "../policies/secret-in-call.ts";
import type { Redact } from "../redact.ts";
import type { JsonObject } from "../sdk/types.ts";
import { type Approval, loadApprovals, saveApproval, saveBegun } from "./approval-steps.ts";
import type { ClaimedTask } from "./claimed-task.ts";

/** A call with valid arguments. */
export interface MadeCall {
  call: LlmToolCall;
  tool: ToolFacts;
  args: JsonObject;
  iteration: number;
}

export interface Gate {
  /** Whether the call waits for a person. Asked twice about one call, the answer is the same. */
  holds(made: MadeCall): Promise<boolean>;
  /** Asks people about a call that it holds. */
  ask(made: MadeCall): Promise<void>;
  /**
   * Resolves with why the call may not be made, for the model, or undefined. Throws `timeout` when the run is to end because nobody
   * decided.
   */
  permit(made: MadeCall): Promise<string | undefined>;
  /** Whether a call that has no result was decided on and not begun, so that it is certain that it was not made. */
  isUnbegun(call: LlmToolCall, iteration: number): Promise<boolean>;
}

export interface GateOptions {
  db: Database;
  task: ClaimedTask;
  decide: Decide;
  redact: Redact;
  /** The id of the assistant message of this iteration. */
  messageIdOf: (iteration: number) => string;
  strangers: RunTaint;
  /** The integration whose message the run answers. */
  sender: string | null;
  /** Whether the call was among those that an earlier claim left without a result. */
  isLeft: (call: LlmToolCall) => boolean;
  /** Called when people have been asked. */
  onAsked: () => void;
  now: () => number;
}

const MAYBE_MADE = "The server stopped at this call, so that it may have taken effect already.";

export function createGate(options: GateOptions): Gate {
  const { db, task, messageIdOf, now } = options;
  const held = new WeakMap<LlmToolCall, Promise<Decision | undefined>>();
  let loaded: Promise<Approval[]> | undefined;
  /** A first claim has asked nobody before. */
  const all = (): Promise<Approval[]> => {
    loaded ??= task.attempt > 1 ? loadApprovals(db, task.id) : Promise.resolve([]);
    return loaded;
  };
  const approvalOf = async (call: LlmToolCall, iteration: number): Promise<Approval | undefined> => {
    if (task.attempt === 1) return undefined;
    const messageId = messageIdOf(iteration);
    return (await all()).find((one) => one.message_id === messageId && one.call_id === call.id);
  };
  /** What a person decided for all calls of the tool in this run about which the same policy asks. */
  const standing = async (tool: ToolFacts, { rule }: Decision): Promise<Approval | undefined> =>
    // Another policy may leave its calls to other people.
    (await all()).findLast(
      (one) =>
        isOf(one, tool) &&
        one.choice === "run" &&
        one.policy_id === (rule?.id ?? null) &&
        one.policy_name === rule?.name,
    );
  const { tools: named = [], client_tools = [] } = task.execution_config;
  const isNamed = namesTool([...named, ...client_tools.map(({ name }) => name)]);
  const decisionOn = ({ tool, args }: MadeCall): Promise<Decision> => {
    const { bot_id, channel_id } = task;
    const { sender, strangers } = options;
    const facts = { tool, args, bot_id, channel_id, isNamed: isNamed(referenceOf(tool)), sender };
    return options.decide(facts, strangers);
  };
  /** Whether a secret of this server would leave it, or be used by a run that others may have talked into it. */
  const losesSecret = async ({ call, tool, args }: MadeCall): Promise<boolean> =>
    hasSecret(call.arguments, args, options.redact) &&
    (tool.kinds.includes("egress") || (await options.strangers.hasRead()));

  const look = async (made: MadeCall): Promise<Decision | undefined> => {
    // Refused whatever people say.
    if (await losesSecret(made)) return undefined;
    const known = await approvalOf(made.call, made.iteration);
    if (known && known.status !== "pending") return undefined;
    const decision = await decisionOn(made);
    if (known) return decision;
    if (decision.effect !== "require_approval" || (await standing(made.tool, decision))) return undefined;
    if (!options.isLeft(made.call)) return decision;
    return { ...decision, reason: [decision.reason, MAYBE_MADE].filter(Boolean).join(" ") };
  };
  const looked = (made: MadeCall): Promise<Decision | undefined> => {
    const found = held.get(made.call) ?? look(made);
    held.set(made.call, found);
    return found;
  };

  return {
    holds: async (made) => (await looked(made)) !== undefined,
    async ask(made) {
      const decision = await looked(made);
      if (!decision || (await approvalOf(made.call, made.iteration))) return;
      const expiresAt = new Date(now() + decision.approval.timeout_seconds * 1_000);
      await saveApproval(
        db,
        task,
        {
          ...made,
          messageId: messageIdOf(made.iteration),
          integrationId: made.tool.integration_id,
          reference: made.tool.reference ?? null,
          decision,
          expiresAt,
        },
        options.redact,
      );
      options.onAsked();
    },
    async permit(made) {
      const { name } = made.tool;
      if (await losesSecret(made)) return secretRefusal(name);
      const decision = await decisionOn(made);
      // What is forbidden meanwhile stays undone, whoever approved it before.
      if (decision.effect === "deny") return refusalOf(decision, name);
      const approval = await approvalOf(made.call, made.iteration);
      if (approval) {
        const refusal = refusalBy(approval, made);
        if (refusal === undefined) await saveBegun(db, task, approval.id);
        return refusal;
      }
      if (decision.effect === "allow") return undefined;
      const earlier = await standing(made.tool, decision);
      return earlier ? refusalBy(earlier) : refusalOf(decision, name);
    },
    async isUnbegun(call, iteration) {
      const approval = await approvalOf(call, iteration);
      return approval !== undefined && approval.status !== "pending" && approval.begun_at === null;
    },
  };
}

/** Not by the name alone: which tool of an MCP server has a name changes when another one takes it. */
const isOf = ({ tool_name, tool_reference }: Approval, tool: ToolFacts): boolean =>
  (tool_reference ?? tool_name) === referenceOf(tool);

/** Why a decision does not let the call be made; without a call: one of its tool in the same run. */
function refusalBy(approval: Approval, made?: Pick<MadeCall, "call" | "tool">): string | undefined {
  const { tool_name, status, on_timeout, decided_by_name, note } = approval;
  if (made && (callHash(made.call) !== approval.call_hash || !isOf(approval, made.tool))) {
    return `This call of ${tool_name} is not the one that was decided on; it was not made.`;
  }
  if (status === "approved" || (status === "expired" && on_timeout === "allow")) return undefined;
  if (status === "denied") {
    return `${decided_by_name ?? "A person"} denied this call of ${tool_name}; it was not made.${note ? ` ${note}` : ""}`;
  }
  const nobody = `Nobody decided in time on the call of ${tool_name}, which the policy "${approval.policy_name}" leaves to a person`;
  if (status === "expired" && on_timeout === "fail") throw new HeddleError("timeout", `${nobody}.`);
  return `${nobody}; it was not made.`;
}
