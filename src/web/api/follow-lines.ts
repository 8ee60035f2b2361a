// Reads log lines as they are written, and resumes where it was cut off.

import { api, type Schema, take } from "./client.ts";
import { type Connection, followStream } from "./follow-events.ts";

interface FollowOptions<Line> {
  onLine(line: Line): void;
  onState(state: Connection): void;
  signal: AbortSignal;
}

/** The output of an integration's process, beginning with what is kept of it. */
export const followLines = ({
  id,
  onLine,
  ...rest
}: FollowOptions<Schema<"LogLine">> & { id: string }): Promise<void> =>
  followStream({
    url: `/api/v1/admin/integrations/${encodeURIComponent(id)}/process/logs/stream`,
    onMessage: ({ event, data }) => {
      if (event === "line") onLine(JSON.parse(data));
    },
    ...rest,
  });

/** The server's own log that matches the filters of the route, beginning with the latest lines. */
export async function followServerLog({
  filters,
  onLine,
  ...rest
}: FollowOptions<Schema<"ServerLogLine">> & { filters: Record<string, string> }): Promise<void> {
  const query = { ...filters, limit: 1_000 } as { level?: "debug" };
  // A server that does not answer yet is asked by the stream until it does.
  const latest = await take(api.GET("/api/v1/logs", { params: { query }, signal: rest.signal })).catch(
    () => undefined,
  );
  for (const line of latest?.lines.toReversed() ?? []) onLine(line);
  await followStream({
    url: `/api/v1/logs/stream?${new URLSearchParams(filters)}`,
    lastId: String(latest?.lines[0]?.id ?? 0),
    onMessage: ({ event, data }) => {
      if (event === "line") onLine(JSON.parse(data));
    },
    ...rest,
  });
}
