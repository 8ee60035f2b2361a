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

/** The arguments line by line; with those of an earlier call, as a diff. */
export function argumentsText(now: object, before: object | undefined): string {
  if (!before) return linesOf("", now).join("\n");
  const [old, next] = [before, now] as Record<string, unknown>[];
  const names = [...new Set([...Object.keys(old ?? {}), ...Object.keys(next ?? {})])];
  return names
    .flatMap((name) => {
      const [was, is] = [fieldOf(old, name), fieldOf(next, name)];
      if (was === is) return linesOf(" ", { [name]: next?.[name] });
      return [
        ...(was === undefined ? [] : linesOf("-", { [name]: old?.[name] })),
        ...(is === undefined ? [] : linesOf("+", { [name]: next?.[name] })),
      ];
    })
    .join("\n");
}

const fieldOf = (from: Record<string, unknown> | undefined, name: string): string | undefined =>
  from && Object.hasOwn(from, name) ? JSON.stringify(from[name]) : undefined;

/** Names and values, texts as they are; lines after the first are indented. */
function linesOf(sign: string, fields: object): string[] {
  const mark = sign === "" ? "" : `${sign} `;
  return Object.entries(fields).flatMap(([name, value]) => {
    const text = typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "null");
    const [first = "", ...rest] = text.split("\n");
    return rest.length === 0
      ? [`${mark}${name}: ${first}`]
      : [`${mark}${name}:`, ...[first, ...rest].map((line) => `${mark}  ${line}`)];
  });
}
