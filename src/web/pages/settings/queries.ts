import { queryOptions } from "@tanstack/react-query";
import { api, type Schema, versionIn } from "../../api/client.ts";

export interface ServerSettings {
  settings: readonly Schema<"ServerSetting">[];
  /** The version of what is stored of them. */
  updated_at: string | null;
}

export async function readServerSettings(): Promise<ServerSettings> {
  const { data, response } = await api.GET("/api/v1/settings");
  return {
    settings: data?.settings ?? [],
    updated_at: versionIn(response),
  };
}

export const serverSettings = queryOptions({ queryKey: ["server-settings"], queryFn: readServerSettings });
