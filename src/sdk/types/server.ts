// What an integration may know about its server, and when it is called by it.

/** The server that the code runs in. */
export interface ServerFacts {
  /**
   * How the outside reaches the server, without a trailing slash: BASE_URL, else the address that it listens on. Null where only the
   * operator could know it, as when it listens on all addresses and BASE_URL is not set.
   */
  readonly baseUrl: string | null;
  /**
   * Returns the address that a service has to call: of the manifest's `webhook.path`, else of "/webhook", or of a path below
   * /integrations/<id>. Null where `baseUrl` is null. Throws `validation` for a path that does not begin with "/".
   */
  webhookUrl(path?: string): string | null;
}

/** What a callback of `onEnabled` gets. */
export interface LifecycleContext {
  /** Aborted when the callback has run for 30 seconds, and when the server stops. */
  signal: AbortSignal;
}

/** What a callback of `onSettingsChanged` gets. */
export interface SettingsChange extends LifecycleContext {
  /** The names of the settings whose values changed. */
  keys: string[];
}

/** What `onEnabled` takes; the server waits for a promise that it returns before it calls the next callback. */
export type OnEnabled = (ctx: LifecycleContext) => unknown;
/** What `onSettingsChanged` takes; the server waits for a promise that it returns before it calls the next callback. */
export type OnSettingsChanged = (ctx: SettingsChange) => unknown;
