// What a coding agent asks before it does something becomes an approval: policies decide first, then people, wherever approvals are
// answered. The agent waits with its connection, so a question ends with the process that asks it.

import { setTimeout as wait } from "node:timers/promises";
import type {
  PermissionOption,
  RequestPermissionOutcome,
  RequestPermissionRequest,
} from "@agentclientprotocol/sdk";
import { and, desc, eq, inArray, isNull, like, type SQL } from "drizzle-orm";
import { shown } from "../agent/approval-steps.ts";
import type { Database, Queryable } from "../db/database.ts";
import { approvals, type JsonObject, type ToolKind, tasks } from "../db/schema.ts";
import { storableJson } from "../db/storable.ts";
import { HeddleError } from "../errors.ts";
import { newId } from "../ids.ts";
import { callHash } from "../policies/call-hash.ts";
import type { Decide } from "../policies/policies.ts";
import { DEFAULT_TERMS, type Decision } from "../policies/policy.ts";
import type { Redact } from "../redact.ts";

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
  onUnasked: (reason: string) => void;
  onFail: (error: HeddleError) => void;
}

export type Permissions = ReturnType<typeof createPermissions>;

const LOOK_MS = 500;
const NAME = "Built-in: coding agents ask";
const CANCELLED: RequestPermissionOutcome = { outcome: "cancelled" };
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
  async function standing(run: AskingRun, action: string, { rule }: Decision): Promise<boolean | undefined> {
    const [row] = await query
      .select({ status: approvals.status })
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
    return row && row.status === "approved";
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
  ): Promise<boolean | "fail" | undefined> {
    for (;;) {
      try {
        await wait(LOOK_MS, undefined, { signal });
      } catch {
        await cancel(task_id, eq(approvals.id, id));
        return undefined;
      }
      const [row] = await query
        .select({ status: approvals.status, onTimeout: approvals.on_timeout })
        .from(approvals)
        .where(eq(approvals.id, id));
      if (row?.status === "pending") continue;
      if (row?.status === "approved") return true;
      if (row?.status === "denied") return false;
      if (row?.status !== "expired") return undefined;
      return row.onTimeout === "fail" ? "fail" : row.onTimeout === "allow";
    }
  }

  async function askPeople(
    run: AskingRun,
    action: string,
    { args, terms, signal }: { args: JsonObject; terms: Decision; signal: AbortSignal },
  ): Promise<boolean | "fail" | undefined> {
    open.set(run.task_id, (open.get(run.task_id) ?? 0) + 1);
    try {
      const id = await store(run, action, args, terms);
      if (id === undefined) return false;
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
     * Answers the agent of this tool. `onUnasked` is told why nobody was asked about what was refused, `onFail` why the run is to end
     * because nobody decided.
     */
    async ask(
      tool: string,
      run: AskingRun,
      { toolCall, options }: RequestPermissionRequest,
      { signal, onUnasked, onFail }: Asking,
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
      const decision = await look();
      if (decision.effect === "deny") return chosen(options, false);
      // If no policy fits, the agent's question still needs an answer.
      if (decision.effect === "allow" && decision.rule !== null) return chosen(options, true);
      // Nobody should approve what is not shown in full.
      if (JSON.stringify(args).length > MOST_SHOWN) {
        onUnasked(
          `"${cut(toolCall.title ?? action, 200)}" was refused: it has more than ${MOST_SHOWN.toLocaleString("en")} characters, which is more than a person can be shown.`,
        );
        return chosen(options, false);
      }
      const before = await standing(run, action, decision);
      if (before !== undefined) return chosen(options, before);
      const asked = open.get(run.task_id) ?? 0;
      if (asked >= MOST_AT_ONCE) {
        onUnasked(
          `"${cut(toolCall.title ?? action, 200)}" was refused: ${asked} questions are open already.`,
        );
        return chosen(options, false);
      }
      const terms = decision.effect === "allow" ? { ...decision, approval: DEFAULT_TERMS } : decision;
      const answer = await askPeople(run, action, { args, terms, signal });
      if (answer === "fail") {
        const policy = terms.rule?.name ?? NAME;
        const message = `Nobody decided in time on what the coding agent wanted to do (${action}), which the policy "${policy}" leaves to a person.`;
        onFail(new HeddleError("timeout", message));
        return CANCELLED;
      }
      // What has been forbidden meanwhile is not done, whoever approved it.
      return chosen(options, answer && (await look()).effect !== "deny");
    },
    /** Takes back the questions of an agent whose process is gone, whichever policy had it ask. */
    cancelOf: (tool: string, taskId: string): Promise<void> =>
      cancel(taskId, like(approvals.tool_name, `${tool.replaceAll("_", "\\_")}/%`)),
  };
}

/** In one question. */
const MOST_SHOWN = 256_000;

/** What people are shown: all of it, since what is left out would be approved unseen. */
function argumentsOf({
  title,
  locations,
  content,
  rawInput,
}: RequestPermissionRequest["toolCall"]): JsonObject {
  const changes = (content ?? []).flatMap((part) =>
    part.type === "diff" ? [{ path: part.path, old_text: part.oldText ?? "", new_text: part.newText }] : [],
  );
  const said = (content ?? []).flatMap((part) =>
    part.type === "content" ? [part.content.type === "text" ? part.content.text : part.content] : [],
  );
  return storableJson({
    action: title ?? "",
    ...(locations && locations.length > 0 && { paths: locations.map(({ path }) => path) }),
    ...(changes.length > 0 && { changes }),
    ...(said.length > 0 && { content: said }),
    ...(rawInput !== undefined && rawInput !== null && { input: rawInput }),
  } as unknown as JsonObject);
}

const cut = (text: string, most: number): string =>
  text.length <= most ? text : `${text.slice(0, most).toWellFormed()}…`;

/** The agent's option for this one time, if it offers one: what holds for longer is decided here. */
function chosen(options: PermissionOption[], isAllowed: boolean | undefined): RequestPermissionOutcome {
  if (isAllowed === undefined) return CANCELLED;
  const wanted = isAllowed ? ["allow_once", "allow_always"] : ["reject_once", "reject_always"];
  const option = wanted.map((kind) => options.find((one) => one.kind === kind)).find(Boolean);
  return option ? { outcome: "selected", optionId: option.optionId } : CANCELLED;
}
