// The SDK of an integration inside the server: it calls the same functions as the REST API.

import { ownerOfIntegration } from "../../db/reach.ts";
import { storableJson } from "../../db/storable.ts";
import { errorMessage, HeddleError } from "../../errors.ts";
import { createGuardedFetch } from "../../guarded-fetch/fetch.ts";
import type { Connections } from "../../listeners/connections.ts";
import type { People } from "../../people/people.ts";
import { jsonOf } from "../../schema/json-of.ts";
import type { OAuthBackend, SdkServices } from "../../sdk/backend.ts";
import type { ControlCalls } from "../../sdk/controls.ts";
import type { SdkCall } from "../../sdk/rest-fields.ts";
import type { TablesBackend } from "../../sdk/tables.ts";
import type { ApprovalControls, PublishedEvent, Transcribe } from "../../sdk/types.ts";
import type { Documents } from "../../search/documents.ts";
import type { Sessions } from "../../sessions/sessions.ts";
import type { Settings } from "../settings/settings.ts";
import type { IntegrationStore } from "../settings/store.ts";

export interface SdkServicesOptions {
  sessions: Pick<Sessions, "getOrCreate" | "inject" | "injectEvent">;
  documents: Pick<Documents, "ingest" | "search">;
  settings: Pick<Settings, "get">;
  store: IntegrationStore;
  /** The database behind the tables of an integration; missing in tests that need none. */
  tablesOf?: (integrationId: string) => TablesBackend;
  /** Writes an event of an integration. */
  publish: (integrationId: string, event: PublishedEvent) => Promise<void>;
  /** Undefined: the route of this ticket has answered already, or there is no server. */
  askAsCaller: (...asked: Parameters<SdkServices["askAsCaller"]>) => Promise<Response> | undefined;
  /** Missing in tests that need none. */
  transcribe?: Transcribe;
  connections: Pick<Connections, "report">;
  /** The tokens of the accounts of an integration; missing in tests that need none. */
  accounts?: { of(integrationId: string): OAuthBackend };
  addSecret: (value: string) => void;
  allowPrivateHosts: readonly string[];
  /** Throws `validation` for options that the REST API would refuse. */
  check: (call: SdkCall, options: unknown) => void;
  controls: ControlCalls;
  people: Pick<People, "check" | "list">;
  /** Decides on a call as a person whom this integration knows. */
  decideAs?: (
    integrationId: string,
    ...given: Parameters<ApprovalControls["decide"]>
  ) => ReturnType<ApprovalControls["decide"]>;
  /** How the outside reaches this server; undefined when only the operator could know. */
  baseUrl: () => string | undefined;
}

export function createSdkServices(
  integrationId: string,
  {
    sessions,
    documents,
    settings,
    store,
    tablesOf,
    publish,
    askAsCaller,
    transcribe,
    connections,
    accounts,
    addSecret,
    allowPrivateHosts,
    check,
    controls,
    decideAs,
    people,
    baseUrl,
  }: SdkServicesOptions,
): Omit<SdkServices, "log"> {
  const owner = ownerOfIntegration(integrationId);
  const keysRead = new Set<string>();
  const fetch = createGuardedFetch({
    allowPrivateHosts,
    // An operator set these addresses, so they may lead into the private network.
    allowedOrigins: () => originsIn([...keysRead].map((key) => settings.get(integrationId, key))),
  });
  const checked = <Options extends object>(call: SdkCall, options: Options): Options => {
    check(call, options);
    refuseLost(call, options);
    return withoutNulls(options);
  };
  return {
    getOrCreateSession: async (wanted) =>
      (await sessions.getOrCreate({ ...checked("getOrCreateSession", wanted), owner })).session_id,
    // An event is one message, whichever of the integration's sessions it is for.
    injectMessage: async (message) =>
      sessions.inject(checked("injectMessage", message), integrationId, { owner }),
    injectEvent: async (given) => {
      const event = checked("injectEvent", given);
      const { matches } = event;
      // The API has no such field, so its rules say nothing about it; and it would be called for places that are bound only.
      if (matches !== undefined && typeof matches !== "function")
        throw new HeddleError("validation", "matches must be a function.", { field: "matches" });
      return sessions.injectEvent(event, integrationId, { owner });
    },
    // Text from elsewhere may contain characters that the database cannot store.
    ingestDocument: async (document) =>
      (await documents.ingest({ ...storableJson(checked("ingestDocument", document)), integrationId, owner }))
        .id,
    async searchDocuments(search) {
      const wanted = checked("searchDocuments", search);
      const { integrationId: of = integrationId } = search;
      return documents.search({ ...wanted, integrationId: of });
    },
    getSetting(key) {
      keysRead.add(key);
      return settings.get(integrationId, key);
    },
    fetch,
    store: store.of(integrationId),
    ...(accounts && { oauth: accounts.of(integrationId) }),
    ...(tablesOf && { tables: tablesOf(integrationId) }),
    publish: (event) => publish(integrationId, event),
    async askAsCaller(...asked) {
      const answer = await askAsCaller(...asked);
      if (answer) return answer;
      throw new HeddleError("unauthorized", "asCaller() works while a route answers somebody who has a key.");
    },
    ...(transcribe && { transcribe }),
    reportConnection: ({ detail = null, ...report }) =>
      connections.report({ ...report, integrationId, detail }),
    controls: {
      ...controls,
      ...(decideAs && { decide: (id, decision) => decideAs(integrationId, id, decision) }),
    },
    people: {
      check: (person) => people.check(integrationId, person),
      list: async () =>
        (await people.list({ integration: integrationId })).map(
          ({ external_id: id, name, place, status }) => ({
            ...{ id, name, place, status },
          }),
        ),
    },
    // The path is in the manifest of the version that is loaded.
    server: { baseUrl, integrationId: () => integrationId, webhookPath: () => undefined },
    addSecret,
  };
}

const JSON_FIELDS = ["metadata", "dispatchConfig", "executionConfig", "callbackConfig"];

/** A process would send JSON, and what that loses is lost in the server as well. */
function refuseLost(call: SdkCall, options: object): void {
  for (const field of JSON_FIELDS) {
    try {
      jsonOf((options as Record<string, unknown>)[field]);
    } catch (cause) {
      throw new HeddleError("validation", `${field} of ${call}() must be JSON: ${errorMessage(cause)}.`, {
        field,
        cause,
      });
    }
  }
}

/** In the REST API null means the same as an absent field; the server's functions accept only the latter. */
const withoutNulls = <Options extends object>(options: Options): Options =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null)) as Options;

/** The origins of the http(s) URLs in these values, each of which may contain several. */
function originsIn(values: (string | undefined)[]): Set<string> {
  const words = values.flatMap((value) => value?.match(/https?:\/\/[^\s,;]+/gi) ?? []);
  return new Set(words.filter((word) => URL.canParse(word)).map((word) => new URL(word).origin));
}
