// Listens to a mailbox of Gmail over its API: Pub/Sub tells of news at once, and the history is asked regularly, since notices can be lost.

import { type CatchUpContext, type ListenContext, log } from "heddle/sdk";
import { ownAddress, settings, usesPubSub } from "../config.ts";
import { type LastMail, lastMailText, type Notice } from "../last-mail.ts";
import { checkAddress } from "./address.ts";
import { type Look, takeHistory } from "./history.ts";
import { wantedLabels } from "./labels.ts";
import { acknowledge, keepWatching, pull } from "./notices.ts";

/** The connection that runs now: what the catch-up hears, it has heard. */
let running: Pick<Look, "labels" | "alive" | "took"> = { labels: [], alive: () => {}, took: () => {} };

export async function listenToGmail(ctx: ListenContext): Promise<void> {
  const { signal } = ctx;
  await checkAddress(signal);
  const labels = await wantedLabels(signal);
  let last: LastMail | undefined;
  let isNew = false;
  let notice: Notice = "asking";
  const took = (mail: LastMail) => {
    [last, isNew] = [mail, true];
  };
  running = { labels, alive: ctx.alive, took };
  // The first look says from where the history is followed.
  if (ctx.since === null) await takeHistory({ ...running, signal });
  const shown = () => `as ${ownAddress()}, ${settings.MAIL_FOLDERS}${lastMailText(last, notice)}`;
  ctx.connected(shown());
  let isDegraded = false;
  for (;;) {
    const ackIds = await news();
    await takeHistory({ labels, signal, alive: ctx.alive, took });
    if (isNew) notice = ackIds.length > 0 ? "Pub/Sub" : "asking";
    if (isNew && !isDegraded) ctx.connected(shown());
    else ctx.alive();
    isNew = false;
    await acknowledge(ackIds, signal);
  }

  /** Resolves when there is news, at the latest after MAIL_POLL_SECONDS. */
  async function news(): Promise<string[]> {
    const seconds = settings.MAIL_POLL_SECONDS;
    if (!usesPubSub()) {
      await pause(seconds, signal);
      return [];
    }
    try {
      // What came before Gmail was asked to tell is in the history.
      if (await keepWatching(labels, signal)) return [];
      const started = performance.now();
      const ackIds = await pull(seconds, signal);
      // An empty answer may come at once.
      if (ackIds.length === 0 && performance.now() - started < 1_000) await pause(1, signal);
      if (isDegraded) ctx.connected(shown());
      isDegraded = false;
      return ackIds;
    } catch (error) {
      signal.throwIfAborted();
      // Mail comes all the same, only later.
      const reason = `Pub/Sub does not tell of news, so that Gmail is asked every ${seconds} seconds. ${(error as Error).message}`;
      if (!isDegraded) log.warning("{reason}", { reason });
      isDegraded = true;
      ctx.degraded(reason);
      await pause(seconds, signal);
      return [];
    }
  }
}

/** What has come while nobody listened; called once the listener is connected. */
export const catchUpOnGmail = ({ since, signal }: CatchUpContext): Promise<void> =>
  takeHistory({ ...running, since, signal });

async function pause(seconds: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onAbort = () => reject(signal.reason);
  const timer = setTimeout(resolve, seconds * 1_000);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
