// Calls that wait for a person: who is asked, the one decision that stands, and what becomes of those that nobody decides on.

import { and, desc, eq, getTableColumns, inArray, isNull, lt, lte, sql } from "drizzle-orm";
import type { Database, Queryable } from "../db/database.ts";
import { type Reach, tasksIn } from "../db/reach.ts";
import {
  type ApprovalChoice,
  type ApprovalStatus,
  type ArgumentCondition,
  approvals,
  people,
  tasks,
} from "../db/schema.ts";
import type { ApprovalNotices } from "../dispatch/approval-notices.ts";
import { HeddleError, notFound } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Policies } from "../policies/policies.ts";
import type { Queue } from "../queue/queue.ts";
import { wakeWaiting } from "../sessions/wake-waiting.ts";
import { policyFrom } from "./policy-from.ts";
import { decideSiblings } from "./siblings.ts";

export type ApprovalRow = typeof approvals.$inferSelect;

export interface ApprovalFilter {
  status?: ApprovalStatus;
  task_id?: string;
  session_id?: string;
  bot_id?: string;
  limit: number;
  cursor?: string;
  reach?: Reach | undefined;
}

/** Who decides: "key:<name of an API key>", or "<integration>:<identity>". */
export interface Decider {
  id: string;
  name: string;
  /** A person of a service, who decides only if they are named. */
  isOutside?: boolean;
}

export interface GivenDecision {
  approved: boolean;
  choice: ApprovalChoice;
  /** For the choice "pattern": what the arguments of later calls must be like. */
  conditions?: Record<string, ArgumentCondition> | undefined;
  note?: string | undefined;
}

export interface Approvals {
  /** Newest first. */
  list(filter: ApprovalFilter): Promise<ApprovalRow[]>;
  /** @throws HeddleError `not_found` */
  get(id: string, reach: Reach | undefined): Promise<ApprovalRow>;
  /** The call of the same tool by the same bot, among those in reach, that was approved last before this one. */
  previous(approval: ApprovalRow, reach: Reach | undefined): Promise<ApprovalRow | undefined>;
  /** Whether they are asked, as things are now. */
  mayDecide(approval: ApprovalRow, by: Decider): boolean;
  /** @throws HeddleError `not_found`, `forbidden` (not asked), `conflict` (decided, expired or cancelled already) */
  decide(id: string, decision: GivenDecision, by: Decider, reach: Reach | undefined): Promise<ApprovalRow>;
  /** Ends those that nobody decided on in time, and those whose runs have ended. Returns how many. */
  expire(): Promise<number>;
}

export interface ApprovalsOptions {
  db: Database;
  queue: Pick<Queue, "enqueue">;
  policies: Pick<Policies, "add" | "find" | "refresh">;
  /** Tells the places where people were asked. Default: there are none. */
  notices?: Pick<ApprovalNotices, "tell">;
  /** Called when something was committed that others may wait for. */
  onCommit: () => void;
  log: Logger;
  now: () => number;
}

/** In one look. */
const MOST_EXPIRED = 100;
const OPEN = ["pending", "running", "waiting"] as const;

export function createApprovals(options: ApprovalsOptions): Approvals {
  const { db, queue, policies, notices, onCommit, log, now } = options;
  const { query } = db;
  const inReach = (reach: Reach | undefined) =>
    reach &&
    inArray(approvals.task_id, query.select({ id: tasks.id }).from(tasks).where(tasksIn(query, reach)));

  /** A policy that was changed meanwhile counts as it is now; one that was deleted counts as it was. */
  const mayDecide: Approvals["mayDecide"] = ({ approvers, policy_id }, { id, isOutside = false }) => {
    const now = policies.find(policy_id);
    const named = now?.effect === "require_approval" ? now.approval.approvers : approvers;
    return (named.length === 0 && !isOutside) || named.includes(id);
  };

  const get: Approvals["get"] = async (id, reach) => {
    const [row] = await query
      .select()
      .from(approvals)
      .where(and(eq(approvals.id, id), inReach(reach)));
    if (!row) throw notFound("approval", id);
    return row;
  };

  /** Locks the run first, then the approval: the order in which a pausing run takes them. */
  const locked = async (tx: Queryable, { id, task_id }: ApprovalRow) => {
    const [task] = await tx
      .select({ id: tasks.id, session_id: tasks.session_id, status: tasks.status })
      .from(tasks)
      .where(eq(tasks.id, task_id))
      .for("update");
    const [row] = await tx.select().from(approvals).where(eq(approvals.id, id)).for("update");
    if (!task || !row) throw notFound("approval", id);
    const isOver = !(OPEN as readonly string[]).includes(task.status);
    const ended: ApprovalStatus = isOver ? "cancelled" : "expired";
    return { task, row, ended: isOver || row.expires_at.getTime() <= now() ? ended : undefined };
  };

  /** Ends an approval that nobody can decide on any more. Returns whether this call did. */
  const end = (one: ApprovalRow): Promise<boolean> =>
    query.transaction(async (tx) => {
      const { task, row, ended } = await locked(tx, one);
      if (row.status !== "pending" || ended === undefined) return false;
      const [told] = await tx
        .update(approvals)
        .set({ status: ended, decided_at: new Date(now()) })
        .where(eq(approvals.id, row.id))
        .returning();
      if (told) await notices?.tell(tx, told);
      if (ended === "expired") await wakeWaiting(tx, queue, task);
      return true;
    });

  /** Another decision stands, or it is too late. */
  const store = async (tx: Queryable, asked: ApprovalRow, decision: GivenDecision, by: Decider) => {
    const { task, row, ended } = await locked(tx, asked);
    if (row.status !== "pending" || ended !== undefined) return { row, isMine: false };
    const { approved, choice, note = null } = decision;
    const [decided = row] = await tx
      .update(approvals)
      .set({
        status: approved ? "approved" : "denied",
        ...{ choice, decided_by: by.id, decided_by_name: by.name, note },
        decided_at: new Date(now()),
      })
      .where(eq(approvals.id, row.id))
      .returning();
    const policy = policyFrom(row, decision, { by, before: policies.find(row.policy_id) });
    const policyId = policy && (await policies.add(tx, policy));
    const siblings = await decideSiblings(tx, decided, decision, new Date(now()));
    await wakeWaiting(tx, queue, task);
    for (const one of [decided, ...siblings]) await notices?.tell(tx, one);
    return { row: decided, policyId, isMine: true };
  };

  return {
    list: ({ limit, cursor, reach, ...filter }) =>
      query
        .select(getTableColumns(approvals))
        .from(approvals)
        .where(
          and(
            ...Object.entries(filter).flatMap(([name, value]) =>
              value === undefined ? [] : [eq(approvals[name as keyof typeof filter], value)],
            ),
            cursor === undefined ? undefined : lt(approvals.id, cursor),
            inReach(reach),
          ),
        )
        .orderBy(desc(approvals.id))
        .limit(limit),
    get,
    mayDecide,
    async previous({ id, bot_id, tool_name, tool_reference }, reach) {
      const [row] = await query
        .select()
        .from(approvals)
        .where(
          and(
            eq(approvals.status, "approved"),
            eq(approvals.bot_id, bot_id),
            tool_reference === null
              ? and(eq(approvals.tool_name, tool_name), isNull(approvals.tool_reference))
              : eq(approvals.tool_reference, tool_reference),
            lt(approvals.id, id),
            inReach(reach),
          ),
        )
        .orderBy(desc(approvals.id))
        .limit(1);
      return row;
    },
    async decide(id, decision, by, reach) {
      const asked = await get(id, reach);
      if (!mayDecide(asked, by) || (by.isOutside && (await isBlocked(query, by.id)))) {
        const message =
          "Other people are asked about this call; you are not among those who may decide on it.";
        throw new HeddleError("forbidden", message);
      }
      const { row, policyId, isMine } = await query.transaction((tx) => store(tx, asked, decision, by));
      if (!isMine) {
        if (row.status === "pending") await end(row);
        throw conflict(await get(id, undefined));
      }
      onCommit();
      if (policyId !== undefined) await policies.refresh(policyId);
      log.info("{by} {status} a call of {tool} (approval {id})", {
        ...{ by: by.name, status: row.status, tool: row.tool_name, id },
      });
      return row;
    },
    async expire() {
      const due = await query
        .select(getTableColumns(approvals))
        .from(approvals)
        .innerJoin(tasks, eq(tasks.id, approvals.task_id))
        .where(
          and(
            eq(approvals.status, "pending"),
            sql`(${lte(approvals.expires_at, new Date(now()))} or ${tasks.status} not in ('pending', 'running', 'waiting'))`,
          ),
        )
        .limit(MOST_EXPIRED);
      let count = 0;
      for (const one of due) if (await end(one)) count += 1;
      if (count > 0) onCommit();
      return count;
    },
  };
}

/** Somebody whom the operator has blocked since then decides on nothing, whichever policy still names them. */
async function isBlocked(query: Queryable, identity: string): Promise<boolean> {
  const [integration_id = "", ...external] = identity.split(":");
  const found = await query
    .select({ id: people.id })
    .from(people)
    .where(
      and(
        eq(people.integration_id, integration_id),
        eq(people.external_id, external.join(":")),
        eq(people.status, "blocked"),
      ),
    );
  return found.length > 0;
}

function conflict({ status, decided_by_name, decided_at }: ApprovalRow): HeddleError {
  const when = decided_at ? `${decided_at.toISOString().slice(0, 16).replace("T", " ")} UTC` : "another time";
  if (status === "expired") return new HeddleError("conflict", `The time to decide was over at ${when}.`);
  if (status === "cancelled") {
    return new HeddleError("conflict", "The run has ended, so nobody needs to decide any more.");
  }
  return new HeddleError(
    "conflict",
    `${decided_by_name ?? "Somebody"} has ${status} it already, at ${when}.`,
  );
}
