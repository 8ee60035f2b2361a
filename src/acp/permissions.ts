// What a coding agent asks before it does something becomes an approval: policies decide first, then people, wherever approvals are
// answered. The agent waits with its connection, so a question ends with the process that asks it.

import { setTimeout as wait } from "node:timers/promises";
import type { RequestPermissionOutcome, RequestPermissionRequest } from "@agentclientprotocol/sdk";
import { and, desc, eq, inArray, isNull, like, type SQL } from "drizzle-orm";
import { shown } from "../agent/approval-steps.ts";
import type { Database, Queryable } from "../db/database.ts";
import { approvals, type JsonObject, type ToolKind, tasks } from "../db/schema.ts";
import { HeddleError } from "../errors.ts";
import { newId } from "../ids.ts";
import { callHash } from "../policies/call-hash.ts";
import { refusalOf } from "../policies/decide.ts";
import type { Decide } from "../policies/policies.ts";
import { DEFAULT_TERMS, type Decision } from "../policies/policy.ts";
import type { Redact } from "../redact.ts";
import { argumentsOf, CANCELLED, chosen, MOST_SHOWN, titleOf } from "./action.ts";

export interface AskingRun {
  task_id: string;
  bot_id: string;
  session_id: string;
  channel_id: string;
  correlation_id: string;
}

export interface PermissionsOptions {
  db: Pick<Database, "query">;
  decide: Decide;
  /** Asks at the places of the run. */
  askPlaces: (tx: Queryable, task: typeof tasks.$inferSelect) => Promise<void>;
  /** Tells those who were asked. */
  tellPlaces: (tx: Queryable, ended: typeof approvals.$inferSelect) => Promise<void>;
  onCommit: () => void;
  redact: Redact;
  now: () => number;
}

export interface Asking {
  signal: AbortSignal;
  /** Called with why something was refused, for the bot: the agent itself only learns that it was. */
  onRefused: (reason: string) => void;
  onFail: (error: HeddleError) => void;
}

/** What became of a question; undefined: the agent was stopped meanwhile. */
type Answer = { isAllowed: boolean; reason: string | null } | "fail" | undefined;

export type Permissions = ReturnType<typeof createPermissions>;

const LOOK_MS = 500;
const NAME = "Built-in: coding agents ask";
/** An agent that asks for more at once is not waiting for people any more. */
const MOST_AT_ONCE = 20;
const DECIDED = ["approved", "denied"] as const;

/** What its actions do. An action about which the agent says nothing may do anything. */
const KINDS: Record<string, ToolKind[]> = {
  read: ["read"],
  search: ["read"],
  think: ["read"],
  fetch: ["read", "egress"],
  edit: ["write"],
  move: ["write"],
  delete: ["write", "destructive"],
};
const KNOWN: ReadonlySet<string> = new Set([...Object.keys(KINDS), "execute", "switch_mode", "other"]);
const ANYTHING: ToolKind[] = ["write", "egress", "destructive"];

export function createPermissions({
  db: { query },
  decide,
  askPlaces,
  tellPlaces,
  onCommit,
  redact,
  now,
}: PermissionsOptions) {
  /** The questions of each run that wait. */
  const open = new Map<string, number>();

  /**
   * What a person has decided for all such actions in this run. It counts only where the same policy asks, because another policy may
   * ask other people.
   */
  async function standing(run: AskingRun, action: string, { rule }: Decision): Promise<Answer> {
    const [row] = await query
      .select()
      .from(approvals)
      .where(
        and(
          eq(approvals.task_id, run.task_id),
          eq(approvals.tool_name, action),
          eq(approvals.choice, "run"),
          rule?.id ? eq(approvals.policy_id, rule.id) : isNull(approvals.policy_id),
          eq(approvals.policy_name, rule?.name ?? NAME),
          inArray(approvals.status, [...DECIDED]),
        ),
      )
      .orderBy(desc(approvals.id))
      .limit(1);
    return row && answerOf(row);
  }

  /** Returns the id of the approval; undefined if there is no run that could wait. */
  function store(
    run: AskingRun,
    action: string,
    args: JsonObject,
    decision: Decision,
  ): Promise<string | undefined> {
    const { approval, reason, rule } = decision;
    return query.transaction(async (tx) => {
      const [task] = await tx
        .select()
        .from(tasks)
        .where(and(eq(tasks.id, run.task_id), eq(tasks.status, "running")))
        .for("update");
      if (!task) return undefined;
      const id = newId();
      const call = { id: newId(), name: action, arguments: JSON.stringify(args) };
      const { task_id, session_id, channel_id, bot_id, correlation_id } = run;
      await tx.insert(approvals).values({
        ...{ id, task_id, session_id, channel_id, bot_id, correlation_id },
        // The model did not make this call, so nothing else has this message.
        ...{ message_id: newId(), call_id: call.id, tool_name: action },
        arguments: shown(args, redact),
        call_hash: callHash(call),
        policy_id: rule?.id ?? null,
        policy_name: rule?.name ?? NAME,
        reason: reason ?? "The coding agent asks before it does this.",
        approvers: approval.approvers,
        on_timeout: approval.on_timeout,
        expires_at: new Date(now() + approval.timeout_seconds * 1_000),
      });
      await askPlaces(tx, task);
      return id;
    });
  }

  async function decided(
    { id, task_id }: { id: string; task_id: string },
    signal: AbortSignal,
  ): Promise<Answer> {
    for (;;) {
      try {
        await wait(LOOK_MS, undefined, { signal });
      } catch {
        await cancel(task_id, eq(approvals.id, id));
        return undefined;
      }
      const [row] = await query.select().from(approvals).where(eq(approvals.id, id));
      if (row?.status !== "pending") return row && answerOf(row);
    }
  }

  async function askPeople(
    run: AskingRun,
    action: string,
    { args, terms, signal }: { args: JsonObject; terms: Decision; signal: AbortSignal },
  ): Promise<Answer> {
    open.set(run.task_id, (open.get(run.task_id) ?? 0) + 1);
    try {
      const id = await store(run, action, args, terms);
      if (id === undefined) return undefined;
      onCommit();
      return await decided({ id, task_id: run.task_id }, signal);
    } finally {
      const left = (open.get(run.task_id) ?? 1) - 1;
      if (left > 0) open.set(run.task_id, left);
      else open.delete(run.task_id);
    }
  }

  /** Locks the run first, as all do that decide. */
  async function cancel(taskId: string, which: SQL | undefined): Promise<void> {
    const count = await query.transaction(async (tx) => {
      await tx.select({ id: tasks.id }).from(tasks).where(eq(tasks.id, taskId)).for("update");
      const ended = await tx
        .update(approvals)
        .set({ status: "cancelled", decided_at: new Date(now()) })
        .where(and(eq(approvals.task_id, taskId), which, eq(approvals.status, "pending")))
        .returning();
      for (const one of ended) await tellPlaces(tx, one);
      return ended.length;
    });
    if (count > 0) onCommit();
  }

  return {
    /**
     * Answers the agent of this tool. `onRefused` is told why something was refused, `onFail` why the run is to end because nobody
     * decided.
     */
    async ask(
      tool: string,
      run: AskingRun,
      { toolCall, options }: RequestPermissionRequest,
      { signal, onRefused, onFail }: Asking,
    ): Promise<RequestPermissionOutcome> {
      // A word of the agent's own could stand for others in a policy that a person writes by deciding for always.
      const kind = KNOWN.has(toolCall.kind ?? "") ? (toolCall.kind ?? "other") : "other";
      const action = `${tool}/${kind}`;
      const args = argumentsOf(toolCall);
      const facts = { name: action, kinds: KINDS[kind] ?? ANYTHING, integration_id: null };
      const { bot_id, channel_id } = run;
      const look = () =>
        decide(
          { tool: facts, args, bot_id, channel_id },
          // What the agent has read is not known.
          { isLed: () => false, hasRead: async () => true },
        );
      const title = titleOf(toolCall, action);
      const refuse = (reason: string): RequestPermissionOutcome => {
        onRefused(`${title} was refused: ${reason}`);
        return chosen(options, false);
      };
      const decision = await look();
      if (decision.effect === "deny") return refuse(String(refusalOf(decision, action)));
      // If no policy fits, the agent's question still needs an answer.
      if (decision.effect === "allow" && decision.rule !== null) return chosen(options, true);
      // Nobody should approve what is not shown in full.
      if (JSON.stringify(args).length > MOST_SHOWN) {
        const most = MOST_SHOWN.toLocaleString("en");
        return refuse(`it has more than ${most} characters, which is more than a person can be shown.`);
      }
      const before = await standing(run, action, decision);
      const asked = open.get(run.task_id) ?? 0;
      if (!before && asked >= MOST_AT_ONCE) return refuse(`${asked} questions are open already.`);
      const terms = decision.effect === "allow" ? { ...decision, approval: DEFAULT_TERMS } : decision;
      const answer = before ?? (await askPeople(run, action, { args, terms, signal }));
      if (answer === undefined) return CANCELLED;
      if (answer === "fail") {
        const policy = terms.rule?.name ?? NAME;
        const message = `Nobody decided in time on what the coding agent wanted to do (${action}), which the policy "${policy}" leaves to a person.`;
        onFail(new HeddleError("timeout", message));
        return CANCELLED;
      }
      if (!answer.isAllowed) return refuse(answer.reason ?? "");
      // What has been forbidden meanwhile is not done, whoever approved it.
      const now = before ? decision : await look();
      return now.effect === "deny" ? refuse(String(refusalOf(now, action))) : chosen(options, true);
    },
    /** Takes back the questions of an agent whose process is gone, whichever policy had it ask. */
    cancelOf: (tool: string, taskId: string): Promise<void> =>
      cancel(taskId, like(approvals.tool_name, `${tool.replaceAll("_", "\\_")}/%`)),
  };
}

function answerOf({ status, on_timeout, decided_by_name, note }: typeof approvals.$inferSelect): Answer {
  switch (status) {
    case "approved":
      return { isAllowed: true, reason: null };
    case "denied": {
      const reason = [`${decided_by_name ?? "a person"} denied it.`, note].filter(Boolean).join(" ");
      return { isAllowed: false, reason };
    }
    case "expired":
      if (on_timeout === "fail") return "fail";
      return { isAllowed: on_timeout === "allow", reason: "nobody decided in time." };
    default:
      return undefined;
  }
}
