// What the pages of policies read, by the keys that refresh it.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";

export type Policy = Schema<"Policy">;
export type DryRun = Schema<"PolicyDryRun">;

/** All policies, in the order in which they are asked. */
export const policies = queryOptions({
  queryKey: ["policies", "list"],
  queryFn: async () =>
    (await take(api.GET("/api/v1/policies", { params: { query: { limit: 500 } } }))).policies,
});

export const policy = (id: string) =>
  queryOptions({
    queryKey: ["policies", "one", id],
    queryFn: () => take(api.GET("/api/v1/policies/{id}", { params: { path: { id } } })),
  });

export const dryRun = (body: Schema<"PolicyToTry">): Promise<DryRun> =>
  take(api.POST("/api/v1/policies/dry-run", { body }));

export const refreshPolicies = (): Promise<void> => queryClient.invalidateQueries({ queryKey: ["policies"] });

/** The fields that people write. */
export function fieldsOf(row: Policy): Schema<"NewPolicy"> {
  const { id: _id, approval_id: _approval, created_at: _created, updated_at: _updated, ...fields } = row;
  return fields;
}

/** Which calls a policy is about, in words. */
export function aboutOf({
  tools,
  kinds,
  bot_id,
  channel_id,
  integration_id,
  tainted,
  arguments: args,
}: Policy): string {
  const names = Object.keys(args);
  return [
    tools.length === 1 && tools[0] === "*" ? "Every tool" : tools.join(", "),
    kinds && `that is ${kinds.join(" or ")}`,
    integration_id && `of ${integration_id}`,
    bot_id && `called by ${bot_id}`,
    channel_id && "in one channel",
    tainted === true && "after text of strangers",
    tainted === false && "without text of strangers",
    names.length > 0 && `by its ${names.join(", ")}`,
  ]
    .filter(Boolean)
    .join(" ");
}
