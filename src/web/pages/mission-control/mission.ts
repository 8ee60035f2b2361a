// The routes of Mission Control. They are an integration's, so the API's own document does not have their types.

import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ApiFailure } from "../../api/failure.ts";
import { queryClient } from "../../api/query-client.ts";
import { fetchSignedIn } from "../../api/sign-in-again.ts";
import type { IfMatch } from "../../parts/use-edited.tsx";

export interface Card {
  id: string;
  title: string;
  description: string;
  column_name: string;
  priority: "low" | "medium" | "high" | "critical";
  assigned: string | null;
  tags: string[];
  due: string | null;
  channel_id: string | null;
  bot_id: string | null;
  task_id: string | null;
  run_count: number;
  created_at: string;
  updated_at: string;
  started_at: string | null;
  completed_at: string | null;
}

export interface Column {
  name: string;
  cards: Card[];
  /** How many more there are, which are not shown. */
  left_out: number;
}

export interface Step {
  number: number;
  content: string;
  status: "pending" | "running" | "done" | "skipped" | "failed";
  task_id: string | null;
  result: string | null;
}

export interface Plan {
  id: string;
  title: string;
  status: "draft" | "executing" | "paused" | "complete" | "abandoned";
  bot_id: string;
  session_id: string | null;
  created_by: string;
  created_at: string;
  approved_by: string | null;
  approved_at: string | null;
  hash: string;
  steps: Step[];
}

export interface TimelineEvent {
  id: number;
  at: string;
  kind: string;
  content: string;
  actor: string;
  card_id: string | null;
  plan_id: string | null;
  task_id: string | null;
}

export interface Overview {
  needs_person: { kind: keyof typeof WAITING; id: string; title: string; since: string }[];
  columns: { name: string; task_count: number }[];
  plans: { id: string; title: string; steps_done: number; steps_total: number }[];
  recent: TimelineEvent[];
  channels: FleetChannel[];
}

/** A channel, as far as the reader's key may see it. */
export interface FleetChannel {
  id: string;
  name: string;
  bot_id: string | null;
  bot_name: string | null;
  model: string | null;
  template_id: string | null;
  task_count: number;
  is_member: boolean;
}

export interface Memory {
  id: string;
  bot_id: string;
  channel_id: string | null;
  text: string | null;
  created_at: string;
}

/** What a bot finds in a channel. Memories are null for a key that may not read them. */
export interface Context {
  channel: Omit<FleetChannel, "task_count" | "is_member"> & { active_session_id: string | null };
  bot: { id: string; name: string; model: string | null } | null;
  is_member: boolean;
  columns: { name: string; task_count: number }[];
  plans: Pick<Plan, "id" | "title" | "status">[];
  recent: TimelineEvent[];
  memories: Memory[] | null;
}

export interface SetupGuide {
  steps: { id: string; title: string; detail: string; done: boolean; href: string }[];
  done: number;
  total: number;
}

/** What had to do with a card, newest first. */
export interface CardRuns {
  runs: {
    task_id: string;
    at: string;
    bot_id: string | null;
    status: string | null;
    cost_usd: number | null;
  }[];
  /** There may be more than are listed. */
  total: number;
  cost_usd: number | null;
}

export const WAITING = {
  call_to_approve: "Call to approve",
  plan_to_approve: "Plan to approve",
  plan_stopped: "Plan stopped at a step",
  card_to_review: "Task to review",
  card_overdue: "Task overdue",
} as const;

export const PRIORITIES: Record<Card["priority"], string> = {
  low: "Low",
  medium: "Medium",
  high: "High",
  critical: "Critical",
};

export const PLAN_WORDS: Record<Plan["status"], string> = {
  draft: "Waits for approval",
  executing: "Running",
  paused: "Stopped at a step",
  complete: "Complete",
  abandoned: "Abandoned",
};

export const HOME = "/mission-control";
const BASE = "/integrations/mission_control";

/** Throws an ApiFailure with what the route said. */
export async function mission<Answer>(
  method: string,
  path: string,
  body?: object,
  header: Partial<IfMatch> = {},
): Promise<Answer> {
  const request = new Request(location.origin + BASE + path, {
    method,
    ...(body && { headers: { "content-type": "application/json", ...header }, body: JSON.stringify(body) }),
  });
  const response = await fetchSignedIn(request).catch(() => {
    throw ApiFailure.unreachable();
  });
  if (!response.ok) throw await ApiFailure.of(response);
  return (response.status === 204 ? undefined : await response.json()) as Answer;
}

const read = <Answer>(name: string, path: string) =>
  queryOptions({ queryKey: ["mission", name], queryFn: () => mission<Answer>("GET", path) });

const DONE_AT_FIRST = 50;
/** Of what is done, the latest, unless all is wanted. */
export const board = (isWhole: boolean) =>
  isWhole
    ? read<{ columns: Column[] }>("board, whole", "/kanban")
    : read<{ columns: Column[] }>("board", `/kanban?done=${DONE_AT_FIRST}`);
/** A card that the board may not show. */
export const cardOf = (id: string) =>
  queryOptions({
    queryKey: ["mission", "card", id],
    queryFn: async () => (await readCard(id)) ?? null,
  });
export const readCard = async (id: string): Promise<Card | undefined> => {
  const { columns } = await mission<{ columns: Column[] }>("GET", "/kanban");
  return columns.flatMap(({ cards }) => cards).find((card) => card.id === id);
};

export const runsOf = (id: string) => read<CardRuns>(`runs ${id}`, `/kanban/${encodeURIComponent(id)}/runs`);
export const plans = read<{ plans: Plan[] }>("plans", "/plans");
export const overview = read<Overview>("overview", "/overview");
export const overviewOf = (scope: string | undefined) =>
  read<Overview>(`overview ${scope ?? ""}`, scope === undefined ? "/overview" : `/overview?scope=${scope}`);
export const contextOf = (id: string) => read<Context>(`context ${id}`, `/channels/${id}/context`);
export const remembered = read<{ bots: { bot_id: string; memories: Memory[] }[] }>("memory", "/memory");
export const setupGuide = read<SetupGuide>("guide", "/setup-guide");
const EVENTS_AT_ONCE = 100;
/** What has happened, newest first, in pages; of the last 90 days. */
const eventsOf = (name: string, filter: string) =>
  infiniteQueryOptions({
    queryKey: ["mission", name],
    queryFn: ({ pageParam: before }) =>
      mission<{ events: TimelineEvent[] }>(
        "GET",
        `/timeline?days=90&limit=${EVENTS_AT_ONCE}${filter}${before === undefined ? "" : `&before=${before}`}`,
      ),
    initialPageParam: undefined as TimelineEvent["id"] | undefined,
    getNextPageParam: ({ events }) => (events.length < EVENTS_AT_ONCE ? undefined : events.at(-1)?.id),
  });
export const timeline = eventsOf("timeline", "");
export const journal = eventsOf("journal", "&kind=journal");

/** Everything here follows from everything else: a moved card is an event, a plan is on the overview. */
export const refreshMission = (): Promise<void> => queryClient.invalidateQueries({ queryKey: ["mission"] });

/** Every change is published by the integration itself. */
export const LIVE = ["custom.mission_control"] as const;
