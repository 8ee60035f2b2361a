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

const PAGE = 200;

/** Undefined if the caller may not see any. */
export async function channelsFor(
  request: Request,
  filter: { carapace?: string } = {},
): Promise<Channel[] | undefined> {
  const query = { ...filter, limit: PAGE };
  return (await allowed(asCaller(request).get<{ channels: Channel[] }>("/channels", { query })))?.channels;
}

export const botsFor = async (request: Request): Promise<Bot[] | undefined> =>
  (await allowed(asCaller(request).get<{ bots: Bot[] }>("/bots", { query: { limit: PAGE } })))?.bots;

export const memoriesFor = async (
  request: Request,
  query: { bot_id?: string | undefined; channel_id?: string | undefined; applies?: boolean; limit: number },
): Promise<Memory[] | undefined> =>
  (await allowed(asCaller(request).get<{ memories: Memory[] }>("/memories", { query })))?.memories;

export const channelFor = (request: Request, id: string): Promise<Channel> =>
  asCaller(request).get<Channel>(`/channels/${encodeURIComponent(id)}`);

export const botFor = (request: Request, id: string): Promise<Bot | undefined> =>
  allowed(asCaller(request).get<Bot>(`/bots/${encodeURIComponent(id)}`));

/** What the caller's key has no scope for is left out, and the rest is shown. */
async function allowed<Value>(answer: Promise<Value>): Promise<Value | undefined> {
  try {
    return await answer;
  } catch (error) {
    if ((error as { code?: unknown }).code === "forbidden") return undefined;
    throw error;
  }
}
