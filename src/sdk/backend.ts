// The interface behind the SDK's functions, implemented by the server, by a REST client, or by stand-ins in tests.

import type { AskAsCaller } from "./as-caller.ts";
import type { ControlCalls } from "./controls.ts";
import type { FetchLimits } from "./fetch-limits.ts";
import type { Misspelling } from "./misspelt.ts";
import type { RateClock } from "./rate-limit.ts";
import type { ServerSource } from "./server-facts.ts";
import type { StoreBackend } from "./store.ts";
import type { TablesBackend } from "./tables.ts";
import type {
  CatchUpContext,
  ConnectionReport,
  Dispatcher,
  DocumentHit,
  EventResult,
  GetOrCreateSession,
  HookEvent,
  IngestDocument,
  InjectEvent,
  InjectMessage,
  InjectResult,
  IntegrationMeta,
  JsonObject,
  ListenContext,
  OpenAiToolSchema,
  PeopleControls,
  PublishedEvent,
  ReconcileFunction,
  RunContext,
  SearchDocuments,
  SettingsChange,
  ToolAnnotations,
  ToolFunction,
  Transcribe,
} from "./types.ts";

export const LOG_METHODS = ["debug", "info", "warning", "error"] as const;
export type SdkLogLevel = (typeof LOG_METHODS)[number];

/** A tool as `register` passes it on. */
export interface RegisteredTool {
  /** The name: at most 64 characters of [a-zA-Z0-9_-]. */
  name: string;
  /** What it does and when to use it, for the model. */
  description: string;
  /** JSON Schema of an object. */
  parameters: JsonObject;
  /** The time limit of a call; undefined for the server's default. */
  timeoutSeconds: number | undefined;
  /** What a call does; empty if the author did not say. */
  annotations: ToolAnnotations;
  /** Looks whether a call of unknown outcome took effect. */
  reconcile: ReconcileFunction<never> | undefined;
  /** The function that was registered. */
  run: ToolFunction<never>;
}

/** The context of any event; ids are null outside of a run. */
export type AnyHookContext = { [Id in keyof RunContext]: string | null } & {
  /** The facts of the event. */
  extra: JsonObject;
  /** The recording of `before_transcription`. */
  audio?: Uint8Array;
};

/** A callback as `registerHook` passes it on. */
export interface RegisteredHook {
  /** The event that it listens to. */
  event: HookEvent;
  /** The function that was registered. */
  callback: (ctx: AnyHookContext) => unknown;
}

/** A callback as `onEnabled` and `onSettingsChanged` pass it on. */
export interface RegisteredLifecycle {
  /** The event at which it is called. */
  event: "enabled" | "settings_changed";
  /** The registered function; `keys` is empty unless settings have changed. */
  callback: (ctx: SettingsChange) => unknown;
}

/** A loop as `listen` and `poll` pass it on. */
export interface RegisteredListener {
  /** The name among the integration's listeners. */
  name: string;
  /** Listens until it is aborted. */
  run: (ctx: ListenContext) => Promise<unknown>;
  /** Asks for what was missed; undefined: nothing, or its `run` does. */
  catchUp: ((ctx: CatchUpContext) => Promise<unknown>) | undefined;
  /** Whether there is anything to listen to; undefined: once the required settings have values. */
  when: (() => boolean) | undefined;
  /** How long nothing may be heard; undefined: no limit. */
  silenceSeconds: number | undefined;
  /** Without `silenceSeconds`: how long it may take until it says how its connection is; undefined: no limit. */
  connectSeconds?: number | undefined;
}

/** What is known of a service at which a person signs Heddle in, with the settings as they are. */
export interface OAuthProvider {
  /** The service's page on which a person agrees. */
  authorizeUrl: string;
  /** Where codes and refresh tokens are exchanged. */
  tokenUrl: string;
  /** Where tokens are taken back. */
  revokeUrl?: string;
  /** What is asked for, with spaces between. */
  scope: string;
  /** Settings that must have a value first. */
  missing: string[];
  /** Returns the client id; `baseUrl` is the address of Heddle in a browser, undefined while there is none. */
  clientId(baseUrl: string | undefined): string | undefined;
  /** The client's secret; undefined: it has none. */
  clientSecret: string | undefined;
  /** Where the client proves itself. */
  clientAuthentication: "post" | "basic";
  /** Further parameters of the page. */
  authorizeParameters: Readonly<Record<string, string>>;
  /** What the service calls itself; undefined: it does not say. */
  issuer: string | undefined;
}

/** An account as `defineOAuth` passes it on. */
export interface RegisteredOAuth {
  /** The name among the integration's accounts. */
  name: string;
  /** What people know the service by. */
  title: string;
  /** Whether it is used; undefined: always. */
  when: (() => boolean) | undefined;
  /** Looks its settings up. Throws what is wrong with them. */
  provider(): OAuthProvider;
  /** The integration's own way to the service. */
  fetch: SdkServices["fetch"];
}

/** The tokens of the accounts that an integration has declared. */
export interface OAuthBackend {
  /** Whether a person has signed in. */
  isSignedIn(name: string): boolean;
  /** Returns a token that is good. */
  token(name: string): Promise<string>;
  /** Replaces a token that the service does not accept. */
  refused(name: string, token: string): Promise<void>;
}

/** A setting as `defineConfig` declares it. */
export interface DeclaredSetting {
  /** The name, which is also that of its environment variable. */
  key: string;
  /** Whether it is secret; the manifest may set it to true later. */
  secret: boolean;
  /** The schema of its value. */
  schema: JsonObject;
}

interface NamedConnection {
  /** Which of the integration's connections it is. */
  name: string;
}

/** The calls that need a server. */
export interface SdkServices {
  /** Returns the id of the session of a place and a bot. */
  getOrCreateSession(options: GetOrCreateSession): Promise<string>;
  /** Stores a message of a session. */
  injectMessage(options: InjectMessage): Promise<InjectResult>;
  /** Stores an event of a place in each channel that gets it. */
  injectEvent(options: InjectEvent): Promise<EventResult>;
  /** Returns the new document's id. */
  ingestDocument(options: IngestDocument): Promise<string>;
  /** Returns the passages that fit best. */
  searchDocuments(options: SearchDocuments): Promise<DocumentHit[]>;
  /** Returns the stored value, otherwise the environment's; undefined if there is neither. */
  getSetting(key: string): string | undefined;
  /** Writes a line of the log. */
  log(level: SdkLogLevel, message: string, fields: JsonObject | undefined): void;
  /** Makes a request. */
  fetch(input: string | URL | Request, init?: RequestInit & FetchLimits): Promise<Response>;
  /** Stores what is known about a connection of the integration. */
  reportConnection(report: ConnectionReport & NamedConnection): Promise<void>;
  /** Adds an event of the integration to the stream of events. */
  publish(event: PublishedEvent): Promise<void>;
  /** The tokens of accounts in which people have signed Heddle in. Missing in a process: no answer of the API contains a token. */
  oauth?: OAuthBackend;
  /** Asks the REST API with the rights of who calls a route. */
  askAsCaller: AskAsCaller;
  /** Where the values of `store` are kept. */
  store: StoreBackend;
  /** Missing in a process and, without `useTables`, in tests. */
  tables?: TablesBackend;
  /** The calls behind `channels`, `tasks` and `approvals`. */
  controls: ControlCalls;
  /** Who may talk to bots. */
  people: PeopleControls;
  /** Turns a recording into text; null: there is no transcription. Missing where nobody has one. */
  transcribe?: Transcribe;
  /** What `server` knows. */
  server: ServerSource;
  /** The time of `rateLimit`; missing where it is the machine's. */
  rateClock?: RateClock;
  /** Registers a value that must not appear in logs or answers. */
  addSecret(value: string): void;
}

/** The calls by which an integration's files register their contents. */
export interface SdkSinks {
  registerTool(tool: RegisteredTool): void;
  registerDispatcher(type: string, dispatcher: Dispatcher): void;
  registerIntegration(meta: IntegrationMeta): void;
  registerHook(hook: RegisteredHook): void;
  registerLifecycle(lifecycle: RegisteredLifecycle): void;
  registerListener(listener: RegisteredListener): void;
  registerOAuth(account: RegisteredOAuth): void;
  declareSetting(setting: DeclaredSetting): void;
  /** Fields that nothing reads; what was registered works without them. */
  misspelt(names: Misspelling[]): void;
}

export type SdkBackend = SdkServices & SdkSinks;

/** The property that `register` sets on the function. */
export interface WithToolSchema {
  /** The tool in the shape of OpenAI's API. */
  _tool_schema: OpenAiToolSchema;
}
