// What the pages of budgets read, by the keys that refresh it.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";

export type Budget = Schema<"Budget">;

export const budgets = queryOptions({
  queryKey: ["budgets", "list"],
  queryFn: async () =>
    (await take(api.GET("/api/v1/budgets", { params: { query: { limit: 500 } } }))).budgets,
});

export const budget = (id: string) =>
  queryOptions({
    queryKey: ["budgets", "one", id],
    queryFn: () => take(api.GET("/api/v1/budgets/{id}", { params: { path: { id } } })),
  });

export const refreshBudgets = () => queryClient.invalidateQueries({ queryKey: ["budgets"] });
