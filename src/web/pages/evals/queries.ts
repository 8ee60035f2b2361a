// What the page of evals reads.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";

export type EvalRun = Schema<"EvalRun">;
export type EvalRunDetail = Schema<"EvalRunDetail">;
export type EvalResult = EvalRunDetail["results"][number];

export const evalRun = (id: string) =>
  queryOptions({
    queryKey: ["evals", "one", id],
    queryFn: () => take(api.GET("/api/v1/evals/{id}", { params: { path: { id } } })),
  });

export const hasPassed = ({ problems }: Pick<EvalResult, "problems">): boolean => problems.length === 0;

/** What has become different since the run before; undefined: nothing, or there was none. */
export function changeOf(result: EvalResult): "mended" | "broken" | "new" | undefined {
  const { before } = result;
  if (before === null) return "new";
  if (before.passed === hasPassed(result)) return undefined;
  return before.passed ? "broken" : "mended";
}
