// What the server itself knows of channels, bots and memories, read with the rights of who asks.

import { asCaller } from "heddle/sdk";

export interface Channel {
  id: string;
  display_name: string;
  bot_id: string | null;
  active_session_id: string | null;
  workspace: boolean;
  template_id: string | null;
  model_override: string | null;
  [field: string]: unknown;
}

export interface Bot {
  id: string;
  name: string;
  model: string | null;
  carapaces: string[];
}

export interface Memory {
  memory_id: string;
  bot_id: string;
  channel_id: string | null;
  text: string | null;
  status: "accepted" | "unreviewed" | "rejected";
  applies: boolean;
  created_at: string;
}

const MOST_APPROVALS = 100;
const PAGE = 500;
/** Nobody has more channels than this, and no page could show them. */
const MOST_PAGES = 20;

/** Undefined if the caller may not see any. */
export const channelsFor = (
  request: Request,
  filter: { carapace?: string } = {},
): Promise<Channel[] | undefined> => everyPage(request, "channels", filter);

export const botsFor = (request: Request): Promise<Bot[] | undefined> => everyPage(request, "bots");

async function everyPage<Item>(
  request: Request,
  things: string,
  filter: Record<string, string> = {},
): Promise<Item[] | undefined> {
  const items: Item[] = [];
  let cursor: string | undefined;
  for (let page = 0; page < MOST_PAGES; page += 1) {
    const query = { ...filter, limit: PAGE, ...(cursor !== undefined && { cursor }) };
    const answer = await allowed(asCaller(request).get<Record<string, unknown>>(`/${things}`, { query }));
    if (!answer) return undefined;
    items.push(...(answer[things] as Item[]));
    if (typeof answer.next_cursor !== "string") break;
    cursor = answer.next_cursor;
  }
  return items;
}

export const memoriesFor = async (
  request: Request,
  query: { bot_id?: string | undefined; channel_id?: string | undefined; applies?: boolean; limit: number },
): Promise<Memory[] | undefined> =>
  (await allowed(asCaller(request).get<{ memories: Memory[] }>("/memories", { query })))?.memories;

export const channelFor = (request: Request, id: string): Promise<Channel> =>
  asCaller(request).get<Channel>(`/channels/${encodeURIComponent(id)}`);

/** Files of the channel's workspace. */
export const filesFor = (
  request: Request,
  channel: string,
  query: { path?: string | undefined; recursive?: boolean | undefined },
): Promise<unknown> =>
  asCaller(request).get(`/channels/${encodeURIComponent(channel)}/workspace/files`, { query });

export const fileFor = (request: Request, channel: string, path: string): Promise<unknown> =>
  asCaller(request).get(`/channels/${encodeURIComponent(channel)}/workspace/files/content`, {
    query: { path },
  });

export const botFor = (request: Request, id: string): Promise<Bot | undefined> =>
  allowed(asCaller(request).get<Bot>(`/bots/${encodeURIComponent(id)}`));

export interface Task {
  id: string;
  bot_id: string;
  status: string;
}

/** Tasks by their ids. Those that were deleted, or are not the caller's to see, are missing. */
export async function tasksFor(request: Request, ids: readonly string[]): Promise<Map<string, Task>> {
  if (ids.length === 0) return new Map();
  const query = { id: ids.join(","), limit: 500 };
  const answer = await allowed(asCaller(request).get<{ tasks: Task[] }>("/tasks", { query }));
  return new Map((answer?.tasks ?? []).map((task) => [task.id, task]));
}

/** What runs have cost in US dollars, by their ids. Those whose cost is not known, or not the caller's to see, are missing. */
export async function costsFor(request: Request, ids: readonly string[]): Promise<Map<string, number>> {
  if (ids.length === 0) return new Map();
  const query = { group_by: "task", task_id: ids.join(","), since: "1970-01-01T00:00:00Z", limit: 500 };
  const answer = await allowed(
    asCaller(request).get<{ usage: { task_id: string; cost_usd: number | null }[] }>("/usage", { query }),
  );
  return new Map(
    (answer?.usage ?? []).flatMap(({ task_id, cost_usd }) =>
      cost_usd === null ? [] : [[task_id, cost_usd]],
    ),
  );
}

export interface Approval {
  id: string;
  tool_name: string;
  bot_id: string;
  channel_id: string;
  created_at: string;
}

/** Calls that wait for a person; none for a key that may not see them. */
export const approvalsFor = async (request: Request): Promise<Approval[]> =>
  (
    await allowed(
      asCaller(request).get<{ approvals: Approval[] }>("/approvals", {
        query: { status: "pending", limit: MOST_APPROVALS },
      }),
    )
  )?.approvals ?? [];

/** What the caller's key has no scope for is left out, and the rest is shown. */
async function allowed<Value>(answer: Promise<Value>): Promise<Value | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { code?: unknown }).code === "forbidden") return undefined;
    throw error;
  }
}
