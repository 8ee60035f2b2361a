// What the page of a run reads of its session.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";

const MOST = 500;

/** What the run has written: calls of tools with their results, and its answer. */
export const messagesOfRun = ({ id, session_id }: Schema<"Task">) =>
  queryOptions({
    queryKey: ["tasks", id, "messages"],
    queryFn: () =>
      take(
        api.GET("/api/v1/sessions/{id}/messages", {
          params: { path: { id: session_id }, query: { limit: MOST, task_id: id } },
        }),
      ),
  });
