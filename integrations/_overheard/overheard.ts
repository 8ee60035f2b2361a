// What people say among themselves where a bot listens: kept as context, without a run, and told to a conversation that begins there.

import { getOrCreateSession, injectMessage, log, store } from "heddle/sdk";
import { shortened } from "../_keys/shortened.ts";
import { nameInText, spokenBy } from "./spoken-by.ts";

/** Of one message. */
const LONGEST = 2_000;
/** Of one place: a busy channel must not fill the database with what nobody has asked anybody. */
const MOST_A_DAY = 500;
/** What a conversation that begins there is told, and of each message so much. */
const TOLD = 20;
const LONGEST_TOLD = 1_000;
const KEPT_SECONDS = 86_400;

/** Whether a setting such as "C0123, C0456" names a place; "*" names all. */
export const listensIn = (setting: string, place: string): boolean =>
  setting.split(",").some((one) => ["*", place].includes(one.trim()));

export interface Overheard {
  /** The place's client id. */
  clientId: string;
  botId: string;
  dispatchConfig: { type: string; [field: string]: unknown };
  source: string;
  /** The service's name of the message. */
  key: string;
  content: string;
  author: { id: string; display_name: string };
  fromBot: boolean;
}

interface Day {
  day: string;
  count: number;
  last: { key: string; line: string }[];
}

/** Keeps what was said; returns what became of it. */
export async function overhear(said: Overheard): Promise<"overheard" | "empty" | "too_much"> {
  const { clientId, botId, dispatchConfig, source, key, author, fromBot } = said;
  const content = said.content.slice(0, LONGEST).toWellFormed();
  if (content.trim() === "") return "empty";
  const day = new Date().toISOString().slice(0, 10);
  const known = await store.update<Day>(
    placeKey(clientId),
    (before) => {
      // A service may tell of a message again.
      if (before?.last.some((one) => one.key === key)) return before;
      const line = `${nameInText(author.display_name)}: ${content.slice(0, LONGEST_TOLD).toWellFormed()}`;
      const last = [...(before?.last ?? []), { key, line }].slice(-TOLD);
      return { day, count: (before?.day === day ? before.count : 0) + 1, last };
    },
    { ttlSeconds: KEPT_SECONDS },
  );
  const count = known?.count ?? 0;
  if (count > MOST_A_DAY) {
    if (count === MOST_A_DAY + 1)
      log.warning("What else is said here today is not kept, since it is too much", { place: clientId });
    return "too_much";
  }
  const sessionId = await getOrCreateSession({ clientId, botId, dispatchConfig });
  const idempotencyKey = `overheard:${key}`;
  await injectMessage({
    ...{ sessionId, content: spokenBy(author.display_name, content), source, notify: false },
    ...{ author, fromBot, idempotencyKey },
  });
  return "overheard";
}

/** The latest of the last day, as one text that others wrote; undefined if nothing was overheard. */
export async function lately(clientId: string): Promise<string | undefined> {
  const { last = [] } = (await store.get<Day>(placeKey(clientId))) ?? {};
  if (last.length === 0) return undefined;
  return `Said here before:\n\n${last.map(({ line }) => line).join("\n")}`;
}

const placeKey = (clientId: string): string => shortened(`overheard:${clientId}`);
