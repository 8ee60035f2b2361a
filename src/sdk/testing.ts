// "heddle/sdk/testing": stand-ins for a server in authors' tests, under Bun, Node or Deno. Nothing here opens a
// socket or reads the environment, so such tests need no permissions.

import { checkArgument } from "./arguments.ts";
import type { SdkServices } from "./backend.ts";
import { checkMessageText } from "./message-text.ts";
import { type Registered, type TestServer, testSeam } from "./test-seam.ts";
import { dispatchContext } from "./testing-dispatch.ts";
import { createMemoryPeople } from "./testing-people.ts";
import {
  callHooks,
  callLifecycle,
  type DeliveryOutcome,
  deliverAll,
  type HookExtraFields,
  TEST_RUN as RUN,
  type RunHookEvent,
} from "./testing-runs.ts";
import type {
  ConnectionReport,
  DeliverInput,
  GetOrCreateSession,
  HookContext,
  HookSubject,
  IngestDocument,
  InjectEvent,
  InjectMessage,
  JsonObject,
  LifecycleContext,
  Person,
  PublishedEvent,
  RunContext,
  SearchDocuments,
  ToolContext,
} from "./types.ts";

export type { DispatcherMap, Registered, TestServer } from "./test-seam.ts";
export { correct, dispatchContext, withdraw } from "./testing-dispatch.ts";
export { type FakeFetch, fakeFetch } from "./testing-fetch.ts";
export { type RunningListener, startListener } from "./testing-listener.ts";
export { type FakeService, fakeService } from "./testing-process/fake-service.ts";
export {
  type ProcessEnd,
  type StartedProcess,
  type StartProcess,
  startProcess,
} from "./testing-process/start.ts";
export type { DeliveryOutcome, HookExtraFields, RunHookEvent } from "./testing-runs.ts";
export { type StreamOutcome, streamTo } from "./testing-stream.ts";
export { type TestDatabase, useTables } from "./testing-tables.ts";
export { useTokens } from "./testing-tokens.ts";

/**
 * Sets the values that `settings` of `defineConfig` read from now on instead of the environment. `undefined` removes
 * a value.
 */
export function useSettings(values: Record<string, string | undefined>): void {
  checkArgument("The argument of useSettings()", values, "an object");
  const { settings } = testSeam();
  for (const [key, value] of Object.entries(values)) {
    if (value === undefined) settings.delete(key);
    else settings.set(key, value);
  }
}

/**
 * What `server` knows from now on: `baseUrl`, and the integration that `webhookUrl` is for. `undefined` takes it
 * back.
 */
export function useServer(server: TestServer | undefined): void {
  testSeam().server = server;
}

/** Returns what the imported files have registered: tools, dispatchers by type, hooks, settings. */
export const registered = (): Readonly<Registered> => testSeam().registered;

/** A fake server that records calls. */
export interface FakeHeddle {
  /** The arguments of all `getOrCreateSession` calls. */
  sessions: GetOrCreateSession[];
  /** The arguments of `injectMessage` calls, without those with a repeated idempotency key. */
  messages: InjectMessage[];
  /** The arguments of `injectEvent` calls, without those with a repeated idempotency key. */
  events: InjectEvent[];
  /** The arguments of all `ingestDocument` calls. */
  documents: IngestDocument[];
  /** The arguments of all `searchDocuments` calls. */
  searches: SearchDocuments[];
  /** The events that `publish` has published; those of a transaction once it has ended. */
  published: PublishedEvent[];
  /** What `connection.report` has told, in order. */
  connections: ConnectionReport[];
  /** The people that `people` knows: somebody unknown is added as pending. Put in or change whom a test needs. */
  people: Person[];
  /** The first event; throws if there was none. */
  readonly firstEvent: InjectEvent;
  /** The first message; throws if there was none. */
  readonly firstMessage: InjectMessage;
  /** The first document; throws if there was none. */
  readonly firstDocument: IngestDocument;
  /** Forgets all recorded calls, people and the values of `store`. */
  clear(): void;
  /** Ends the fake: calls that need a server throw again. */
  restore(): void;
}

/**
 * Makes `getOrCreateSession`, `injectMessage`, `injectEvent`, `ingestDocument` and `searchDocuments` answer without a
 * server from now on. A client id and bot have one session, and no place is bound to a channel; a repeated
 * idempotency key returns the first answer; a search finds nothing unless `answers` says otherwise.
 */
export function fakeHeddle(answers: Partial<SdkServices> = {}): FakeHeddle {
  const fake: FakeHeddle = {
    sessions: [],
    messages: [],
    events: [],
    documents: [],
    searches: [],
    published: [],
    connections: [],
    people: [],
    get firstEvent() {
      return firstOf(fake.events, "injectEvent");
    },
    get firstMessage() {
      return firstOf(fake.messages, "injectMessage");
    },
    get firstDocument() {
      return firstOf(fake.documents, "ingestDocument");
    },
    clear() {
      const { sessions, messages, events, documents, searches, published, connections, people } = fake;
      for (const list of [sessions, messages, events, documents, searches, published, connections, people])
        list.length = 0;
      sessionIds.clear();
      results.clear();
      testSeam().store.clear();
    },
    restore() {
      testSeam().services = undefined;
    },
  };
  const sessionIds = new Map<string, string>();
  const results = new Map<string, Awaited<ReturnType<SdkServices["injectMessage"]>>>();
  const sessionOf = (clientId: string, botId: string): string => {
    const place = JSON.stringify([clientId, botId]);
    const id = sessionIds.get(place) ?? `session-${sessionIds.size + 1}`;
    sessionIds.set(place, id);
    return id;
  };
  const store = (sessionId: string, message: Omit<InjectMessage, "sessionId">, remember: () => void) => {
    checkMessageText(message);
    const seen = message.idempotencyKey === undefined ? undefined : results.get(message.idempotencyKey);
    if (seen) return { ...seen, duplicate: true };
    remember();
    const number = fake.messages.length + fake.events.length;
    const result = {
      message_id: `message-${number}`,
      session_id: sessionId,
      task_id: message.runAgent ? `task-${number}` : null,
      duplicate: false,
    };
    if (message.idempotencyKey !== undefined) results.set(message.idempotencyKey, result);
    return result;
  };
  testSeam().services = {
    async getOrCreateSession(wanted) {
      fake.sessions.push(wanted);
      return sessionOf(wanted.clientId, wanted.botId);
    },
    async injectMessage(message) {
      return store(message.sessionId, message, () => fake.messages.push(message));
    },
    async injectEvent(event) {
      const result = store(sessionOf(event.clientId, event.botId), event, () => fake.events.push(event));
      const results = [{ ...result, channel_id: `channel-of-${event.clientId}` }];
      return { status: "processed", bound: false, results };
    },
    async ingestDocument(document) {
      return `document-${fake.documents.push(document)}`;
    },
    async searchDocuments(search) {
      fake.searches.push(search);
      return [];
    },
    async publish(event) {
      fake.published.push(event);
    },
    async reportConnection(report) {
      fake.connections.push(report);
    },
    people: createMemoryPeople(fake.people),
    ...answers,
  };
  return fake;
}

function firstOf<Item>(items: readonly Item[], call: string): Item {
  const [first] = items;
  if (first === undefined) throw new Error(`${call}() has not been called.`);
  return first;
}

/** Creates the second argument of a tool. */
export const toolContext = (fields: Partial<ToolContext> = {}): ToolContext => ({
  ...RUN,
  task_id: "task-1",
  call_id: "call-1",
  answers_stranger: false,
  signal: new AbortController().signal,
  progress: () => undefined,
  ...fields,
});

/** The common fields in the `extra` of every event of a run. */
const SUBJECT: HookSubject = {
  task_id: "task-1",
  source: "test",
  message: { id: "message-1", metadata: {}, author: null },
  dispatch_config: { type: "none" },
};

/** Creates the argument of a hook; `extra` needs only the fields that the callback reads. */
export const hookContext = <Extra extends JsonObject>(
  extra: Extra = {} as Extra,
  fields: Partial<RunContext> = {},
): HookContext<Extra & HookSubject> => ({
  ...RUN,
  extra: { ...SUBJECT, ...extra },
  ...fields,
});

type TypedConfig = {
  /** The dispatch type. */
  type: string;
} & Record<string, unknown>;

/** Creates the first argument of `deliver`: a completed task with this target and answer. */
export const deliverInput = (
  dispatchConfig: TypedConfig,
  result: string,
  fields: Partial<DeliverInput> = {},
): DeliverInput => {
  checkArgument("The first argument of deliverInput()", dispatchConfig, "an object");
  return {
    task: {
      ...RUN,
      id: "task-1",
      status: "complete",
      dispatch_type: dispatchConfig.type,
      dispatch_config: dispatchConfig,
    },
    config: withoutType(dispatchConfig),
    result,
    isError: false,
    clientActions: [],
    extraMetadata: {},
    ...fields,
  };
};

/**
 * Delivers a text with the registered dispatcher of this type, as the server does: it retries after any error except
 * `Permanent`, ten attempts at most, and `ctx.once` remembers which parts earlier attempts have done. The waits
 * between attempts are skipped, but the outcome lists them. A receipt that does not match the dispatcher's `receipt`
 * counts as a failed attempt. Throws `validation` if the config does not match the dispatcher's `config`, which the
 * server checks when the message is injected, and throws if there is no such dispatcher.
 */
export const deliver = (
  type: string,
  config: Record<string, unknown>,
  text: string,
  fields: Partial<DeliverInput> = {},
): Promise<DeliveryOutcome> => deliverAll({ deliverInput, dispatchContext }, { type, config, text, fields });

/**
 * Calls an event's registered callbacks one after another and returns their results. `extra` needs only the fields
 * that they read. An error of a callback is thrown, whereas the server would only log it. Throws if nothing is
 * registered for the event.
 */
export const runHook = <Event extends RunHookEvent>(
  event: Event,
  extra: HookExtraFields<Event> = {} as HookExtraFields<Event>,
  fields: Partial<RunContext> = {},
): Promise<unknown[]> => callHooks(event, hookContext(extra as JsonObject, fields));

/**
 * Calls the callbacks of `onEnabled` one after another, as the server does when the integration goes live. What one
 * throws is thrown, which the server would only log. Throws when none is registered.
 */
export const runEnabled = (fields: Partial<LifecycleContext> = {}): Promise<void> =>
  callLifecycle("enabled", { keys: [], signal: new AbortController().signal, ...fields });

/** Does the same with the callbacks of `onSettingsChanged`; `keys` are the settings that changed. */
export const runSettingsChanged = (keys: string[], fields: Partial<LifecycleContext> = {}): Promise<void> =>
  callLifecycle("settings_changed", { keys, signal: new AbortController().signal, ...fields });

const withoutType = ({ type: _, ...config }: JsonObject): JsonObject => config;
