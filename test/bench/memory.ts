// Generates a conversation of 50 sessions with a seed, asks for what was said in it, and measures whether search_memory finds it, and
// whether it admits that something was never said. No model takes part: this measures the search, not what a model makes of it.

import { getLogger } from "@logtape/logtape";
import type { Database } from "../../src/db/database.ts";
import { bots, channels, memories, messages, sessions } from "../../src/db/schema.ts";
import { createBuiltinEmbedder } from "../../src/embeddings/builtin.ts";
import { createWordSense } from "../../src/embeddings/word-sense.ts";
import { newId } from "../../src/ids.ts";
import { createMemoryCopies } from "../../src/memory/memory-copies.ts";
import { createMemorySearch, type MemorySearch } from "../../src/memory/search-memory.ts";
import { asset } from "../../src/runtime/assets.ts";
import { createNearest } from "../../src/search/nearest.ts";
import { createVectorSets } from "../../src/search/vector-sets.ts";
import { type Kind, PEOPLE, PLACES } from "./memory-kinds.ts";
import { median } from "./numbers.ts";

const SESSIONS = 50;
const MESSAGES = 40;
const FACTS_PER_SESSION = 4;
/** Every so many facts are not only said but remembered. */
const REMEMBERED = 4;
const ABSENT = 100;
const TOP = 10;

export interface MemoryMeasured {
  /** Questions whose evidence is among the first ten hits. */
  recallPercent: number;
  /** Evidence that is marked as weak all the same. */
  weakEvidencePercent: number;
  /** Questions about things that were never said whose hits are all weak. */
  abstentionPercent: number;
  /** The same for known things of which the asked-for property was never said. */
  hardAbstentionPercent: number;
  searchMs: number;
}

interface Question {
  ask: string;
  /** The same question about something that nobody has. */
  absent: string;
  /** A question about a property of the same thing that nobody mentioned. */
  unsaid: string;
  evidence: string;
}

const THINGS =
  "bicycle boat camera drone engine fridge guitar hammock inverter jacket kayak lawnmower microscope notebook oven printer quilt router sauna telescope umbrella violin wardrobe xylophone yacht greenhouse".split(
    " ",
  );
const NEVER =
  "harpsichord centrifuge chinchilla submarine trampoline gramophone zeppelin sextant accordion kiln".split(
    " ",
  );
const CHATTER = [
  "Good morning! How was the trip to {place}?",
  "The weather in {place} is awful today, we stayed in and read.",
  "Can you put the meeting with {who} on Thursday at {n}?",
  "I think {who} is right, but let us wait for what {other} says.",
  "Thanks, that helps. Please remind {who} about the invoice number {n}.",
  "Did {who} call back? The number ends with {n}.",
  "Sure, I have noted it and will ask {other} tomorrow.",
  "We should paint the office, buy new chairs and lend the old ones to {other}.",
  "{who} and {other} had lunch in {place} and talked about prices.",
  "Nothing is wrong here, the report of {who} has {n} pages.",
];

/** `form`: whether it is asked in sentences or in a few words. */
export async function measureMemory(
  db: Database,
  { kinds, form, seed = 20261128 }: { kinds: Kind[]; form: "ask" | "words"; seed?: number },
): Promise<MemoryMeasured> {
  const random = mulberry(seed);
  const one = <Item>(list: Item[]): Item => list[Math.floor(random() * list.length)] as Item;
  const fill = (text: string, values: Record<string, string> = {}) =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => {
      if (values[name] !== undefined) return values[name];
      if (name === "place") return one(PLACES);
      return name === "n" ? String(Math.floor(random() * 90) + 10) : one(PEOPLE);
    });
  const channel = { id: newId(), client_id: `bench:${newId()}`, name: "bench" };
  const bot = `bench_${channel.id}`;
  const here = { bot_id: bot, channel_id: channel.id };
  await db.query.insert(bots).values({ id: bot, name: bot });
  await db.query.insert(channels).values(channel);

  const pairs = PEOPLE.flatMap((who) => THINGS.map((thing) => ({ who, thing })));
  const questions: Question[] = [];
  for (let nr = 0; nr < SESSIONS; nr++) {
    const session = { id: newId(), channel_id: channel.id, client_id: channel.client_id, bot_id: bot };
    await db.query.insert(sessions).values({ ...session, active: false });
    const rows = Array.from({ length: MESSAGES }, (_, at) => ({
      id: newId(),
      session_id: session.id,
      role: at % 2 === 0 ? ("user" as const) : ("assistant" as const),
      content: fill(one(CHATTER)),
      from_person: at % 2 === 0,
    }));
    for (let at = 0; at < FACTS_PER_SESSION; at++) {
      const [pair] = pairs.splice(Math.floor(random() * pairs.length), 1);
      const row = rows[at * 10];
      if (!pair || !row) throw new Error("There are too few pairs of people and things.");
      const kind = one(kinds);
      const others = kinds.filter((other) => other !== kind);
      const content = fill(kind.tell, { ...pair, value: one(kind.values) });
      let evidence = row.id;
      if (questions.length % REMEMBERED === 0) {
        evidence = newId();
        const from = { session_id: session.id, message_id: row.id, task_id: newId() };
        await db.query.insert(memories).values({
          id: evidence,
          memory_id: evidence,
          version: 1,
          ...here,
          ...from,
          text: content,
          status: "accepted",
        });
      } else row.content = content;
      questions.push({
        ask: fill(kind[form], pair),
        absent: fill(kind[form], { ...pair, thing: one(NEVER) }),
        unsaid: fill(one(others)[form], pair),
        evidence,
      });
    }
    await db.query.insert(messages).values(rows);
  }
  return await measure(await openMemory(db), here, questions);
}

/** As a server composes it. */
async function openMemory(db: Database): Promise<MemorySearch> {
  const load = async () => {
    const words = await asset("words.bin");
    if (!words) throw new Error("words.bin is missing");
    return await words.arrayBuffer();
  };
  const embedder = createBuiltinEmbedder(load);
  const sets = createVectorSets({ db, embedder, embedderNamed: () => undefined });
  await sets.own();
  const facts = { added: () => {}, removed: () => {} };
  const copies = createMemoryCopies({ db, facts, embedder, onPassages: () => {}, log: getLogger("heddle") });
  copies.refresh();
  await copies.settle();
  return createMemorySearch({ db, nearest: createNearest({ db, sets }), sense: createWordSense(load) });
}

async function measure(
  searchMemory: MemorySearch,
  here: { bot_id: string; channel_id: string },
  questions: Question[],
): Promise<MemoryMeasured> {
  const [times, found]: [number[], boolean[]] = [[], []];
  let weakEvidence = 0;
  const session = newId();
  const search = async (query: string) => {
    const started = performance.now();
    const hits = await searchMemory({ ...here, session_id: session, query, limit: TOP });
    times.push(performance.now() - started);
    return hits;
  };
  for (const { ask, evidence } of questions) {
    const hit = (await search(ask)).find(({ id }) => id === evidence);
    found.push(hit !== undefined);
    if (hit?.weak) weakEvidence += 1;
  }
  const admits = async (queries: string[]): Promise<number> => {
    let count = 0;
    for (const query of queries) if ((await search(query)).every(({ weak }) => weak)) count += 1;
    return (100 * count) / queries.length;
  };
  const some = questions.slice(0, ABSENT);
  const hits = found.filter(Boolean).length;
  return {
    recallPercent: (100 * hits) / questions.length,
    weakEvidencePercent: (100 * weakEvidence) / Math.max(1, hits),
    abstentionPercent: await admits(some.map(({ absent }) => absent)),
    hardAbstentionPercent: await admits(some.map(({ unsaid }) => unsaid)),
    searchMs: median(times),
  };
}

/** Mulberry32 (https://gist.github.com/tommyettinger/46a874533244883189143505d203312c): the same numbers for the same seed. */
function mulberry(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
