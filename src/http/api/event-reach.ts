import { and, eq } from "drizzle-orm";
import type { Database } from "../../db/database.ts";
import { channelsIn, type Reach } from "../../db/reach.ts";
import { channels } from "../../db/schema.ts";

/** What decides who may see an event. */
export interface EventPlace {
  owner: string | null;
  channel_id: string | null;
  integration_id?: string | null;
}

/** How long an answer about a channel is reused: its owner may change, and the channel may be made later. */
const BELIEVED_MS = 30_000;
const MOST_CHANNELS = 10_000;

/** Returns whether a caller may see an event: its own tasks' and those of channels in its reach. */
export function createEventReach(
  { query }: Pick<Database, "query">,
  reach: Reach | undefined,
  now: () => number = () => performance.now(),
): (place: EventPlace) => Promise<boolean> {
  if (!reach) return async () => true;
  const known = new Map<string, { isMine: boolean; until: number }>();

  const isMine = async (channelId: string): Promise<boolean> => {
    const answer = known.get(channelId);
    if (answer && answer.until > now()) return answer.isMine;
    const found = await query
      .select({ id: channels.id })
      .from(channels)
      .where(and(eq(channels.id, channelId), channelsIn(reach)));
    if (known.size >= MOST_CHANNELS) known.clear();
    known.set(channelId, { isMine: found.length > 0, until: now() + BELIEVED_MS });
    return found.length > 0;
  };

  return async ({ owner, channel_id, integration_id }) => {
    if (owner === reach.owner) return true;
    if (channel_id) return isMine(channel_id);
    // Webhooks, processes and integrations: another integration's are out of reach, for other keys only scopes count.
    return integration_id !== null && integration_id !== undefined
      ? reach.integrationId === null || reach.integrationId === integration_id
      : false;
  };
}
