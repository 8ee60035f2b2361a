// What the pages of channels read, by the keys that refresh it.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";

export type Channel = Schema<"Channel">;
export type Binding = Schema<"Binding">;
export type Bindable = Schema<"BindableIntegration">;

export const channel = (id: string) =>
  queryOptions({
    queryKey: ["channels", "one", id],
    queryFn: () => take(api.GET("/api/v1/channels/{id}", { params: { path: { id } } })),
  });

export const bindingsOf = (id: string) =>
  queryOptions({
    queryKey: ["channels", "bindings", id],
    queryFn: async () =>
      (await take(api.GET("/api/v1/channels/{id}/integrations", { params: { path: { id } } }))).bindings,
  });

/** The integrations that a channel can be bound to. */
export const bindables = queryOptions({
  queryKey: ["integrations", "bindable"],
  queryFn: async () => (await take(api.GET("/api/v1/channels/integrations/available"))).integrations,
  staleTime: 60_000,
});

export const activationsOf = (id: string) =>
  queryOptions({
    queryKey: ["channels", "activations", id],
    queryFn: async () =>
      (await take(api.GET("/api/v1/channels/{id}/integrations/available", { params: { path: { id } } })))
        .integrations,
  });

export const refreshChannels = () => queryClient.invalidateQueries({ queryKey: ["channels"] });

/** After it was deleted: what is known of it is forgotten, and not read again. */
export function forgetChannel(id: string): void {
  const isOfIt = ({ queryKey }: { queryKey: readonly unknown[] }) =>
    queryKey[0] === "channels" && queryKey.includes(id);
  queryClient.removeQueries({ predicate: isOfIt });
  void queryClient.invalidateQueries({ queryKey: ["channels"], predicate: (query) => !isOfIt(query) });
}
