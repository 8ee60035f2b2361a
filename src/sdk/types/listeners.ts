// Background loops of an integration inside the server, and the state of its connection to its service.

/** What is known about a connection to a service. */
export type ConnectionStatus = "connecting" | "connected" | "degraded" | "reauth_required";

/** The argument of a `listen` callback. */
export interface ListenContext {
  /**
   * Aborted if the server stops, the settings change, another server takes over, nothing was heard for `silenceSeconds` or, without
   * these, `run` has not said within two minutes how its connection is.
   */
  readonly signal: AbortSignal;
  /**
   * When this integration was last known to hear its service, on whichever server; null at the very first start. What happened since
   * then may have been missed. Up to half a minute too early, so inject with `idempotencyKey`.
   */
  readonly since: Date | null;
  /**
   * `silenceSeconds` of `listen`: the connection counts as dead once nothing was heard for so long. Ask the service whether it is there
   * three times as often.
   */
  readonly silenceSeconds: number;
  /** 1 for the first attempt; grows with each attempt that failed, until a connection has lasted a minute. */
  readonly attempt: number;
  /** Says that the connection works; `detail` is shown to people: "as @ops_bot, 3 folders". */
  connected(detail?: string): void;
  /** Says that something arrived, be it only a ping, so that the listener is known not to be deaf. Cheap. */
  alive(): void;
  /** Says that the connection works only in part; `reason` is shown to people until `connected` is called. */
  degraded(reason: string): void;
}

/** The argument of a `catchUp` callback. */
export interface CatchUpContext {
  /** When the service was last known to be heard, at most half a minute too early. */
  readonly since: Date;
  /** Aborted with that of `run`, and when `run` has ended. */
  readonly signal: AbortSignal;
}

/** The argument of a `poll` callback. */
export type PollContext = Pick<ListenContext, "signal" | "since" | "degraded">;

/** What `listen` takes. */
export interface ListenOptions {
  /** The name among the integration's listeners: 1 to 64 of a-z 0-9 _ -. */
  name: string;
  /**
   * Connects and listens until `signal` is aborted. If it returns or throws earlier, it is called again after 1 s, 2 s, 4 s … 5 minutes,
   * or what a `Retryable` says; after `ReauthRequired` only once the settings have changed, or after an hour.
   */
  run(ctx: ListenContext): Promise<unknown>;
  /**
   * Asks the service for what was missed since it was last heard. Called beside `run` once that has said `connected()`, so subscribe before; not at the
   * very first start. Until it has ended, `since` stays where it was, so that after a crash it is called for the same time again: inject with
   * `idempotencyKey`. If it throws, or takes longer than an hour, the listener is started again.
   */
  catchUp?: (ctx: CatchUpContext) => Promise<unknown>;
  /** Whether there is anything to listen to; asked again after settings have changed. Default: the required settings have values. */
  when?: () => boolean;
  /**
   * The connection counts as dead if neither `alive` nor `connected` is called for so long. Default: no limit, once `connected`, `alive` or
   * `degraded` has been called for the first time, for which each attempt has two minutes.
   */
  silenceSeconds?: number;
}

/** What `poll` takes. */
export interface PollOptions {
  /** The name among the integration's listeners: 1 to 64 of a-z 0-9 _ -. */
  name: string;
  /** Seconds from the end of a call to the next; a function is asked each time. */
  everySeconds: number | (() => number);
  /** Asks the service for what is new. If it throws, it is called again as a `listen` callback is. */
  run(ctx: PollContext): Promise<unknown>;
  /** As for `listen`. */
  when?: () => boolean;
  /** The longest that a call may take. Default 120. */
  timeoutSeconds?: number;
}

/** Connections that no listener stands for. */
export interface ConnectionControls {
  /** Tells people what is known about a connection. Throws `validation`. */
  report(report: ConnectionReport): Promise<void>;
}

/** What `connection.report` takes. */
export interface ConnectionReport {
  /** The name of the connection, if there are several: 1 to 64 of a-z 0-9 _ -. Default "main". */
  name?: string;
  /** What is known about it. */
  status: ConnectionStatus;
  /** Shown to people: why it is degraded, or as whom it is connected. */
  detail?: string;
}
