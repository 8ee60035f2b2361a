// Gmail tells of news over Pub/Sub, from which they are pulled, so that nobody has to reach this server:
// https://developers.google.com/workspace/gmail/api/guides/push

import { log, store } from "heddle/sdk";
import { shortened } from "../../_keys/shortened.ts";
import { ownAddress, settings } from "../config.ts";
import { ask, pubsub, writing } from "./client.ts";

const DAY_MS = 86_400_000;
const MOST_PULLED = 100;

interface Watch {
  topic: string;
  labels: string[];
  /** When it was asked for, in milliseconds since 1970. */
  at: number;
  /** When Gmail stops telling, in milliseconds since 1970. */
  until: number;
}

/** Asks Gmail to tell of news; it forgets after seven days, so it is asked again each day. Resolves with whether it was asked now. */
export async function keepWatching(labels: string[], signal: AbortSignal): Promise<boolean> {
  checkBoth();
  const topic = settings.MAIL_PUBSUB_TOPIC;
  const key = shortened(`watch:${ownAddress()}`);
  const now = Date.now();
  const known = await store.get<Watch>(key);
  const isSame = known?.topic === topic && known.labels.join() === labels.join();
  if (known && isSame && now - known.at < DAY_MS && known.until - now > DAY_MS) return false;
  const { expiration } = await ask<{ expiration: string }>(
    writing.post(
      "/watch",
      { topicName: topic, labelIds: labels, labelFilterBehavior: "include" },
      { signal },
    ),
  );
  const watch: Watch = { topic, labels, at: now, until: Number(expiration) };
  await store.set(key, watch);
  return true;
}

/** Waits until there are notices, and returns their ids; none if there were none for so many seconds. */
export async function pull(seconds: number, signal: AbortSignal): Promise<string[]> {
  try {
    const { receivedMessages = [] } = await ask<{ receivedMessages?: { ackId: string }[] }>(
      pubsub.post(
        `/${settings.MAIL_PUBSUB_SUBSCRIPTION}:pull`,
        { maxMessages: MOST_PULLED },
        { signal, timeoutSeconds: seconds },
      ),
    );
    return receivedMessages.map(({ ackId }) => ackId);
  } catch (error) {
    if (signal.aborted || (error as Error | null)?.name !== "TimeoutError") throw error;
    return [];
  }
}

/** Says that the notices are dealt with. What they told of is stored, so that nothing is lost if Pub/Sub sends them again. */
export async function acknowledge(ackIds: string[], signal: AbortSignal): Promise<void> {
  if (ackIds.length === 0) return;
  try {
    await ask(pubsub.post(`/${settings.MAIL_PUBSUB_SUBSCRIPTION}:acknowledge`, { ackIds }, { signal }));
  } catch (error) {
    signal.throwIfAborted();
    log.warning("Notices of Pub/Sub were not acknowledged, and come again", { error: String(error) });
  }
}

/** Throws if the mailbox's account may not pull from the subscription. */
export async function checkPubSub(labels: string[], signal: AbortSignal): Promise<void> {
  checkBoth();
  const permission = "pubsub.subscriptions.consume";
  const { permissions = [] } = await ask<{ permissions?: string[] }>(
    pubsub.post(
      `/${settings.MAIL_PUBSUB_SUBSCRIPTION}:testIamPermissions`,
      { permissions: [permission] },
      { signal },
    ),
  );
  if (!permissions.includes(permission)) {
    throw new Error(
      `${ownAddress()} may not pull from ${settings.MAIL_PUBSUB_SUBSCRIPTION}: give it the role "Pub/Sub Subscriber" there.`,
    );
  }
  await keepWatching(labels, signal);
}

function checkBoth(): void {
  if (settings.MAIL_PUBSUB_TOPIC !== "" && settings.MAIL_PUBSUB_SUBSCRIPTION !== "") return;
  throw new Error("MAIL_PUBSUB_TOPIC and MAIL_PUBSUB_SUBSCRIPTION must both be set, or neither.");
}
