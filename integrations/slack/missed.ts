// What was said while nobody listened. Slack tells of an event again for some minutes only; after that, the places in which the bot was spoken to are read.

import type { WebClient } from "@slack/web-api";
import { type CatchUpContext, type JsonObject, log, patiently } from "heddle/sdk";
import { askedSeconds, codeOf, connect, deliveryError } from "./client.ts";
import { tokenOf } from "./config.ts";
import type { Place } from "./place.ts";
import { latestPlaces, MOST_PLACES } from "./places.ts";
import { receiveEvent } from "./receive.ts";

const PAGE = 200;
const MOST_PAGES = 5;
/** Slack asks for a minute where it is asked too often. */
const IN_NO_HURRY = 600;
/** What was being taken when Slack was last heard. */
const MARGIN_MS = 60_000;
const REFUSALS = ["missing_scope", "not_in_channel", "channel_not_found", "thread_not_found", "is_archived"];

interface Reply extends JsonObject {
  ts: string;
  thread_ts?: string;
  reply_count?: number;
}

export interface Missed extends CatchUpContext {
  /** What was said after it is left out, since its event may be on its way. Default: now. */
  until?: Date;
  /** How many places are read, the latest first. Default: all that are known. */
  most?: number;
}

/**
 * Takes what was said since then, the oldest first, and returns how many messages were new. What was taken before is recognised by its `ts`.
 */
export async function catchUp({ since, until, most = MOST_PLACES, signal }: Missed): Promise<number> {
  const times: Times = {
    oldest: String((since.getTime() - MARGIN_MS) / 1000),
    ...(until && { latest: String(until.getTime() / 1000) }),
  };
  let found = 0;
  for (const place of await latestPlaces(most)) {
    for (const message of await said(place, times, signal)) {
      signal.throwIfAborted();
      const event = { ...message, type: "message", channel: place.channel };
      const received = await receiveEvent({ team_id: place.team, event });
      if (received.status === "processed" && !received.duplicate) found += 1;
    }
  }
  return found;
}

interface Times {
  oldest: string;
  latest?: string;
}

/** What was said in a place, and in threads that began there, in order. */
async function said({ team, channel, thread }: Place, times: Times, signal: AbortSignal): Promise<Reply[]> {
  const slack = connect(tokenOf(team), signal);
  if (thread !== undefined) return repliesIn(slack, { channel, ts: thread, ...times }, signal);
  const messages = await read(
    (cursor) => slack.conversations.history({ channel, ...times, ...cursor }),
    signal,
  );
  const found = [...messages];
  for (const { ts, reply_count = 0 } of messages) {
    if (reply_count > 0) found.push(...(await repliesIn(slack, { channel, ts, ...times }, signal)));
  }
  return inOrder(found);
}

const repliesIn = async (
  slack: WebClient,
  place: Times & { channel: string; ts: string },
  signal: AbortSignal,
): Promise<Reply[]> => {
  const found = await read((cursor) => slack.conversations.replies({ ...place, ...cursor }), signal);
  // The first message of the thread comes with each answer.
  return inOrder(found.filter(({ ts }) => ts !== place.ts));
};

const inOrder = (messages: Reply[]): Reply[] =>
  messages.sort((one, other) => Number(one.ts) - Number(other.ts));

type Page = (cursor: { limit: number; cursor?: string }) => Promise<{
  messages?: unknown[];
  response_metadata?: { next_cursor?: string };
}>;

async function read(page: Page, signal: AbortSignal): Promise<Reply[]> {
  const found: Reply[] = [];
  let cursor: string | undefined;
  try {
    for (let number = 0; number < MOST_PAGES; number++) {
      const ask = () => page({ limit: PAGE, ...(cursor && { cursor }) });
      const answer = await patiently(ask, { signal, secondsOf: askedSeconds, maxWaitSeconds: IN_NO_HURRY });
      found.push(...((answer.messages ?? []) as Reply[]));
      cursor = answer.response_metadata?.next_cursor;
      if (!cursor) break;
    }
  } catch (error) {
    if (!REFUSALS.includes(codeOf(error) ?? "")) throw deliveryError(error, "Reading what was missed");
    log.debug("What was missed in a place of Slack cannot be read", { reason: codeOf(error) });
  }
  return found;
}
