// Reads the output lines of a process as they are written, and resumes where it was cut off.

import type { Schema } from "./client.ts";
import { type Connection, followStream } from "./follow-events.ts";

interface FollowOptions {
  /** The integration whose process it is. */
  id: string;
  onLine(line: Schema<"LogLine">): void;
  onState(state: Connection): void;
  signal: AbortSignal;
}

export const followLines = ({ id, onLine, ...rest }: FollowOptions): Promise<void> =>
  followStream({
    url: `/api/v1/admin/integrations/${encodeURIComponent(id)}/process/logs/stream`,
    onMessage: ({ event, data }) => {
      if (event === "line") onLine(JSON.parse(data));
    },
    ...rest,
  });
