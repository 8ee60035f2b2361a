// The facts that an integration may know about its server.

import { HeddleError } from "../errors.ts";
import { shown } from "./arguments.ts";
import type { ServerFacts } from "./types.ts";

/** The sources of the facts, which are looked up at each access. */
export interface ServerSource {
  /** The server's public address without a trailing slash; undefined if only the operator could know it. */
  baseUrl(): string | undefined;
  /** The integration's id; undefined in a test, and in a program that belongs to no integration. */
  integrationId(): string | undefined;
  /** The manifest's `webhook.path`; undefined if it has none. */
  webhookPath(): string | undefined;
}

const DEFAULT_WEBHOOK_PATH = "/webhook";

export const createServerFacts = ({ baseUrl, integrationId, webhookPath }: ServerSource): ServerFacts => ({
  get baseUrl() {
    return baseUrl() ?? null;
  },
  webhookUrl(path = webhookPath() ?? DEFAULT_WEBHOOK_PATH) {
    if (typeof path !== "string" || !path.startsWith("/")) {
      throw new HeddleError(
        "validation",
        `The path of webhookUrl() must begin with "/"; got ${shown(path)}.`,
        { field: "path" },
      );
    }
    const id = integrationId();
    return id === undefined ? null : urlOf(baseUrl(), id, path);
  },
});

/** Returns the public address of an integration's path; null if the server's own is unknown. */
export const urlOf = (baseUrl: string | undefined, id: string, path: string): string | null =>
  baseUrl === undefined ? null : `${baseUrl}${serverPath(id, path)}`;

/** Returns the server's path for an integration's path, given with or without the prefix /integrations/<id>. */
export const serverPath = (id: string, path: string): string =>
  path.startsWith(`/integrations/${id}/`) ? path : `/integrations/${id}${path}`;
