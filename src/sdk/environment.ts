// Chooses what stands behind the SDK outside the server: a child process has HEDDLE_URL and HEDDLE_API_KEY and
// speaks REST; an author's own test has neither, and there what needs a server is up to the test.

import { HeddleError } from "../errors.ts";
import type { SdkBackend } from "./backend.ts";
import { fetchWithTimeout } from "./fetch.ts";
import { logLine } from "./log-line.ts";
import { createRestServices } from "./rest.ts";
import { testSeam } from "./test-seam.ts";

const nothing = () => {};

export function createEnvironmentBackend(environment: Record<string, string | undefined>): SdkBackend {
  const { HEDDLE_URL: url, HEDDLE_API_KEY: apiKey, HEDDLE_INTEGRATION_ID: integrationId } = environment;
  const services =
    url && apiKey
      ? createRestServices({ url, apiKey, integrationId })
      : {
          getOrCreateSession: standIn("getOrCreateSession"),
          injectMessage: standIn("injectMessage"),
          injectEvent: standIn("injectEvent"),
          ingestDocument: standIn("ingestDocument"),
          searchDocuments: standIn("searchDocuments"),
          store: testSeam().store,
        };
  const { registered } = testSeam();
  return {
    ...services,
    fetch: fetchWithTimeout,
    getSetting: (key) => testSeam().settings.get(key) ?? environment[key],
    log: (level, message, fields) => console.error(logLine(level, message, fields)),
    addSecret: nothing,
    registerTool: (tool) => void registered.tools.push(tool),
    registerDispatcher: (type, dispatcher) => void registered.dispatchers.set(type, dispatcher),
    registerIntegration(meta) {
      registered.integration = meta;
    },
    registerHook: (hook) => void registered.hooks.push(hook),
    declareSetting: (setting) => void registered.settings.push(setting),
  };
}

type Standing = "getOrCreateSession" | "injectMessage" | "injectEvent" | "ingestDocument" | "searchDocuments";

/** What the test provides (`fakeHeddle`), else an error that says what is missing. */
function standIn<Name extends Standing>(name: Name): SdkBackend[Name] {
  const call = async (options: never): Promise<unknown> => {
    const given = testSeam().services?.[name] as ((options: never) => Promise<unknown>) | undefined;
    if (given) return given(options);
    throw new HeddleError(
      "not_supported",
      `${name}() needs a Heddle server: run this inside Heddle, or set HEDDLE_URL and HEDDLE_API_KEY`,
    );
  };
  return call as SdkBackend[Name];
}
