import { useQuery } from "@tanstack/react-query";
import { api, take } from "../api/client.ts";
import { useLiveQueries } from "../api/live.ts";
import { queryClient } from "../api/query-client.ts";

export const refreshDeliveries = () => queryClient.invalidateQueries({ queryKey: ["deliveries"] });

/** One delivery, which changes while somebody looks at it. Nothing is read without an id. */
export function useDelivery(id: string | undefined) {
  useLiveQueries(["delivery"], ["deliveries", id], {
    concerns: ({ data: { delivery_id } }) => delivery_id === id,
  });
  return useQuery({
    queryKey: ["deliveries", id],
    queryFn: () => take(api.GET("/api/v1/deliveries/{id}", { params: { path: { id: id ?? "" } } })),
    enabled: id !== undefined,
  });
}
