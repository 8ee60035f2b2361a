// What a webhook is about, as far as its sender says so in a header: for lists, which have neither headers nor body.

import { sql } from "drizzle-orm";
import { inboxEvents } from "../db/schema.ts";

/** Headers in which services name the event; the first of them counts. */
const HEADERS = [
  "x-github-event",
  "x-gitlab-event",
  "x-event-key",
  "linear-event",
  "sentry-hook-resource",
  "ce-type",
] as const;
const LONGEST = 100;

export function eventNameIn(headers: Record<string, string>): string | null {
  const name = HEADERS.find((header) => headers[header] !== undefined);
  return name === undefined ? null : (headers[name] ?? "").slice(0, LONGEST);
}

/** The same, as a column of a query. */
export const eventNameColumn = sql<string | null>`left(coalesce(${sql.join(
  HEADERS.map((header) => sql`${inboxEvents.headers} ->> ${header}`),
  sql`, `,
)}), ${LONGEST}::int)`;
