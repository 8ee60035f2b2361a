// The places of Slack as client ids: slack:<team>:<channel>, and slack:<team>:<channel>:<thread_ts> for a thread.

export const PREFIX = "slack:";

export interface Place {
  team: string;
  channel: string;
  thread?: string;
}

export const clientIdOf = ({ team, channel, thread }: Place): string =>
  PREFIX + [team, channel, ...(thread === undefined ? [] : [thread])].join(":");

/** Undefined for anything that is not a place of Slack. */
export function placeOf(clientId: string): Place | undefined {
  const [team, channel, thread] = clientId.startsWith(PREFIX) ? clientId.slice(PREFIX.length).split(":") : [];
  if (!team || !channel) return undefined;
  return { team, channel, ...(thread && { thread }) };
}

/** Where a place's answers go. */
export const targetOf = ({ team, channel, thread }: Place) => ({
  type: "slack",
  channel_id: channel,
  team_id: team,
  ...(thread !== undefined && { thread_ts: thread, reply_in_thread: true }),
});
