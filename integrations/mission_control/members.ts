// Which channels somebody has joined: `scope=personal` shows only these. It is a filter, not a permission.

import { tables } from "./tables.ts";

const MOST = 1_000;

export async function channelsOf(caller: string): Promise<string[]> {
  const rows = await tables.query<{ channel_id: string }>(
    "SELECT channel_id FROM members WHERE caller = $1 ORDER BY channel_id LIMIT $2",
    [caller, MOST],
  );
  return rows.map(({ channel_id }) => channel_id);
}

export const join = (caller: string, channelId: string) =>
  tables.query("INSERT INTO members (caller, channel_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", [
    caller,
    channelId,
  ]);

export const leave = (caller: string, channelId: string) =>
  tables.query("DELETE FROM members WHERE caller = $1 AND channel_id = $2", [caller, channelId]);
