// Generates a conversation of 50 sessions with a seed, asks for what was said in it, and measures whether search_memory finds it, and
// whether it admits that something was never said. No model takes part: this measures the search, not what a model makes of it.

import type { Database } from "../../src/db/database.ts";
import { bots, channels, messages, sessions } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import { searchMemory } from "../../src/memory/search-memory.ts";
import { median } from "./numbers.ts";

const SESSIONS = 50;
const MESSAGES = 40;
const FACTS_PER_SESSION = 4;
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

interface Fact {
  statement: string;
  question: string;
  /** The same question about something that nobody has. */
  absent: string;
  /** A question about a property of the same thing that nobody mentioned. */
  unsaid: string;
}

const PEOPLE =
  "Ada Bruno Clara Dmitri Elif Farid Greta Hiro Ines Jonas Katja Luis Mira Nils Olga Pavel Quinn Rosa Stefan Tariq".split(
    " ",
  );
const THINGS =
  "bicycle boat camera drone engine fridge guitar hammock inverter jacket kayak lawnmower microscope notebook oven printer quilt router sauna telescope umbrella violin wardrobe xylophone yacht greenhouse".split(
    " ",
  );
const NEVER =
  "harpsichord centrifuge chinchilla submarine trampoline gramophone zeppelin sextant accordion kiln".split(
    " ",
  );
const PLACES = "Graz Linz Vienna Bergen Porto Ghent Turin Malmö Lyon Brno".split(" ");
/** How the fact is told, and how it is asked for later: in other words, as people do. */
const KINDS: [tell: string, ask: string, values: string[]][] = [
  [
    "By the way, {who} painted the {thing} {value} last weekend.",
    "What did {who} paint the {thing}?",
    "red blue green black white orange violet".split(" "),
  ],
  [
    "{who} bought a new {thing} in {place} for {value} euros.",
    "How much did {who} pay for the {thing}?",
    "120 340 560 780 990 1450 2300".split(" "),
  ],
  [
    "The {thing} of {who} broke down again; the mechanic says it is the {value}.",
    "What is wrong with the {thing} that {who} has?",
    "bearing fuse battery gasket hinge valve sensor".split(" "),
  ],
  ["{who} lent the {thing} to {value} until spring.", "Who has {who}'s {thing}?", PEOPLE],
  [
    "We agreed that {who} keeps the {thing} in {value} from now on.",
    "Where does {who} keep the {thing}?",
    PLACES,
  ],
  [
    "{who}'s {thing} has the serial number {value}.",
    "What is the serial number of the {thing} of {who}?",
    "KX-4711 ZB-220 QP-9931 RT-17 LM-5008 VC-64".split(" "),
  ],
];
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

export async function measureMemory(db: Database, seed = 20261128): Promise<MemoryMeasured> {
  const random = mulberry(seed);
  const one = <Item>(list: Item[]): Item => list[Math.floor(random() * list.length)] as Item;
  const fill = (text: string, values: Record<string, string> = {}) =>
    text.replace(/\{(\w+)\}/g, (_, name: string) => {
      if (values[name] !== undefined) return values[name];
      if (name === "place") return one(PLACES);
      return name === "n" ? String(Math.floor(random() * 90) + 10) : one(PEOPLE);
    });
  const channel = { id: newId(), client_id: `bench:${newId()}`, name: "bench" };
  const bot = `bench_${seed}`;
  await db.query.insert(bots).values({ id: bot, name: bot }).onConflictDoNothing();
  await db.query.insert(channels).values(channel);

  const pairs = PEOPLE.flatMap((who) => THINGS.map((thing) => ({ who, thing })));
  const asked: { fact: Fact; evidence: string }[] = [];
  for (let nr = 0; nr <= SESSIONS; nr++) {
    const session = { id: newId(), channel_id: channel.id, client_id: channel.client_id, bot_id: bot };
    await db.query.insert(sessions).values({ ...session, active: nr === SESSIONS });
    if (nr === SESSIONS) {
      return await measure(db, { bot_id: bot, channel_id: channel.id, session_id: session.id }, asked);
    }
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
      const [tell, ask, values] = one(KINDS);
      const others = KINDS.filter(([, question]) => question !== ask);
      row.content = fill(tell, { ...pair, value: one(values) });
      const fact = {
        statement: row.content,
        question: fill(ask, pair),
        absent: fill(ask, { ...pair, thing: one(NEVER) }),
        unsaid: fill(one(others)[1], pair),
      };
      asked.push({ fact, evidence: row.id });
    }
    await db.query.insert(messages).values(rows);
  }
  throw new Error("unreachable");
}

async function measure(
  db: Database,
  run: { bot_id: string; channel_id: string; session_id: string },
  asked: { fact: Fact; evidence: string }[],
): Promise<MemoryMeasured> {
  const [times, found]: [number[], boolean[]] = [[], []];
  let weakEvidence = 0;
  const search = async (query: string) => {
    const started = performance.now();
    const hits = await searchMemory(db, { ...run, query, limit: TOP });
    times.push(performance.now() - started);
    return hits;
  };
  for (const { fact, evidence } of asked) {
    const hit = (await search(fact.question)).find(({ id }) => id === evidence);
    found.push(hit !== undefined);
    if (hit?.weak) weakEvidence += 1;
  }
  const admits = async (queries: string[]): Promise<number> => {
    let count = 0;
    for (const query of queries) if ((await search(query)).every(({ weak }) => weak)) count += 1;
    return (100 * count) / queries.length;
  };
  const some = asked.slice(0, ABSENT).map(({ fact }) => fact);
  const hits = found.filter(Boolean).length;
  return {
    recallPercent: (100 * hits) / asked.length,
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
