// Chooses what stands behind the SDK outside the server: a child process has HEDDLE_URL and HEDDLE_API_KEY and
// speaks REST; an author's own test has neither, and there only schemas and settings work.

import { HeddleError } from "../errors.ts";
import type { SdkBackend } from "./backend.ts";
import { createRestServices } from "./rest.ts";

const nothing = () => {};

export function createEnvironmentBackend(environment: Record<string, string | undefined>): SdkBackend {
  const { HEDDLE_URL: url, HEDDLE_API_KEY: apiKey, HEDDLE_INTEGRATION_ID: integrationId } = environment;
  const services =
    url && apiKey
      ? createRestServices({ url, apiKey, integrationId })
      : {
          getOrCreateSession: unavailable("getOrCreateSession"),
          injectMessage: unavailable("injectMessage"),
          ingestDocument: unavailable("ingestDocument"),
          searchDocuments: unavailable("searchDocuments"),
        };
  return {
    ...services,
    getSetting: (key) => environment[key],
    log: (level, message, fields) => console.error(`[${level}] ${message}`, ...(fields ? [fields] : [])),
    addSecret: nothing,
    registerTool: nothing,
    registerDispatcher: nothing,
    registerIntegration: nothing,
    registerHook: nothing,
    declareSetting: nothing,
  };
}

function unavailable(name: string): () => Promise<never> {
  return async () => {
    throw new HeddleError(
      "not_supported",
      `${name}() needs a Heddle server: run this inside Heddle, or set HEDDLE_URL and HEDDLE_API_KEY`,
    );
  };
}
