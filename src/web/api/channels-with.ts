import { queryOptions } from "@tanstack/react-query";
import { api, take } from "./client.ts";

type Wanted = { skill: string } | { carapace: string } | { template_id: string };

/** The channels that have this themselves, up to a hundred. */
export const channelsWith = (wanted: Wanted) =>
  queryOptions({
    queryKey: ["channels", "with", wanted],
    queryFn: async () =>
      (await take(api.GET("/api/v1/channels", { params: { query: { ...wanted, limit: 100 } } }))).channels,
  });
