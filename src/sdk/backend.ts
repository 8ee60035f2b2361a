// What stands behind the SDK: the server, the REST API of one, or nothing at all.

import type { ControlCalls } from "./controls.ts";
import type { FetchLimits } from "./fetch-limits.ts";
import type { ServerSource } from "./server-facts.ts";
import type { StoreBackend } from "./store.ts";
import type {
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
  OpenAiToolSchema,
  RunContext,
  SearchDocuments,
  SettingsChange,
  ToolFunction,
} from "./types.ts";

export const LOG_METHODS = ["debug", "info", "warning", "error"] as const;
export type SdkLogLevel = (typeof LOG_METHODS)[number];

/** A tool as `register` hands it on. */
export interface RegisteredTool {
  /** [a-zA-Z0-9_-], at most 64 characters. */
  name: string;
  /** What it does and when to use it, for the model. */
  description: string;
  /** JSON Schema of an object. */
  parameters: JsonObject;
  /** Undefined: the server's default. */
  timeoutSeconds: number | undefined;
  /** The function that was registered. */
  run: ToolFunction<never>;
}

/** The context of whichever event; ids are null where there is no run. */
export type AnyHookContext = { [Id in keyof RunContext]: string | null } & {
  extra: JsonObject;
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
  /** When it is called. */
  event: "enabled" | "settings_changed";
  /** The function that was registered; without a change of settings `keys` is empty. */
  callback: (ctx: SettingsChange) => unknown;
}

/** A setting as `defineConfig` declares it. */
export interface DeclaredSetting {
  /** Its name, as in the environment. */
  key: string;
  /** Becomes true when the manifest says so. */
  secret: boolean;
  /** The schema of its value. */
  schema: JsonObject;
}

/** The calls that do something in a server. */
export interface SdkServices {
  getOrCreateSession(options: GetOrCreateSession): Promise<string>;
  injectMessage(options: InjectMessage): Promise<InjectResult>;
  injectEvent(options: InjectEvent): Promise<EventResult>;
  /** Returns the new document's id. */
  ingestDocument(options: IngestDocument): Promise<string>;
  searchDocuments(options: SearchDocuments): Promise<DocumentHit[]>;
  /** The stored value, else the environment's; undefined when there is neither. */
  getSetting(key: string): string | undefined;
  log(level: SdkLogLevel, message: string, fields: JsonObject | undefined): void;
  fetch(input: string | URL | Request, init?: RequestInit & FetchLimits): Promise<Response>;
  store: StoreBackend;
  controls: ControlCalls;
  server: ServerSource;
  /** Tells of a value that must not appear in logs or answers. */
  addSecret(value: string): void;
}

/** The calls by which the files of an integration say what they contain. */
export interface SdkSinks {
  registerTool(tool: RegisteredTool): void;
  registerDispatcher(type: string, dispatcher: Dispatcher): void;
  registerIntegration(meta: IntegrationMeta): void;
  registerHook(hook: RegisteredHook): void;
  registerLifecycle(lifecycle: RegisteredLifecycle): void;
  declareSetting(setting: DeclaredSetting): void;
}

export type SdkBackend = SdkServices & SdkSinks;

/** What `register` leaves on the function, in every mode. */
export interface WithToolSchema {
  /** The tool in the shape of OpenAI's API. */
  _tool_schema: OpenAiToolSchema;
}
