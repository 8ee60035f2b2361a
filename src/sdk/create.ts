// Creates the SDK's functions over a backend. Imports stay light, because an author's test of one tool loads this
// file and little more.

import { HeddleError } from "../errors.ts";
import { isHarmlessName } from "../secrets/names.ts";
import { checkArgument, shown } from "./arguments.ts";
import { createAsCaller } from "./as-caller.ts";
import {
  LOG_METHODS,
  type RegisteredHook,
  type RegisteredLifecycle,
  type SdkBackend,
  type SdkLogLevel,
} from "./backend.ts";
import { callerOf } from "./caller-of.ts";
import { checkDispatcher, DISPATCHER_FIELDS } from "./check-dispatcher.ts";
import { connectionError } from "./connection-error.ts";
import { createControls } from "./controls.ts";
import { Permanent, ReauthRequired, Retryable } from "./errors.ts";
import type { FetchLimits } from "./fetch-limits.ts";
import { createHttp, sleepFor } from "./http/client.ts";
import { failDelivery } from "./http/fail-delivery.ts";
import type { HttpClient, HttpOptions } from "./http/types.ts";
import { createListeners } from "./listeners.ts";
import type { SetupManifest } from "./manifest.ts";
import { misspellings } from "./misspelt.ts";
import { createDefineOAuth } from "./oauth.ts";
import { patiently } from "./patiently.ts";
import { createPeopleControls } from "./people.ts";
import { createPublish } from "./publish.ts";
import { createRateLimit, limitedFetch } from "./rate-limit.ts";
import { createRegister } from "./register.ts";
import { retryAfterSeconds } from "./retry-after.ts";
import { createServerFacts } from "./server-facts.ts";
import { createDefineConfig } from "./settings.ts";
import { signWebhook } from "./signatures/descriptor.ts";
import { sameText } from "./signatures/secrets.ts";
import { createVerifiers } from "./signatures/verifiers.ts";
import { splitText } from "./split-text.ts";
import { createStore } from "./store.ts";
import { readJsonLines } from "./streams/read-json-lines.ts";
import { readSse } from "./streams/read-sse.ts";
import { createDefineTables } from "./tables.ts";
import { createTranscribe } from "./transcribe.ts";
import {
  type Dispatcher,
  type DispatcherOf,
  type DocumentHit,
  type EventResult,
  type GetOrCreateSession,
  HOOK_EVENTS,
  type HookCallback,
  type HookEvent,
  type IngestDocument,
  type InjectEvent,
  type InjectMessage,
  type InjectResult,
  type IntegrationMeta,
  type JsonObject,
  type OnEnabled,
  type OnSettingsChanged,
  type ParameterSchema,
  type RateLimit,
  type RateLimitedRequest,
  type RateLimitOptions,
  type SearchDocuments,
} from "./types.ts";

const META_FIELDS: Record<keyof IntegrationMeta, true> = {
  integrationType: true,
  clientIdPrefix: true,
  userAttribution: true,
  resolveDisplayNames: true,
  resolveDispatchConfig: true,
  testConnection: true,
};

export function createSdk(backend: SdkBackend, verifiers = createVerifiers()) {
  const fetch = limitedFetch<RequestInit & FetchLimits & RateLimitedRequest>((input, init) =>
    backend.fetch(input, init),
  );
  function lifecycle(
    name: string,
    event: RegisteredLifecycle["event"],
    callback: RegisteredLifecycle["callback"],
  ): void {
    if (typeof callback !== "function") throw invalid(`The argument of ${name}() must be a function.`);
    backend.registerLifecycle({ event, callback });
  }
  return {
    register: createRegister(backend),
    defineConfig: createDefineConfig(backend),

    /** Returns the id of the active session of this place and bot; creates one if there is none. */
    getOrCreateSession: (options: GetOrCreateSession): Promise<string> => backend.getOrCreateSession(options),

    /**
     * Adds a message to a session; with `runAgent` the bot answers it. The message is durable once the promise
     * resolves.
     */
    injectMessage: (options: InjectMessage): Promise<InjectResult> => backend.injectMessage(options),

    /**
     * Adds an event to every channel that is bound to its place, or to the place's own channel if none is. Each
     * channel has its own run; a target that several channels share gets one answer. Either everything is stored or
     * nothing.
     */
    injectEvent: (options: InjectEvent): Promise<EventResult> => backend.injectEvent(options),

    /** Stores a document, so that agents and `searchDocuments` find it. Returns its id. */
    ingestDocument: (options: IngestDocument): Promise<string> => backend.ingestDocument(options),

    /** Returns the documents that match the query, best first. */
    searchDocuments: (options: SearchDocuments): Promise<DocumentHit[]> => backend.searchDocuments(options),

    /**
     * Registers how results of tasks with this `dispatch_config.type` are delivered. The schema `config` is checked
     * when a message is injected, and types the `config` that `deliver` gets.
     */
    registerDispatcher<Schema extends ParameterSchema = JsonObject>(
      type: string,
      dispatcher: DispatcherOf<Schema>,
    ): void {
      checkDispatcher(type, dispatcher);
      // The cast is safe, because `deliver` gets only configs that its own schema has checked.
      backend.registerDispatcher(type, dispatcher as unknown as Dispatcher);
      backend.misspelt(misspellings(`Dispatcher ${type}`, dispatcher, DISPATCHER_FIELDS));
    },

    /** Describes the integration's client ids and users. */
    registerIntegration(meta: IntegrationMeta): void {
      if (typeof meta?.integrationType !== "string" || typeof meta.clientIdPrefix !== "string") {
        throw invalid("integrationType and clientIdPrefix of registerIntegration() must both be texts.");
      }
      backend.registerIntegration(meta);
      backend.misspelt(misspellings("registerIntegration()", meta, Object.keys(META_FIELDS)));
    },

    /** Calls `callback` at an event of an agent's run. */
    registerHook<Event extends HookEvent>(event: Event, callback: HookCallback<Event>): void {
      if (!HOOK_EVENTS.includes(event)) {
        throw invalid(
          `The event of registerHook() must be one of ${HOOK_EVENTS.join(", ")}; got ${shown(event)}.`,
        );
      }
      if (typeof callback !== "function")
        throw invalid(`The second argument of registerHook("${event}") must be a function.`);
      // The cast is safe, because each event is fired with its own context.
      backend.registerHook({ event, callback: callback as RegisteredHook["callback"] });
    },

    /** Calls `callback` in the server each time the integration has gone live. */
    onEnabled: (callback: OnEnabled): void => lifecycle("onEnabled", "enabled", callback),

    /** Calls `callback` in the server after settings of the integration have changed. */
    onSettingsChanged: (callback: OnSettingsChanged): void =>
      lifecycle("onSettingsChanged", "settings_changed", callback),

    /** Facts about the server that the code runs in. */
    server: createServerFacts(backend.server),

    /** Types the manifest in setup.ts; returns it unchanged. */
    defineSetup: (setup: SetupManifest): SetupManifest => setup,

    /** `log.info("text", { field: … })`; also debug, warning (or warn, as the console calls it) and error. */
    log: logOf(backend),

    /**
     * The platform's `fetch` with a time limit: 30 seconds, including the body, unless `init.timeoutSeconds` says
     * otherwise. In the server it throws `Permanent` for an address in a private network, unless the address is in
     * one of the integration's settings or ALLOW_PRIVATE_HOSTS names it.
     */
    fetch,

    http: (options: HttpOptions): HttpClient =>
      createHttp({ fetch, sleep: sleepFor, random: Math.random }, options),
    /** Turns for requests of services that limit how often they are asked. */
    rateLimit: (options: RateLimitOptions): RateLimit => createRateLimit(options, backend.rateClock),
    ...createControls(backend.controls),
    /** Who of the service's people may talk to the bots. */
    people: createPeopleControls(backend.people),
    /** Turns recordings into text. */
    transcribe: createTranscribe(backend),
    asCaller: createAsCaller((...asked) => backend.askAsCaller(...asked)),
    ...createListeners(backend),
    defineOAuth: createDefineOAuth(backend),
    ...WITHOUT_SERVER,

    /** Tells those who follow the server's events about one of the integration. */
    publish: createPublish(backend.publish),

    /** The integration's own durable values: cursors, marks, tokens. */
    store: createStore(backend.store),
    defineTables: createDefineTables(() => backend.tables),
    ...verifiers,
  };
}

type LogMethod = (message: string, fields?: JsonObject) => void;

function logOf({ log }: Pick<SdkBackend, "log">): Record<SdkLogLevel | "warn", LogMethod> {
  const methods = Object.fromEntries(
    LOG_METHODS.map((level): [SdkLogLevel, LogMethod] => [
      level,
      (message, fields) => log(level, message, fields ?? undefined),
    ]),
  ) as Record<SdkLogLevel, LogMethod>;
  return { ...methods, warn: methods.warning };
}

/** What needs no server. */
const WITHOUT_SERVER = {
  callerOf,
  failDelivery,
  connectionError,
  patiently,
  splitText,
  timingSafeEqual: (a: string, b: string): boolean =>
    // An empty text is a secret that was never set.
    typeof a === "string" && typeof b === "string" && a !== "" && sameText(a, b),
  readSse,
  readJsonLines,
  /** Whether the value of this name may be a secret: false only for plainly harmless names, such as "channel_id". */
  mayBeSecret(name: string): boolean {
    checkArgument("The argument of mayBeSecret()", name, "a text");
    return !isHarmlessName(name);
  },
  signWebhook,
  retryAfterSeconds,
  Permanent,
  ReauthRequired,
  Retryable,
};

const invalid = (message: string): HeddleError => new HeddleError("validation", message);
