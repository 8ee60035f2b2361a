// What is read about the people of an integration's service, by the keys that refresh it.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../../api/client.ts";
import { repairs } from "../../../api/queries.ts";
import { queryClient } from "../../../api/query-client.ts";

export type Person = Schema<"Person">;

/** More are not shown. */
export const MOST_PEOPLE = 500;

/** Those about whom nobody has decided come first. */
export const peopleOf = (integrationId: string) =>
  queryOptions({
    queryKey: ["people", integrationId],
    queryFn: async () => {
      const query = { integration: integrationId, limit: MOST_PEOPLE };
      const { people } = await take(api.GET("/api/v1/people", { params: { query } }));
      return people.toSorted((a, b) => Number(b.status === "pending") - Number(a.status === "pending"));
    },
  });

export async function refreshPeople(): Promise<void> {
  await Promise.all([
    queryClient.invalidateQueries({ queryKey: ["people"] }),
    queryClient.invalidateQueries({ queryKey: repairs.queryKey }),
  ]);
}
