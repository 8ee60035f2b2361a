// What waits for a person comes first, then what is under way.

import { listBoard } from "./board.ts";
import { listPlans, type Plan } from "./plans.ts";
import { type Approval, memoriesFor } from "./server.ts";
import { tables } from "./tables.ts";
import { listTimeline } from "./timeline.ts";

const RECENT = 10;

export interface Waiting {
  kind: "call_to_approve" | "plan_to_approve" | "plan_stopped" | "card_to_review" | "card_overdue";
  id: string;
  title: string;
  since: string;
}

/** `channels`: only what belongs to these. `approvals`: calls that wait for a person, as far as the reader may see them. */
export async function overview(
  today: string,
  {
    channels,
    approvals = [],
  }: { channels?: readonly string[] | undefined; approvals?: readonly Approval[] } = {},
) {
  const [board, drafts, executing, paused, recent] = [
    await listBoard(undefined, channels),
    await listPlans({ status: "draft", channels }),
    await listPlans({ status: "executing", channels }),
    await listPlans({ status: "paused", channels }),
    await listTimeline({ days: 7, limit: RECENT, channels }),
  ];
  const cards = board.flatMap((column) => column.cards);
  const needs_person: Waiting[] = [
    // First, because a run stands still until somebody decides.
    ...approvals
      .filter(({ channel_id }) => channels?.includes(channel_id) ?? true)
      .map(({ id, bot_id, tool_name, created_at }) => ({
        kind: "call_to_approve" as const,
        ...{ id, title: `${bot_id}: ${tool_name}`, since: created_at },
      })),
    ...drafts.map((plan) => waiting("plan_to_approve", plan)),
    ...paused.map((plan) => waiting("plan_stopped", plan)),
    // What is late the longest first.
    ...cards
      .filter(({ due, column_name }) => due !== null && due < today && column_name !== "Done")
      .map(({ id, title, due }) => ({ kind: "card_overdue" as const, id, title, since: String(due) }))
      .sort((one, other) => one.since.localeCompare(other.since)),
    ...cards
      .filter(({ column_name }) => column_name === "Review")
      .map(({ id, title, updated_at }) => ({
        kind: "card_to_review" as const,
        id,
        title,
        since: updated_at,
      })),
  ];
  return {
    needs_person,
    columns: board.map(({ name, cards }) => ({ name, task_count: cards.length })),
    total_tasks: cards.length,
    plans: executing.map(({ id, title, steps }) => ({
      id,
      title,
      steps_done: steps.filter(({ status }) => status === "done" || status === "skipped").length,
      steps_total: steps.length,
    })),
    recent,
  };
}

const waiting = (kind: Waiting["kind"], { id, title, updated_at }: Plan): Waiting => ({
  ...{ kind, id, title },
  since: updated_at,
});

const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

/** Memories are the server's, and shown as far as the caller may see them. */
async function memoryReadiness(request: Request): Promise<Readiness> {
  const found = await memoriesFor(request, { limit: 500 });
  if (!found)
    return {
      ready: false,
      detail: "The key needs memories:read",
      count: 0,
      total: 0,
      issues: ["memories:read is missing"],
    };
  const count = found.filter(({ applies }) => applies).length;
  const waiting = found.filter(({ status }) => status === "unreviewed").length;
  const issues = waiting > 0 ? [`${waiting} wait for a review`] : [];
  return {
    ready: count > 0 && waiting === 0,
    detail: counted(count, "memory", "memories"),
    count,
    total: found.length,
    issues,
  };
}

interface Readiness {
  ready: boolean;
  detail: string;
  count: number;
  total: number;
  issues: string[];
}

/** Whether each page has anything to show. */
export async function readiness(request: Request): Promise<Record<string, Readiness>> {
  const [counts] = await tables.query<Record<string, number>>(
    `SELECT (SELECT count(*) FROM cards) AS cards, (SELECT count(*) FROM cards WHERE completed_at IS NOT NULL) AS completed,
       (SELECT count(*) FROM timeline) AS timeline, (SELECT count(*) FROM timeline WHERE kind = 'journal') AS journal,
       (SELECT count(*) FROM plans) AS plans, (SELECT count(*) FROM plans WHERE status = 'paused') AS paused`,
  );
  const of = (name: string): number => counts?.[name] ?? 0;
  const part = (count: number, total: number, detail: string, issues: string[] = []): Readiness => ({
    ...{ ready: total > 0 && issues.length === 0, detail, count, total, issues },
  });
  const [cards, plans, paused] = [of("cards"), of("plans"), of("paused")];
  return {
    dashboard: part(of("timeline"), of("timeline"), "Shows what has happened"),
    kanban: part(
      cards - of("completed"),
      cards,
      `${cards - of("completed")} open of ${counted(cards, "card")}`,
    ),
    timeline: part(of("timeline"), of("timeline"), counted(of("timeline"), "event")),
    plans: part(
      plans - paused,
      plans,
      counted(plans, "plan"),
      paused > 0 ? [`${paused} stopped at a step that failed`] : [],
    ),
    journal: part(of("journal"), of("journal"), counted(of("journal"), "entry", "entries")),
    memory: await memoryReadiness(request),
  };
}
