// How often a service may be asked.

/** At most so many requests may begin within so many seconds. */
export interface Rate {
  /** 1 to 1,000. */
  requests: number;
  /** Above 0, at most a day. */
  seconds: number;
}

/** What `rateLimit` takes. */
export interface RateLimitOptions {
  /** All of them hold, for each target by itself. Default: none. */
  rates?: readonly Rate[] | undefined;
  /** How many requests of a target may be under way at once, until their answers begin to arrive. Default: no limit. */
  concurrency?: number | undefined;
  /** The longest that a request waits for its turn, in seconds; one that would wait longer is refused at once. Default 30. */
  maxWaitSeconds?: number | undefined;
  /** How many requests of a target may wait; further ones are refused. Default 100, at most 1,000. */
  maxWaiting?: number | undefined;
}

/** A limit that all who pass it share: each target, such as a host or a chat, has its own turns. */
export interface RateLimit {
  /**
   * Calls `work` when it is the target's turn, in the order of the calls. If `work` throws a `Retryable` with a time, nobody gets a turn of this
   * target before. Throws `Retryable` if the wait is too long, and the reason of an aborted signal; `work` has not been called then.
   */
  run<Result>(
    target: string,
    work: () => Result | Promise<Result>,
    options?: {
      /** Ends the wait, and the work if that heeds it. */
      signal?: AbortSignal | undefined;
    },
  ): Promise<Result>;
  /** Nobody gets a turn of the target for so many seconds. */
  hold(target: string, seconds: number): void;
}

/** Options of `fetch` and `http` for requests that take turns. */
export interface RateLimitedRequest {
  /** The request waits for its turn, and an answer's Retry-After holds back all who share the limit. Default: no limit. */
  rateLimit?: RateLimit | undefined;
  /** Whose turn it is. Default: the host of the address. */
  rateTarget?: string | undefined;
}
