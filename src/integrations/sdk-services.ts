// What the SDK of an integration does in the server: the same doors that the REST API goes through.

import type { SdkServices } from "../sdk/backend.ts";
import type { Documents } from "../search/documents.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Settings } from "./settings.ts";

export interface SdkServicesOptions {
  sessions: Pick<Sessions, "getOrCreate" | "inject">;
  documents: Pick<Documents, "ingest" | "search">;
  settings: Pick<Settings, "get">;
  addSecret: (value: string) => void;
}

export function createSdkServices(
  integrationId: string,
  { sessions, documents, settings, addSecret }: SdkServicesOptions,
): Omit<SdkServices, "log"> {
  return {
    getOrCreateSession: async (wanted) => (await sessions.getOrCreate(wanted)).session_id,
    // One event is one message, whichever of the integration's sessions it is for.
    injectMessage: (message) => sessions.inject(message, integrationId),
    ingestDocument: async (document) => (await documents.ingest({ ...document, integrationId })).id,
    searchDocuments: ({ integrationId: of = integrationId, ...search }) =>
      documents.search({ ...search, integrationId: of }),
    getSetting: (key) => settings.get(integrationId, key),
    addSecret,
  };
}
