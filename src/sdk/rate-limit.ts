// How often a service may be asked: turns of targets, which all callers of this server share. What waits is kept in memory only; whoever is
// refused, or ends with the server, has not begun and is tried again by what called it.

import { HeddleError } from "../errors.ts";
import { within } from "../within.ts";
import { shown } from "./arguments.ts";
import { isRetryable, Retryable } from "./errors.ts";
import { checkOptions } from "./options.ts";
import { retryAfterSeconds } from "./retry-after.ts";
import type { RateLimit, RateLimitedRequest, RateLimitOptions } from "./types.ts";

export interface RateClock {
  /** Seconds, never set back. */
  now(): number;
  /** Calls `then` after so many seconds; returns what calls it off. */
  after(seconds: number, then: () => void): () => void;
}

interface Waiting {
  start: () => void;
  refuse: (seconds: number) => void;
  /** The latest moment at which it may begin. */
  deadline: number;
}

interface Target {
  /** When requests have begun, oldest first, as many as the rates look back on. */
  begun: number[];
  active: number;
  heldUntil: number;
  waiting: Waiting[];
  callOff: () => void;
}

type Limits = Required<RateLimitOptions>;

const MOST_TARGETS = 1_000;
const MOST_REQUESTS = 1_000;
const DAY_SECONDS = 86_400;
const LONGEST_TIMER_SECONDS = 3_600;
/** Timers may fire a little early. */
const SLACK_SECONDS = 0.001;

export function createRateLimit(options: RateLimitOptions, clock: RateClock = CLOCK): RateLimit {
  const limits = checked(options);
  const targets = new Map<string, Target>();

  function targetOf(name: string): Target {
    const known = targets.get(name);
    if (known) return known;
    if (targets.size >= MOST_TARGETS) forgetIdle();
    const target: Target = { begun: [], active: 0, heldUntil: 0, waiting: [], callOff: () => {} };
    targets.set(name, target);
    return target;
  }

  function forgetIdle(): void {
    const now = clock.now();
    for (const [name, target] of targets) {
      const isIdle = target.active === 0 && target.waiting.length === 0;
      if (isIdle && nextTurn(target.begun, target.heldUntil, limits) <= now) targets.delete(name);
    }
  }

  /** Starts who may start now, and comes back when the next one may. */
  function pump(target: Target): void {
    target.callOff();
    while (target.waiting.length > 0 && target.active < limits.concurrency) {
      const at = nextTurn(target.begun, target.heldUntil, limits);
      const wait = at - clock.now();
      if (wait > SLACK_SECONDS) {
        target.callOff = clock.after(Math.min(wait, LONGEST_TIMER_SECONDS), () => pump(target));
        return;
      }
      target.begun = [...target.begun, clock.now()].slice(-longestLook(limits));
      target.active += 1;
      target.waiting.shift()?.start();
    }
  }

  function hold(name: string, seconds: number): void {
    if (!(seconds > 0)) return;
    const target = targetOf(name);
    const until = clock.now() + Math.min(seconds, DAY_SECONDS);
    target.heldUntil = Math.max(target.heldUntil, until);
    // Who cannot begin in time is told at once rather than after its wait.
    const late = target.waiting.filter(({ deadline }) => deadline < until);
    for (const { refuse } of late) refuse(seconds);
    pump(target);
  }

  /** Resolves when it is the caller's turn. */
  function turn(name: string, signal: AbortSignal | undefined): Promise<Target> {
    const target = targetOf(name);
    const { promise, resolve, reject } = Promise.withResolvers<Target>();
    if (signal?.aborted) return Promise.reject(signal.reason);
    const expected = expectedWait(target, limits, clock.now());
    if (target.waiting.length >= limits.maxWaiting) return Promise.reject(tooMany(name, limits, expected));
    if (expected > limits.maxWaitSeconds) return Promise.reject(tooLate(name, expected));
    const leave = () => {
      target.waiting = target.waiting.filter((one) => one !== waiting);
      signal?.removeEventListener("abort", onAbort);
      callOff();
    };
    const onAbort = () => {
      leave();
      reject(signal?.reason);
      pump(target);
    };
    const waiting: Waiting = {
      deadline: clock.now() + limits.maxWaitSeconds,
      start() {
        leave();
        resolve(target);
      },
      refuse(seconds) {
        leave();
        reject(tooLate(name, seconds));
      },
    };
    // Those before it may take longer than expected.
    const callOff = clock.after(limits.maxWaitSeconds, () => {
      waiting.refuse(Math.max(1, nextTurn(target.begun, target.heldUntil, limits) - clock.now()));
      pump(target);
    });
    signal?.addEventListener("abort", onAbort, { once: true });
    target.waiting.push(waiting);
    pump(target);
    return promise;
  }

  return {
    hold,
    async run(name, work, { signal } = {}) {
      const target = await turn(name, signal);
      try {
        // Work that ignores the signal would keep its turn, and the target would be closed to everybody.
        return await within(Number.POSITIVE_INFINITY, Promise.resolve(work()), { signal });
      } catch (error) {
        if (isRetryable(error)) hold(name, error.retryAfterSeconds ?? 0);
        throw error;
      } finally {
        target.active -= 1;
        pump(target);
      }
    },
  };
}

type Fetch<Init> = (input: string | URL | Request, init?: Init) => Promise<Response>;

/** Has requests with a `rateLimit` take turns. */
export const limitedFetch =
  <Init extends RequestInit & RateLimitedRequest>(
    fetch: Fetch<Omit<Init, keyof RateLimitedRequest>>,
  ): Fetch<Init> =>
  async (input, init) => {
    const { rateLimit, rateTarget, ...rest } = init ?? ({} as Init);
    if (!rateLimit) return fetch(input, rest);
    const target = rateTarget ?? new URL(input instanceof Request ? input.url : input).host;
    const signal = rest.signal ?? (input instanceof Request ? input.signal : undefined);
    const ask = async (): Promise<Response> => {
      const response = await fetch(input, rest);
      const asked = response.status >= 400 ? retryAfterSeconds(response.headers) : undefined;
      if (asked !== undefined) rateLimit.hold(target, asked);
      return response;
    };
    return rateLimit.run(target, ask, { signal: signal ?? undefined });
  };

/** The earliest moment at which one more may begin. */
const nextTurn = (begun: readonly number[], heldUntil: number, { rates }: Limits): number =>
  rates.reduce((at, { requests, seconds }) => {
    const before = begun.at(-requests);
    return before === undefined ? at : Math.max(at, before + seconds);
  }, heldUntil);

/** How long a newcomer will wait, as far as that follows from the rates. */
function expectedWait({ begun, heldUntil, waiting }: Target, limits: Limits, now: number): number {
  const starts = [...begun];
  for (let place = 0; place <= waiting.length; place++) {
    starts.push(Math.max(now, nextTurn(starts, heldUntil, limits)));
  }
  return (starts.at(-1) ?? now) - now;
}

const longestLook = ({ rates }: Limits): number => Math.max(1, ...rates.map(({ requests }) => requests));

const tooLate = (target: string, seconds: number): Retryable =>
  new Retryable(`${target} is asked too often; the next turn is in ${Math.ceil(seconds)} seconds.`, {
    retryAfter: Math.ceil(seconds),
  });

const tooMany = (target: string, { maxWaiting }: Limits, seconds: number): Retryable =>
  new Retryable(`${target} is asked too often: ${maxWaiting} requests wait for their turn already.`, {
    retryAfter: Math.max(1, Math.ceil(seconds)),
  });

function checked(options: RateLimitOptions): Limits {
  checkOptions("rateLimit", options, ["rates", "concurrency", "maxWaitSeconds", "maxWaiting"]);
  const {
    rates = [],
    concurrency = Number.POSITIVE_INFINITY,
    maxWaitSeconds = 30,
    maxWaiting = 100,
  } = options;
  check("rates", Array.isArray(rates) && rates.every(isRate), "a list of { requests, seconds }", rates);
  for (const { requests, seconds } of rates) {
    check(
      "requests",
      Number.isInteger(requests) && requests >= 1 && requests <= MOST_REQUESTS,
      "a whole number from 1 to 1,000",
      requests,
    );
    check(
      "seconds",
      isNumber(seconds) && seconds > 0 && seconds <= DAY_SECONDS,
      "a number above 0, at most a day",
      seconds,
    );
  }
  const isCount =
    concurrency === Number.POSITIVE_INFINITY || (Number.isInteger(concurrency) && concurrency >= 1);
  check("concurrency", isCount, "a whole number from 1", concurrency);
  check(
    "maxWaitSeconds",
    isNumber(maxWaitSeconds) && maxWaitSeconds > 0 && maxWaitSeconds <= LONGEST_TIMER_SECONDS,
    "a number above 0, at most an hour",
    maxWaitSeconds,
  );
  check(
    "maxWaiting",
    Number.isInteger(maxWaiting) && maxWaiting >= 1 && maxWaiting <= 1_000,
    "a whole number from 1 to 1,000",
    maxWaiting,
  );
  return { rates, concurrency, maxWaitSeconds, maxWaiting };
}

/** A text such as "60", which is read from somewhere, would be joined to the time instead of added. */
const isNumber = (value: unknown): boolean => typeof value === "number";
const isRate = (rate: unknown): boolean => typeof rate === "object" && rate !== null;

function check(field: string, isRight: boolean, wanted: string, given: unknown): void {
  if (isRight) return;
  throw new HeddleError(
    "validation",
    `${field} of rateLimit() must be ${wanted}; got ${given === undefined ? "nothing" : shown(given)}.`,
    {
      field,
    },
  );
}

/** The machine's. */
export const CLOCK: RateClock = {
  now: () => performance.now() / 1000,
  after(seconds, then) {
    const timer = setTimeout(then, seconds * 1000);
    return () => clearTimeout(timer);
  },
};
