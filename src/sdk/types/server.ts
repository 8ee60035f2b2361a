// Facts about an integration's server, and the server's lifecycle callbacks.

/** The server that the code runs in. */
export interface ServerFacts {
  /**
   * The server's public address without a trailing slash: BASE_URL, otherwise the address that it listens on. Null if
   * only the operator could know it, because it listens on all addresses and BASE_URL is not set.
   */
  readonly baseUrl: string | null;
  /**
   * Returns the address that a service must call: that of the given path below /integrations/<id>, by default of the
   * manifest's `webhook.path` or "/webhook". Null if `baseUrl` is null. Throws `validation` for a path that does not
   * begin with "/".
   */
  webhookUrl(path?: string): string | null;
}

/** The argument of an `onEnabled` callback. */
export interface LifecycleContext {
  /** Aborted if the callback has run for 30 seconds, or if the server stops. */
  signal: AbortSignal;
}

/** The argument of an `onSettingsChanged` callback. */
export interface SettingsChange extends LifecycleContext {
  /** The names of the settings whose values changed. */
  keys: string[];
}

/** A callback of `onEnabled`; the server awaits its promise before calling the next callback. */
export type OnEnabled = (ctx: LifecycleContext) => unknown;
/** A callback of `onSettingsChanged`; the server awaits its promise before calling the next callback. */
export type OnSettingsChanged = (ctx: SettingsChange) => unknown;
