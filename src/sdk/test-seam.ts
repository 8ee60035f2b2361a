// Where an author's tests put what stands in for a server ("heddle/sdk/testing"), and where the stand-alone SDK
// keeps what was registered, for them to look at.

import type {
  DeclaredSetting,
  RegisteredHook,
  RegisteredLifecycle,
  RegisteredTool,
  SdkServices,
} from "./backend.ts";
import { createMemoryStore } from "./memory-store.ts";
import type { Dispatcher, IntegrationMeta } from "./types.ts";

/** What the files that were imported so far have registered. */
export interface Registered {
  /** In the order of `register`. */
  tools: RegisteredTool[];
  /** By their types. */
  dispatchers: DispatcherMap;
  /** In the order of `registerHook`. */
  hooks: RegisteredHook[];
  /** In the order of `onEnabled` and `onSettingsChanged`. */
  lifecycle: RegisteredLifecycle[];
  /** What `registerIntegration` was given. */
  integration: IntegrationMeta | undefined;
  /** What `defineConfig` declared. */
  settings: DeclaredSetting[];
}

/** A Map whose `get` throws for a type that nobody registered, and names those that somebody did. */
export interface DispatcherMap extends Map<string, Dispatcher> {
  /** Throws for a type that nobody registered. */
  get(type: string): Dispatcher;
}

class Dispatchers extends Map<string, Dispatcher> implements DispatcherMap {
  override get(type: string): Dispatcher {
    const dispatcher = super.get(type);
    if (dispatcher) return dispatcher;
    const known = [...this.keys()].join(", ");
    throw new Error(
      `There is no dispatcher "${type}"; registered are ${known || "none"}. Import dispatcher.ts first.`,
    );
  }
}

/** What `server` of "heddle/sdk" knows in a test. */
export interface TestServer {
  /** How the outside reaches the server: "https://heddle.example". */
  baseUrl: string;
  /** The integration's id, which is the name of its folder. */
  integrationId: string;
  /** The manifest's `webhook.path`. Default: "/webhook". */
  webhookPath?: string;
}

export interface TestSeam {
  /** Win over the environment. */
  settings: Map<string, string>;
  /** What the test says about the server. */
  server: TestServer | undefined;
  /** Stands in for a server. */
  services: Partial<SdkServices> | undefined;
  registered: Registered;
  /** What `store` keeps where there is no server. */
  store: ReturnType<typeof createMemoryStore>;
}

const KEY = Symbol.for("heddle.test-seam");

/** One for the whole process: the SDK and its testing module are two files, each with a copy of this one. */
export function testSeam(): TestSeam {
  const holder = globalThis as { [KEY]?: TestSeam };
  holder[KEY] ??= {
    settings: new Map(),
    server: undefined,
    services: undefined,
    registered: {
      tools: [],
      dispatchers: new Dispatchers(),
      hooks: [],
      lifecycle: [],
      integration: undefined,
      settings: [],
    },
    store: createMemoryStore(),
  };
  return holder[KEY];
}
