// What is asked of Discord again and again: who the bot is, and what its channels are.

import { call } from "./client.ts";
import { settings } from "./config.ts";

export interface Self {
  id: string;
  username: string;
}

export interface Channel {
  id: string;
  type: number;
  name?: string | null;
  parent_id?: string | null;
  /** Who began the thread. */
  owner_id?: string;
  recipients?: { username: string }[];
}

const KEPT_MS = 600_000;
const MOST = 2_000;
const selves = new Map<string, Self>();
const known = new Map<string, { at: number; channel: Channel }>();

export async function whoAmI(signal?: AbortSignal): Promise<Self> {
  const key = `${settings.DISCORD_API_URL} ${settings.DISCORD_BOT_TOKEN}`;
  const found = selves.get(key);
  if (found) return found;
  const self = await call<Self>("GET", "/users/@me", { ...(signal && { signal }) });
  selves.set(key, self);
  return self;
}

export async function channelOf(id: string, signal?: AbortSignal): Promise<Channel> {
  const found = known.get(id);
  if (found && performance.now() - found.at < KEPT_MS) return found.channel;
  const channel = await call<Channel>("GET", `/channels/${id}`, { ...(signal && { signal }) });
  if (known.size >= MOST) known.clear();
  known.set(id, { at: performance.now(), channel });
  return channel;
}

const DIRECT = 1;
const GROUP_DIRECT = 3;
const THREADS = [10, 11, 12];
/** Text channels and those for announcements; others, such as voice channels, have no threads. */
const WITH_THREADS = [0, 5];

export const isDirect = ({ type }: Pick<Channel, "type">): boolean =>
  type === DIRECT || type === GROUP_DIRECT;
const PRIVATE_THREAD = 12;
/** Whether whoever reads the channel may read what is written there. */
export const isPublic = ({ type }: Channel): boolean => type !== PRIVATE_THREAD && !isDirect({ type });
export const isThread = ({ type }: Channel): boolean => THREADS.includes(type);
export const mayHaveThreads = ({ type }: Channel): boolean => WITH_THREADS.includes(type);
