// What an integration may know about the server that it runs in.

import { HeddleError } from "../errors.ts";
import type { ServerFacts } from "./types.ts";

/** What the facts are made from, looked up at each access. */
export interface ServerSource {
  /** How the outside reaches the server, without a trailing slash; undefined when only the operator could know. */
  baseUrl(): string | undefined;
  /** Undefined in a test, and in a program that belongs to no integration. */
  integrationId(): string | undefined;
  /** The manifest's `webhook.path`; undefined without one. */
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
        `The path of webhookUrl() must begin with "/"; got ${JSON.stringify(path)}.`,
        { field: "path" },
      );
    }
    const id = integrationId();
    return id === undefined ? null : urlOf(baseUrl(), id, path);
  },
});

/** The address of a path of an integration; null where nobody knows how the outside reaches the server. */
export const urlOf = (baseUrl: string | undefined, id: string, path: string): string | null =>
  baseUrl === undefined ? null : `${baseUrl}${serverPath(id, path)}`;

/** A path of an integration, with or without its prefix /integrations/<id>, as a path of the server. */
export const serverPath = (id: string, path: string): string =>
  path.startsWith(`/integrations/${id}/`) ? path : `/integrations/${id}${path}`;
