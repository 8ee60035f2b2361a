// Messages of topics go to the bot. What was missed is asked for with the id of the last one.

import {
  getOrCreateSession,
  injectMessage,
  type ListenContext,
  listen,
  log,
  ReauthRequired,
  Retryable,
  readJsonLines,
  store,
} from "heddle/sdk";
import { isRefused } from "../_injections/readable.ts";
import { shortened } from "../_keys/shortened.ts";
import { ntfy, OWN_TAG } from "./client.ts";
import { credentials, isSignedIn, settings } from "./config.ts";
import { listenedTopics, TOPIC, warningOf } from "./topic.ts";

interface Line {
  id: string;
  event: "open" | "keepalive" | "message" | "message_delete" | string;
  topic: string;
  /** What the message takes the place of; its own id if it is left out. */
  sequence_id?: string;
  title?: string;
  message?: string;
  tags?: string[];
  attachment?: { name?: string; url?: string };
}

const SILENCE_SECONDS = 60;

listen({
  name: "topics",
  // ntfy says something every 45 seconds, unless its operator has chosen otherwise.
  silenceSeconds: SILENCE_SECONDS,
  when: () => listenedTopics().length > 0,
  run: subscribe,
});

async function subscribe({ signal, connected, alive }: ListenContext): Promise<void> {
  const topics = listenedTopics();
  const wrong = topics.find((topic) => !TOPIC.test(topic));
  if (wrong !== undefined) {
    throw new ReauthRequired(`Topics in NTFY_LISTEN must have 1 to 64 of A-Z a-z 0-9 _ -; got "${wrong}".`);
  }
  const names = [...topics].sort().join(",");
  const { key, since } = await cursorOf(names);
  const answer = await ntfy.get(`/${names}/json`, {
    query: { since },
    ...{ signal, timeoutSeconds: false },
  });
  if (answer.status === 403) {
    const who = isSignedIn() ? `the user of ${credentials()[0]}` : "everybody";
    throw new ReauthRequired(`The ntfy server does not let ${who} read ${names}.`);
  }
  if (!answer.ok) throw new Retryable(`The ntfy server answered ${answer.status}`, { retryAfter: answer });
  for await (const line of readJsonLines<Line | null>(answer)) {
    alive();
    if (line === null) continue;
    if (line.event === "open") connected(`to ${names}.${warningOf(topics)}`);
    if (line.event !== "message" && line.event !== "message_delete") continue;
    try {
      await (line.event === "message" ? take(line) : takeDeletion(line));
    } catch (error) {
      // It would be refused each time, and would hold up those behind it.
      if (!isRefused(error)) throw error;
      log.error("A message of ntfy was left out, since it was refused", {
        id: line.id,
        error: String(error),
      });
    }
    // Moved on only after the message is stored, so that none is lost; its id keeps it from being answered twice.
    if (line.event === "message" && typeof line.id === "string") await store.set(key, line.id);
  }
  throw new Error("The ntfy server has ended the stream.");
}

/** After which message the topics are asked for, and where that is stored. */
async function cursorOf(names: string): Promise<{ key: string; since: string }> {
  // Stored values are no place for a password. Earlier versions had the whole address in their key, and cut it off.
  const key = shortened(`last:${settings.NTFY_URL.replace(/\/\/[^/]*@/, "//")}:${names}`);
  const keyBefore = `last:${settings.NTFY_URL}:${names}`.slice(0, 255);
  const before = keyBefore === key ? undefined : await store.get<string>(keyBefore);
  const known = (await store.get<string>(key)) ?? before;
  const since = known ?? String(Math.floor(Date.now() / 1_000));
  if (known === undefined || before !== undefined) await store.set(key, since);
  if (before !== undefined) await store.delete(keyBefore);
  return { key, since };
}

/** As long as ntfy keeps messages. */
const REPLACEABLE_SECONDS = 12 * 3_600;
const LONGEST_REMEMBERED = 500;

interface Remembered {
  /** Of the first one. */
  id: string;
  said: string;
}

async function take(line: Line): Promise<void> {
  const { id, topic, title, message = "", tags = [], attachment } = line;
  if (tags.includes(OWN_TAG)) return;
  const file = attachment?.url && `[File ${attachment.name ?? ""}: ${attachment.url}]`;
  const content = [title, message, file].filter(Boolean).join("\n\n");
  if (content === "") return;
  const before = await store.get<Remembered>(saidKey(line));
  const remembered: Remembered = { id: before?.id ?? id, said: content.slice(0, LONGEST_REMEMBERED) };
  await store.set(saidKey(line), remembered, { ttlSeconds: REPLACEABLE_SECONDS });
  // Programs replace what they have said again and again, such as how far a download is: that starts no run.
  if (remembered.id !== id) return note(line, `An earlier message was replaced, and now reads: ${content}`);
  await injectMessage({
    ...{ sessionId: await sessionOf(topic), content, source: "ntfy", runAgent: true },
    dispatchConfig: { type: "ntfy", topic },
    idempotencyKey: `ntfy:${id}`,
    metadata: { ntfy: { id, topic, tags } },
  });
}

async function takeDeletion(line: Line): Promise<void> {
  const before = await store.get<Remembered>(saidKey(line));
  if (before) await note(line, `This message was deleted: ${before.said}`);
}

/** What was changed afterwards is told to the bot with the next message. */
async function note({ id, topic }: Line, content: string): Promise<void> {
  const sessionId = await sessionOf(topic);
  await injectMessage({ sessionId, content, source: "ntfy", notify: false, idempotencyKey: `ntfy:${id}` });
}

const saidKey = ({ topic, sequence_id, id }: Line): string => `said:${topic}:${sequence_id ?? id}`;

const sessionOf = (topic: string): Promise<string> =>
  getOrCreateSession({
    clientId: `ntfy:${topic}`,
    botId: settings.NTFY_BOT_ID,
    dispatchConfig: { type: "ntfy", topic },
  });
