// Which conversation a mail belongs to. Knowing the id of a mail gives no right to its conversation: a thread is continued only by those who
// were in it, and once somebody proven has written in it, only by somebody proven. Anybody else begins a conversation of their own.

import { createHash } from "node:crypto";
import { store } from "heddle/sdk";
import { ownAddress, ownAddresses } from "./config.ts";
import type { Mail } from "./mail.ts";

const KEPT_SECONDS = 400 * 86_400;
const MOST_PEOPLE = 50;
const MOST_LOOKED_UP = 20;

interface Thread {
  /** Addresses of those who have written or were written to. */
  people: string[];
  /** Whether somebody has written whose address the own server has proven. */
  isProven: boolean;
}

export interface FoundThread {
  /** Part of the place's client id. */
  root: string;
  /** Whether an earlier mail of the conversation is known. */
  isKnown: boolean;
  people: string[];
}

export const clientIdOf = (root: string): string => `mail:${ownAddress()}:${root}`;

export const hashOf = (text: string): string =>
  createHash("sha256").update(`${ownAddress()}\n${text}`).digest("hex").slice(0, 32);

export async function findThread(mail: Mail): Promise<FoundThread> {
  const { id, inReplyTo, references, isAuthentic } = mail;
  const from = mail.from?.address ?? "";
  const earlier = [...(inReplyTo === undefined ? [] : [inReplyTo]), ...references.toReversed()];
  // The mail itself first: it may be taken again after a crash.
  for (const one of [id, ...earlier.slice(0, MOST_LOOKED_UP)]) {
    const root = await store.get<string>(`id:${hashOf(one)}`);
    if (root === undefined) continue;
    const thread = await read(root);
    if (!thread) continue;
    // What programs write, such as that a mail could not be delivered, is read there and not answered.
    const isIn = thread.people.includes(from) && (isAuthentic || !thread.isProven);
    if (isIn || mail.isFromMachine) return { root, isKnown: true, people: thread.people };
    return { root: hashOf(`${id}\n${from}`), isKnown: false, people: [] };
  }
  const root = hashOf(references[0] ?? inReplyTo ?? id);
  return (await read(root))
    ? { root: hashOf(`${id}\n${from}`), isKnown: false, people: [] }
    : { root, isKnown: false, people: [] };
}

/** Notes that the mail is part of the conversation. */
export async function remember(root: string, mail: Mail): Promise<void> {
  await rememberId(root, mail.id);
  const own = ownAddresses();
  const people = [mail.from, ...mail.to].flatMap((person) =>
    person && !own.includes(person.address) ? [person.address] : [],
  );
  await store.update<Thread>(
    `thread:${root}`,
    (before) => ({
      people: [...new Set([...(before?.people ?? []), ...people])].slice(0, MOST_PEOPLE),
      isProven: (before?.isProven ?? false) || mail.isAuthentic,
    }),
    { ttlSeconds: KEPT_SECONDS },
  );
}

/** Whether a mail with this id is known to belong to the conversation of this place. */
export async function isIn(clientId: string, id: string): Promise<boolean> {
  const root = await store.get<string>(`id:${hashOf(id)}`);
  return root !== undefined && clientIdOf(root) === clientId;
}

/** Notes that answers to the mail with this id belong to the conversation. */
export const rememberId = (root: string, id: string): Promise<void> =>
  store.set(`id:${hashOf(id)}`, root, { ttlSeconds: KEPT_SECONDS });

const read = (root: string): Promise<Thread | undefined> => store.get<Thread>(`thread:${root}`);
