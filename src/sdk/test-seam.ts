// The state that authors' tests ("heddle/sdk/testing") share with the stand-alone SDK: stand-ins for a server, and
// what was registered.

import type {
  DeclaredSetting,
  RegisteredHook,
  RegisteredLifecycle,
  RegisteredListener,
  RegisteredOAuth,
  RegisteredTool,
  SdkServices,
} from "./backend.ts";
import type { TablesBackend } from "./tables.ts";
import { createMemoryStore } from "./testing-store.ts";
import type { Dispatcher, IntegrationMeta } from "./types.ts";

/** Everything that the imported files have registered so far. */
export interface Registered {
  /** Tools, in the order of `register`. */
  tools: RegisteredTool[];
  /** Dispatchers by type. */
  dispatchers: DispatcherMap;
  /** Hooks, in the order of `registerHook`. */
  hooks: RegisteredHook[];
  /** Lifecycle callbacks, in the order of `onEnabled` and `onSettingsChanged`. */
  lifecycle: RegisteredLifecycle[];
  /** Listeners, in the order of `listen` and `poll`. */
  listeners: RegisteredListener[];
  /** Accounts, in the order of `defineOAuth`. */
  oauth: RegisteredOAuth[];
  /** The argument of `registerIntegration`. */
  integration: IntegrationMeta | undefined;
  /** Settings that `defineConfig` declared. */
  settings: DeclaredSetting[];
}

/** A Map whose `get` throws for an unregistered type and names the registered ones. */
export interface DispatcherMap extends Map<string, Dispatcher> {
  /** Returns the dispatcher; throws for an unregistered type. */
  get(type: string): Dispatcher;
}

class Dispatchers extends Map<string, Dispatcher> implements DispatcherMap {
  override get(type: string): Dispatcher {
    const dispatcher = super.get(type);
    if (dispatcher) return dispatcher;
    const known = [...this.keys()].join(", ");
    throw new Error(
      `There is no dispatcher "${type}"; registered: ${known || "none"}. Import dispatcher.ts first.`,
    );
  }
}

/** The facts that `server` of "heddle/sdk" has in a test. */
export interface TestServer {
  /** The server's public address: "https://heddle.example". */
  baseUrl: string;
  /** The integration's id, which is the name of its folder. */
  integrationId: string;
  /** The manifest's `webhook.path`. Default: "/webhook". */
  webhookPath?: string;
}

export interface TestSeam {
  /** Settings, which override the environment. */
  settings: Map<string, string>;
  /** The facts about the server that the test has set. */
  server: TestServer | undefined;
  /** Stand-ins for the server's calls. */
  services: Partial<SdkServices> | undefined;
  registered: Registered;
  /** Waits that `deliver` has skipped, in seconds. */
  skippedSeconds: number;
  /** Set by `useTables`. */
  tables: TablesBackend | undefined;
  /** Tokens of accounts, by name, in the order in which they are used. */
  tokens: Map<string, string[]>;
  /** The values of `store` without a server. */
  store: ReturnType<typeof createMemoryStore>;
}

const KEY = Symbol.for("heddle.test-seam");

/**
 * Returns the process's one seam: the SDK and its testing module are bundled separately, each with a copy of this
 * file.
 */
export function testSeam(): TestSeam {
  const holder = globalThis as { [KEY]?: TestSeam };
  holder[KEY] ??= {
    settings: new Map(),
    server: undefined,
    services: undefined,
    skippedSeconds: 0,
    tables: undefined,
    registered: {
      tools: [],
      dispatchers: new Dispatchers(),
      hooks: [],
      lifecycle: [],
      listeners: [],
      oauth: [],
      integration: undefined,
      settings: [],
    },
    tokens: new Map(),
    store: createMemoryStore(),
  };
  return holder[KEY];
}
