// The SDK's functions over a backend. Everything heavy stays out of here: an author's test of one tool imports
// this file and little more.

import { HeddleError } from "../errors.ts";
import { isHarmlessName } from "../secrets/names.ts";
import {
  LOG_METHODS,
  type RegisteredHook,
  type RegisteredLifecycle,
  type SdkBackend,
  type SdkLogLevel,
} from "./backend.ts";
import { checkDispatcher } from "./check-dispatcher.ts";
import { createControls } from "./controls.ts";
import { Permanent, Retryable } from "./errors.ts";
import { createHttp, type HttpClient, type HttpOptions, sleepFor } from "./http/client.ts";
import { failDelivery } from "./http/fail-delivery.ts";
import type { SetupManifest } from "./manifest.ts";
import { createRegister } from "./register.ts";
import { retryAfterSeconds } from "./retry-after.ts";
import { createServerFacts } from "./server-facts.ts";
import { createDefineConfig } from "./settings.ts";
import { splitText } from "./split-text.ts";
import { createStore } from "./store.ts";
import { readJsonLines } from "./streams/read-json-lines.ts";
import { readSse } from "./streams/read-sse.ts";
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
  type SearchDocuments,
} from "./types.ts";
import { signWebhook } from "./verify/descriptor.ts";
import { sameText } from "./verify/secrets.ts";
import { createVerifiers } from "./verify/verifiers.ts";

export function createSdk(backend: SdkBackend, verifiers = createVerifiers()) {
  function lifecycle(
    name: string,
    event: RegisteredLifecycle["event"],
    callback: RegisteredLifecycle["callback"],
  ): void {
    if (typeof callback !== "function") throw invalid(`${name}() takes a function`);
    backend.registerLifecycle({ event, callback });
  }
  return {
    register: createRegister(backend.registerTool),
    defineConfig: createDefineConfig(backend),

    /** The active session of this place and bot, made if there is none. Returns its id. */
    getOrCreateSession: (options: GetOrCreateSession): Promise<string> => backend.getOrCreateSession(options),

    /** Puts a message into a session; with `runAgent` the bot answers it. Durable once it resolves. */
    injectMessage: (options: InjectMessage): Promise<InjectResult> => backend.injectMessage(options),

    /**
     * Puts an event into every channel that is bound to its place, or into the place's own channel when none is. Each
     * runs for itself; every target gets one answer, also when channels share it. All of it is stored, or nothing.
     */
    injectEvent: (options: InjectEvent): Promise<EventResult> => backend.injectEvent(options),

    /** Stores a document so that agents and `searchDocuments` find it. Returns its id. */
    ingestDocument: (options: IngestDocument): Promise<string> => backend.ingestDocument(options),

    /** Documents that match the query, best first. */
    searchDocuments: (options: SearchDocuments): Promise<DocumentHit[]> => backend.searchDocuments(options),

    /**
     * Says how results of tasks with this `dispatch_config.type` are delivered. `config`, a schema, is checked when a message
     * is injected, and gives `deliver` its `config` with types.
     */
    registerDispatcher<Schema extends ParameterSchema = JsonObject>(
      type: string,
      dispatcher: DispatcherOf<Schema>,
    ): void {
      checkDispatcher(type, dispatcher);
      // What it is handed has been checked by its own schema.
      backend.registerDispatcher(type, dispatcher as unknown as Dispatcher);
    },

    /** Tells what the integration's client ids and users look like. */
    registerIntegration(meta: IntegrationMeta): void {
      if (typeof meta?.integrationType !== "string" || typeof meta.clientIdPrefix !== "string") {
        throw invalid("registerIntegration() takes integrationType and clientIdPrefix");
      }
      backend.registerIntegration(meta);
    },

    /** Calls back at an event of an agent's run. */
    registerHook<Event extends HookEvent>(event: Event, callback: HookCallback<Event>): void {
      if (!HOOK_EVENTS.includes(event)) {
        throw invalid(`Unknown hook event ${JSON.stringify(event)}; known are ${HOOK_EVENTS.join(", ")}`);
      }
      if (typeof callback !== "function") throw invalid(`registerHook("${event}") takes a function second`);
      // What is fired at an event is of that event's shape.
      backend.registerHook({ event, callback: callback as RegisteredHook["callback"] });
    },

    /** Calls back in the server each time that the integration has gone live. */
    onEnabled: (callback: OnEnabled): void => lifecycle("onEnabled", "enabled", callback),

    /** Calls back in the server after settings of the integration have changed. */
    onSettingsChanged: (callback: OnSettingsChanged): void =>
      lifecycle("onSettingsChanged", "settings_changed", callback),

    /** What the code may know about its server. */
    server: createServerFacts(backend.server),

    /** Types the manifest in setup.ts; returns it unchanged. */
    defineSetup: (setup: SetupManifest): SetupManifest => setup,

    /** `log.info("text", { field: … })`; also debug, warning and error. */
    log: Object.fromEntries(
      LOG_METHODS.map((level) => [
        level,
        (message: string, fields?: JsonObject) => backend.log(level, message, fields),
      ]),
    ) as Record<SdkLogLevel, (message: string, fields?: JsonObject) => void>,

    /**
     * The platform's `fetch` with a time limit: 30 seconds, body included, unless `init.timeoutSeconds` says otherwise.
     * In the server it does not lead into private networks, but for http(s) addresses in the integration's own
     * settings and what ALLOW_PRIVATE_HOSTS names; it throws `Permanent` then.
     */
    fetch: ((input, init) => backend.fetch(input, init)) as SdkBackend["fetch"],

    http: (options: HttpOptions): HttpClient =>
      createHttp({ fetch: backend.fetch, sleep: sleepFor, random: Math.random }, options),
    ...createControls(backend.controls),
    failDelivery,
    splitText,
    timingSafeEqual: (a: string, b: string): boolean =>
      // An empty text is a secret that nobody has set.
      typeof a === "string" && typeof b === "string" && a !== "" && sameText(a, b),
    readSse,
    readJsonLines,

    /** What the integration keeps for itself: cursors, marks, whatever it is told through its routes. */
    store: createStore(backend.store),
    /** Whether what stands under this name may be a secret: false only for plainly harmless names, such as "channel_id". */
    mayBeSecret: (name: string): boolean => !isHarmlessName(name),
    ...verifiers,
    signWebhook,
    retryAfterSeconds,
    Permanent,
    Retryable,
  };
}

const invalid = (message: string): HeddleError => new HeddleError("validation", message);
