// What is read about calls that wait for a person, by the keys that refresh it.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../api/client.ts";
import { repairs } from "../api/queries.ts";
import { queryClient } from "../api/query-client.ts";

export type Approval = Schema<"Approval">;
export type ApprovalDetail = Schema<"ApprovalDetail">;

export const approval = (id: string) =>
  queryOptions({
    queryKey: ["approvals", "one", id],
    queryFn: () => take(api.GET("/api/v1/approvals/{id}", { params: { path: { id } } })),
  });

/** Calls of a run or of a session that wait. */
export const waitingIn = (where: { task_id: string } | { session_id: string }) =>
  queryOptions({
    queryKey: ["approvals", "waiting", where],
    queryFn: async () => {
      const query = { ...where, status: "pending", limit: 20 } as const;
      return (await take(api.GET("/api/v1/approvals", { params: { query } }))).approvals;
    },
  });

export async function refreshApprovals(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["approvals"] }),
    queryClient.invalidateQueries({ queryKey: repairs.queryKey }),
  ]);
}

/** What becomes of a call on which nobody decides in time. */
export const IF_NOBODY = { deny: "The call is not made", fail: "The run fails", allow: "The call is made" };

/** The arguments line by line; with those of an earlier call, as a diff. */
export function argumentsText(now: object, before: object | undefined): string {
  if (!before) return linesOf("", now).join("\n");
  const [old, next] = [before, now] as Record<string, unknown>[];
  const names = [...new Set([...Object.keys(old ?? {}), ...Object.keys(next ?? {})])];
  return names
    .flatMap((name) => {
      const [was, is] = [fieldOf(old, name), fieldOf(next, name)];
      if (was === is) return linesOf(" ", { [name]: next?.[name] });
      const [gone, come] = [old?.[name], next?.[name]];
      if (isLong(gone) && isLong(come)) return [`  ${name}:`, ...changedLines(gone, come)];
      return [
        ...(was === undefined ? [] : linesOf("-", { [name]: gone })),
        ...(is === undefined ? [] : linesOf("+", { [name]: come })),
      ];
    })
    .join("\n");
}

const isLong = (value: unknown): value is string => typeof value === "string" && value.includes("\n");

/**
 * Of two texts, what they have in common at the beginning and at the end, and what differs between. A library would find more in
 * common, in a time that grows with the square of what a model has written.
 */
function changedLines(before: string, now: string): string[] {
  const [old, next] = [before.trimEnd().split("\n"), now.trimEnd().split("\n")];
  const most = Math.min(old.length, next.length);
  let start = 0;
  while (start < most && old[start] === next[start]) start += 1;
  let end = 0;
  while (end < most - start && old.at(-1 - end) === next.at(-1 - end)) end += 1;
  const marked = (sign: string, lines: string[]) => lines.map((line) => `${sign}   ${line}`);
  return [
    ...marked(" ", next.slice(0, start)),
    ...marked("-", old.slice(start, old.length - end)),
    ...marked("+", next.slice(start, next.length - end)),
    ...marked(" ", next.slice(next.length - end)),
  ];
}

const fieldOf = (from: Record<string, unknown> | undefined, name: string): string | undefined =>
  from && Object.hasOwn(from, name) ? JSON.stringify(from[name]) : undefined;

/** Names and values, texts as they are; lines after the first are indented. */
function linesOf(sign: string, fields: object): string[] {
  const mark = sign === "" ? "" : `${sign} `;
  return Object.entries(fields).flatMap(([name, value]) => {
    const text = typeof value === "string" ? value.trimEnd() : (JSON.stringify(value, null, 2) ?? "null");
    const [first = "", ...rest] = text.split("\n");
    return rest.length === 0
      ? [`${mark}${name}: ${first}`]
      : [`${mark}${name}:`, ...[first, ...rest].map((line) => `${mark}  ${line}`)];
  });
}
