// Takes what is new in a mailbox of Gmail. The cursor is an id in the mailbox's history, and moves on after a mail is stored.

import { log, store } from "heddle/sdk";
import { shortened } from "../../_keys/shortened.ts";
import { ownAddress, settings } from "../config.ts";
import type { LastMail } from "../last-mail.ts";
import { takeMail } from "../take-mail.ts";
import { profile } from "./address.ts";
import { ask, askFor, reading } from "./client.ts";
import { NEVER } from "./labels.ts";

const DAY_MS = 86_400_000;
const CLOCKS_MS = 300_000;
/** When Gmail has forgotten the history, so many mails of each label are looked at again, and so far back. */
const MOST_AGAIN = 1_000;
const LONGEST_MS = 30 * DAY_MS;

interface Cursor {
  historyId: string;
  /** Since when mail is taken, in milliseconds since 1970. */
  from: number;
  /** When it last moved, in milliseconds since 1970. */
  at: number;
}

interface Message {
  id: string;
  labelIds?: string[];
}

interface HistoryRecord {
  id: string;
  messagesAdded?: { message: Message }[];
  labelsAdded?: { message: Message; labelIds?: string[] }[];
}

interface HistoryPage {
  history?: HistoryRecord[];
  historyId: string;
  nextPageToken?: string;
}

export interface Look {
  /** Ids of the labels whose mails are taken. */
  labels: string[];
  signal: AbortSignal;
  /** Called with each thing that was heard. */
  alive(): void;
  /** Called with each mail that was taken. */
  took(mail: LastMail): void;
  /** When the mailbox was last known to be heard. Default: when the cursor last moved. */
  since?: Date;
}

const keyOf = (): string => shortened(`history:${ownAddress()}`);

/** One look after another: that of the catch-up, and those of the listener beside it. */
let looking: Promise<unknown> = Promise.resolve();

/** Takes what has come since the cursor. Throws if something could not be stored, which is then taken the next time. */
export function takeHistory(look: Look): Promise<void> {
  const mine = looking.then(() => take(look));
  looking = mine.catch(() => {});
  return mine;
}

async function take(look: Look): Promise<void> {
  const { labels, signal, alive } = look;
  const cursor = (await store.get<Cursor>(keyOf())) ?? (await begin(look));
  const startHistoryId = cursor.historyId;
  let pageToken: string | undefined;
  do {
    signal.throwIfAborted();
    const page = await askFor<HistoryPage>(
      reading.get("/history?historyTypes=messageAdded&historyTypes=labelAdded", {
        query: { startHistoryId, maxResults: 500, pageToken },
        signal,
      }),
    );
    alive();
    if (!page) return lookAgain(cursor, look);
    for (const record of page.history ?? []) {
      const ids = newIn(record, labels);
      for (const id of ids) await takeOne(id, look);
      if (ids.length > 0) await move(cursor, record.id);
    }
    pageToken = page.nextPageToken;
    if (pageToken === undefined && page.historyId !== cursor.historyId) await move(cursor, page.historyId);
  } while (pageToken !== undefined);
}

async function move(cursor: Cursor, historyId: string): Promise<void> {
  Object.assign(cursor, { historyId, at: Date.now() });
  await store.set(keyOf(), cursor);
}

/** Where to begin in a mailbox that is seen for the first time. */
async function begin(look: Look): Promise<Cursor> {
  const historyId = await currentId(look.signal);
  const now = Date.now();
  const from = now - settings.MAIL_IMPORT_DAYS * DAY_MS;
  if (settings.MAIL_IMPORT_DAYS > 0) await takeSince(from, look);
  const cursor = { historyId, from, at: now };
  await store.set(keyOf(), cursor);
  return cursor;
}

/**
 * Gmail keeps a mailbox's history for about a week, and sometimes for hours. What has come since the last look, and a day before, is looked at
 * again; Message-IDs tell what is known.
 */
async function lookAgain(cursor: Cursor, look: Look): Promise<void> {
  log.warning("Gmail has forgotten the history since the last look; its latest mails are looked at again");
  // Before the mails are asked for, so that what comes meanwhile is in the history.
  const historyId = await currentId(look.signal);
  const heard = Math.max(cursor.at, look.since?.getTime() ?? 0) - DAY_MS;
  await takeSince(Math.max(heard, cursor.from - CLOCKS_MS, Date.now() - LONGEST_MS), look);
  await move(cursor, historyId);
}

async function takeSince(from: number, look: Look): Promise<void> {
  const ids = new Set<string>();
  // Newest first; answered in the order in which they came.
  for (const label of look.labels) {
    for (const id of (await idsSince(label, from, look)).toReversed()) ids.add(id);
  }
  for (const id of ids) await takeOne(id, look);
}

async function idsSince(label: string, from: number, { signal, alive }: Look): Promise<string[]> {
  const ids: string[] = [];
  let pageToken: string | undefined;
  do {
    const page = await ask<{ messages?: Message[]; nextPageToken?: string }>(
      reading.get("/messages", {
        query: { labelIds: label, q: `after:${Math.floor(from / 1_000)}`, maxResults: 500, pageToken },
        signal,
      }),
    );
    alive();
    ids.push(...(page.messages ?? []).map(({ id }) => id));
    pageToken = page.nextPageToken;
  } while (pageToken !== undefined && ids.length < MOST_AGAIN);
  if (pageToken === undefined && ids.length <= MOST_AGAIN) return ids;
  log.error("More mails than are looked at again: older ones are left out", { label, looked_at: MOST_AGAIN });
  return ids.slice(0, MOST_AGAIN);
}

/** The messages that have come into one of the labels. */
function newIn({ messagesAdded = [], labelsAdded = [] }: HistoryRecord, labels: string[]): string[] {
  const isIn = (ids: string[] | undefined): boolean => ids?.some((id) => labels.includes(id)) === true;
  const added = messagesAdded.filter(({ message }) => isIn(message.labelIds));
  const moved = labelsAdded.filter(({ labelIds }) => isIn(labelIds));
  return [...new Set([...added, ...moved].map(({ message }) => message.id))];
}

async function takeOne(id: string, { signal, alive, took }: Look): Promise<void> {
  signal.throwIfAborted();
  const found = await askFor<{ raw: string; threadId: string; labelIds?: string[]; internalDate?: string }>(
    reading.get(`/messages/${encodeURIComponent(id)}`, { query: { format: "raw" }, signal }),
  );
  alive();
  // Deleted meanwhile.
  if (!found || found.labelIds?.some((label) => NEVER.includes(label))) return;
  const source = Buffer.from(found.raw, "base64url").subarray(0, settings.MAIL_MAX_BYTES);
  await takeMail(source, { id, threadId: found.threadId });
  if (found.internalDate) took({ cameAt: new Date(Number(found.internalDate)), takenAt: new Date() });
}

const currentId = async (signal: AbortSignal): Promise<string> => (await profile(signal)).historyId;
