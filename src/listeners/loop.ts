// Keeps one listener of an integration running: starts it, notices when it hears nothing any more, and starts it again after a pause.

import { errorMessage } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { RegisteredListener } from "../sdk/backend.ts";
import { isReauthRequired, isRetryable } from "../sdk/errors.ts";
import { networkSentence } from "../sdk/network-words.ts";
import type { ConnectionStatus, ListenContext } from "../sdk/types.ts";
import { idleTimeout, within } from "../within.ts";

export interface LoopOptions {
  listener: RegisteredListener;
  /** The integration's and the listener's names, for messages. */
  name: string;
  /** When it was last known to hear its service. */
  since(): Promise<Date | null>;
  /** With `isCatchingUp` it is connected, and what it has missed is not there yet. */
  report(status: ConnectionStatus, detail: string | null, isCatchingUp: boolean): void;
  /** It hears its service now. */
  alive(): void;
  log: Logger;
  /** Milliseconds of a clock that is never set. */
  now: () => number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
  random: () => number;
  /** The longest that its `catchUp` may take. Default: an hour. */
  catchUpMs?: number;
}

export interface Loop {
  /** Resolves when the listener has ended, or has been given up as hanging. */
  stop(): Promise<void>;
}

const FIRST_MS = 1_000;
const LONGEST_MS = 300_000;
/** A connection that lasted so long was good, so that the pauses begin anew. */
const GOOD_AFTER_MS = 60_000;
/** Credentials may have been mended at the service. */
const REAUTH_MS = 3_600_000;
/** A service's own wait counts for a day at most, as for deliveries. */
const LONGEST_ASKED_MS = 24 * 3_600_000;
/** One that hangs would keep what was missed for as long as the connection lasts. */
const CATCH_UP_MS = 3_600_000;
/** A listener that ignores its signal for this long is abandoned. */
const END_MS = 5_000;

export function startLoop(options: LoopOptions): Loop {
  const { listener, name, log, now, random } = options;
  const stopping = new AbortController();
  let said = "";
  const ended = keepListening();

  /** Reports a status unless it was the last one. */
  function say(status: ConnectionStatus, detail: string | null, isCatchingUp = false): void {
    const now = JSON.stringify([status, detail, isCatchingUp]);
    if (now === said) return;
    said = now;
    options.report(status, detail, isCatchingUp);
  }

  async function keepListening(): Promise<void> {
    let failures = 0;
    say("connecting", null);
    while (!stopping.signal.aborted) {
      const { reason, connectedMs } = await attempt(failures + 1);
      if (stopping.signal.aborted) return;
      failures = connectedMs >= GOOD_AFTER_MS ? 1 : failures + 1;
      const isReauth = isReauthRequired(reason);
      const message = networkSentence(reason) ?? errorMessage(reason);
      say(isReauth ? "reauth_required" : "degraded", message);
      const ms = isReauth ? REAUTH_MS : Math.max(pauseAfter(failures, random), askedFor(reason));
      log[failures === 1 ? "warn" : "debug"](
        "{name} is not connected; the next attempt is in {seconds} s: {reason}",
        {
          name,
          seconds: Math.round(ms / 1000),
          reason: message,
        },
      );
      await options.sleep(ms, stopping.signal).catch(() => undefined);
    }
  }

  /** Resolves with the reason why it listens no more, and how long it was connected. Never rejects. */
  async function attempt(number: number): Promise<{ reason: unknown; connectedMs: number }> {
    const { silenceSeconds, connectSeconds } = listener;
    const silence = idleTimeout((silenceSeconds ?? connectSeconds ?? 0) * 1000, () =>
      silenceSeconds === undefined
        ? new Error(`It has not called connected() within ${connectSeconds} seconds.`)
        : new Error(`Nothing was heard for ${silenceSeconds} seconds.`),
    );
    // People are told at once: the listener may need seconds to end.
    silence.signal.addEventListener("abort", () => say("degraded", errorMessage(silence.signal.reason)));
    const over = new AbortController();
    const signal = AbortSignal.any([stopping.signal, silence.signal, over.signal]);
    const heard = () => (silenceSeconds === undefined ? silence.stop() : silence.restart());
    let isOver = false;
    let connectedAt: number | undefined;
    let shown: string | null = null;
    const context = (since: Date | null): ListenContext => {
      const missed = missedSince(since, listener, {
        ...{ signal, ms: options.catchUpMs ?? CATCH_UP_MS },
        onError: (error) => over.abort(error),
        onDone() {
          if (isOver || signal.aborted) return;
          options.alive();
          if (said === JSON.stringify(["connected", shown, true])) say("connected", shown);
        },
      });
      return {
        signal,
        since,
        silenceSeconds: silenceSeconds ?? Number.POSITIVE_INFINITY,
        attempt: number,
        connected(detail) {
          if (isOver) return;
          connectedAt ??= now();
          heard();
          missed.begin();
          if (missed.isDone) options.alive();
          shown = detail ?? null;
          say("connected", shown, !missed.isDone);
        },
        alive() {
          if (isOver) return;
          heard();
          // Before, nobody knows yet whether anything was missed.
          if (missed.isDone && connectedAt !== undefined) options.alive();
        },
        degraded(reason) {
          if (isOver) return;
          // It is there, and people read what it is about: that a person has to scan a code, for example.
          if (silenceSeconds === undefined) silence.stop();
          say("degraded", reason);
        },
      };
    };
    const ended = (reason: unknown) => ({
      reason,
      connectedMs: connectedAt === undefined ? 0 : now() - connectedAt,
    });
    try {
      // The database may be away; then this attempt has failed like any other.
      const ctx = context(await options.since());
      if (silenceSeconds !== undefined || connectSeconds !== undefined) silence.restart();
      const work = Promise.resolve(listener.run(ctx));
      // Whatever a listener does after it has ignored its signal does not matter any more.
      await within(Number.POSITIVE_INFINITY, work, { signal }).catch(async (error) => {
        if (signal.aborted) await within(END_MS, work);
        throw error;
      });
      return ended(new Error("It ended."));
    } catch (error) {
      // An aborted listener may throw anything; the reason is why it was aborted.
      return ended(signal.aborted ? signal.reason : error);
    } finally {
      isOver = true;
      silence.stop();
      over.abort(new Error("The listener has ended."));
    }
  }

  return {
    async stop() {
      stopping.abort(new Error("The listener is stopped."));
      await ended;
    },
  };
}

interface CatchingUp {
  signal: AbortSignal;
  /** Time limit. */
  ms: number;
  onDone: () => void;
  onError: (error: unknown) => void;
}

/** Asks once for what was missed. Until that has arrived, the service does not count as heard: a server that takes over must ask for it again. */
function missedSince(
  since: Date | null,
  { catchUp }: RegisteredListener,
  { signal, ms, onDone, onError }: CatchingUp,
) {
  let state: "due" | "asking" | "done" = since && catchUp ? "due" : "done";
  return {
    get isDone() {
      return state === "done";
    },
    begin(): void {
      if (state !== "due" || !since) return;
      state = "asking";
      const asking = (async () => catchUp?.({ since, signal }))();
      const error = () => new Error(`Its catchUp took longer than ${ms / 1000} seconds.`);
      within(ms, asking, { signal, error }).then(() => {
        state = "done";
        onDone();
      }, onError);
    },
  };
}

/** 1 s, 2 s, 4 s … 5 minutes, and up to a quarter more, so that servers of one service do not return together. */
const pauseAfter = (failures: number, random: () => number): number =>
  Math.round(Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS / 1.25) * (1 + random() / 4));

/** An error that an integration has made may say anything here, and a service may ask for a year. */
function askedFor(reason: unknown): number {
  const ms = isRetryable(reason) ? Number(reason.retryAfterSeconds ?? 0) * 1000 : 0;
  return ms > 0 ? Math.min(ms, LONGEST_ASKED_MS) : 0;
}
