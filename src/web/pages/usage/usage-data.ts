// What the models have read and written, as the API reports it.

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";

export type Usage = Schema<"Usage">;

export const GROUPS = ["bot", "model", "provider", "integration", "schedule", "day"] as const;
export type Group = (typeof GROUPS)[number];

/** The filters of a report; the names are the API's. */
export type Narrowing = Partial<
  Record<"bot_id" | "provider" | "model" | "integration" | "schedule_id", string>
>;

const DAY_MS = 86_400_000;

/** The beginning of the day in UTC that many days before now, so that a day is never counted in part. */
export const dayStart = (now: number, daysBefore = 0): string =>
  new Date(Math.floor(now / DAY_MS - daysBefore) * DAY_MS).toISOString();

/** A model is told apart by its provider: two of them may offer the same one. */
const groupBy = (group: Group | "total" | "all"): string =>
  ({ model: "provider,model", all: "bot,provider,model,integration" })[group as string] ?? group;

const PAGE = 500;
const MOST_PAGES = 8;

/** All rows of a report. */
export const usageOf = (group: Group | "total" | "all", since: string, narrowing: Narrowing = {}) =>
  queryOptions({
    queryKey: ["usage", group, since, narrowing],
    queryFn: async () => {
      const rows: Usage[] = [];
      let cursor: string | null | undefined;
      for (let page = 0; page < MOST_PAGES && cursor !== null; page += 1) {
        const query = {
          ...narrowing,
          group_by: groupBy(group),
          since,
          limit: PAGE,
          ...(cursor && { cursor }),
        };
        const answer = await take(api.GET("/api/v1/usage", { params: { query } }));
        rows.push(...answer.usage);
        cursor = answer.next_cursor;
      }
      return rows;
    },
    // A changed filter leaves the old numbers until the new ones are there, instead of an empty page.
    placeholderData: keepPreviousData,
  });

export const uncached = ({ prompt_tokens, cached_input_tokens }: Usage): number =>
  prompt_tokens - cached_input_tokens;

/** One row for each day from the first to today; a day without a call is `undefined`. */
export function everyDay(rows: readonly Usage[], since: string, now: number): [at: number, row?: Usage][] {
  const byDay = new Map(rows.map((row) => [row.day, row]));
  const days: [number, Usage?][] = [];
  for (let at = Date.parse(since); at <= now; at += DAY_MS) {
    const row = byDay.get(new Date(at).toISOString().slice(0, 10));
    days.push(row ? [at, row] : [at]);
  }
  return days;
}
