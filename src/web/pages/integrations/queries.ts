// What the pages of an integration read.

import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, take, versionIn } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import type { StoredSettings } from "../../parts/settings-form.tsx";

export type Integration = Schema<"IntegrationSetup">;
export type IntegrationDetail = Schema<"IntegrationDetail">;
export type Webhook = Schema<"InboxSummary">;

export const pageOf = (id: string): string => `/admin/integrations/${encodeURIComponent(id)}`;
export const setUpOf = (id: string): string => `${pageOf(id)}/set-up`;

export const integration = (id: string) =>
  queryOptions({
    queryKey: ["integrations", "one", id],
    queryFn: () => take(api.GET("/api/v1/admin/integrations/{id}", { params: { path: { id } } })),
  });

/** The version of all of them together is only in the header. */
export async function readSettings(id: string): Promise<StoredSettings> {
  const { data, response } = await api.GET("/api/v1/admin/integrations/{id}/settings", {
    params: { path: { id } },
  });
  return {
    settings: data?.settings ?? [],
    updated_at: versionIn(response),
  };
}

/** Changes of settings on their way to the server, by integration. */
const changing = new Map<string, Promise<unknown>>();

export async function changeSettings(id: string, change: () => Promise<unknown>): Promise<void> {
  const work = change();
  changing.set(id, work);
  try {
    await work;
  } finally {
    if (changing.get(id) === work) changing.delete(id);
  }
}

/** Whoever saves and tests at once wants what was just saved to be tested. */
export const settingsChanged = (id: string): Promise<unknown> =>
  Promise.resolve(changing.get(id)).catch(() => undefined);

export const settingsOf = (id: string) =>
  queryOptions({ queryKey: ["integrations", "settings", id], queryFn: () => readSettings(id) });

export const processOf = (id: string) =>
  queryOptions({
    queryKey: ["integrations", "process", id],
    queryFn: () => take(api.GET("/api/v1/admin/integrations/{id}/process", { params: { path: { id } } })),
  });

export const toolsOf = (id: string) =>
  queryOptions({
    queryKey: ["integrations", "tools", id],
    queryFn: async () => {
      const query = { integration_id: id };
      return (await take(api.GET("/api/v1/tools", { params: { query } }))).tools;
    },
  });

/** The accounts in which people sign Heddle in for the integration. */
export const accountsOf = (id: string) =>
  queryOptions({
    queryKey: ["integrations", "accounts", id],
    queryFn: async () =>
      (await take(api.GET("/api/v1/admin/integrations/{id}/accounts", { params: { path: { id } } })))
        .accounts,
  });

/** The latest webhook that was sent to the integration; null if there is none. */
export const lastWebhook = (id: string) =>
  queryOptions({
    queryKey: ["inbox", "last", id],
    queryFn: async () => {
      const query = { integration_id: id, limit: 1 };
      return (await take(api.GET("/api/v1/inbox", { params: { query } }))).events[0] ?? null;
    },
  });

/** Whether the files of an integration may be edited here: those of the workspace are people's own. */
export const hasEditor = ({ source }: Pick<Integration, "source">): boolean => source === "workspace";

export const fileHref = (id: string, path: string): string =>
  `${pageOf(id)}?tab=files&file=${encodeURIComponent(path)}`;

export const filesOf = (id: string) =>
  queryOptions({
    queryKey: ["integrations", "files", id],
    queryFn: async () => {
      const params = { path: { id }, query: { limit: 500 } };
      const { files } = await take(api.GET("/api/v1/admin/integrations/{id}/files", { params }));
      return files.map(({ path }) => path);
    },
  });

export const readIntegrationFile = (id: string, path: string) =>
  take(api.GET("/api/v1/admin/integrations/{id}/file", { params: { path: { id }, query: { path } } }));

export const fileAt = (id: string, path: string) =>
  queryOptions({
    queryKey: ["integrations", "file", id, path],
    queryFn: () => readIntegrationFile(id, path),
    // The text must not be replaced while somebody edits it.
    refetchOnWindowFocus: false,
  });

export const writeIntegrationFile = (id: string, body: Schema<"IntegrationFileChange">) =>
  take(api.PUT("/api/v1/admin/integrations/{id}/file", { params: { path: { id } }, body }));

/** Reads everything about integrations again. */
export const refreshIntegrations = (): Promise<void> =>
  queryClient.invalidateQueries({ queryKey: ["integrations"] });

/** Required settings without a value. */
export const missingSettings = ({ env_vars }: Pick<Integration, "env_vars">): string[] =>
  env_vars
    .filter(({ required, is_set, default: preset }) => required && !is_set && preset === null)
    .map(({ key }) => key);
