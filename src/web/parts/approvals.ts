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
