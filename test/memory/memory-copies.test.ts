// Memories are found by their vectors too, also after the model has changed, and what is forgotten leaves none behind.

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Database } from "../../src/db/database.ts";
import { channels } from "../../src/db/schema.ts";
import { createMemories, type Memories } from "../../src/memory/memories.ts";
import { createMemoryCopies, type MemoryCopies } from "../../src/memory/memory-copies.ts";
import { createMemorySearch } from "../../src/memory/search-memory.ts";
import type { Embedder } from "../../src/search/embedder.ts";
import { addBot, addSession, addTask, log } from "../agent/fixture.ts";
import { eachDatabase } from "../database.ts";
import { builtin, openSearchFixture, wordSense } from "../search/fixture.ts";
import { until } from "../until.ts";

/** A model that knows of two things, in whatever words. */
function understanding(
  name: string,
  dimensions: number,
  onEmbed: (count: number) => void = () => {},
): Embedder {
  return {
    name,
    dimensions,
    isLocal: false,
    weight: 1,
    weakBelow: 0.5,
    async embed(texts) {
      onEmbed(texts.length);
      return texts.map((text) => {
        const vector = new Float32Array(dimensions).fill(0.01);
        if (/Volkswagen|drive|automobile/i.test(text)) vector[0] = 1;
        if (/cat|feline|Minka/i.test(text)) vector[1] = 1;
        return vector;
      });
    },
  };
}

eachDatabase("vectors of memories", (open) => {
  let db: Database;
  let run: { task_id: string; bot_id: string; channel_id: string; session_id: string };
  const closers: (() => Promise<unknown>)[] = [];
  beforeAll(async () => {
    db = await open();
    const task = await addTask(db, await addSession(db, await addBot(db)), "Remember this.", {
      fromPerson: true,
    });
    run = { ...task, task_id: task.id };
  });
  afterAll(async () => {
    for (const close of closers.reverse()) await close();
  });

  /** As a server with this embedder composes it. */
  async function openWith(embedder: Embedder) {
    const fixture = await openSearchFixture(db, { embedder });
    const copies: MemoryCopies = createMemoryCopies({
      db,
      facts: fixture.facts,
      embedder,
      onPassages() {},
      log,
    });
    const memories: Memories = createMemories({ db, onChange: copies.refresh });
    const search = createMemorySearch({ db, sense: wordSense, nearest: fixture.nearest });
    closers.push(copies.close);
    const find = async (query: string) =>
      (await search({ ...run, query, limit: 10 })).filter(({ weak }) => !weak).map(({ text }) => text);
    return { ...fixture, copies, memories, find };
  }
  const stored = async () =>
    (await db.execute("select content from documents where kind = 'memory' order by content")).rows.map(
      ({ content }) => content,
    );

  test("each version that applies has a copy; what is corrected, forgotten or deleted has none", async () => {
    const { memories, copies } = await openWith(builtin());
    const car = await memories.remember(run, "Ada has a Volkswagen.", { onlyHere: false });
    const wrong = await memories.remember(run, "Ada lives in Linz.", { onlyHere: true });
    const gone = await memories.remember(run, "Ada's PIN is 4711.", { onlyHere: false });
    await copies.settle();
    expect(await stored()).toEqual(["Ada has a Volkswagen.", "Ada lives in Linz.", "Ada's PIN is 4711."]);
    await memories.correct(run, { memory_id: wrong.memory_id, version: 1 }, { old: "Linz", new: "Graz" });
    await memories.forget(run, { memory_id: gone.memory_id, version: 1 });
    await until(async () => (await stored()).join(" ") === "Ada has a Volkswagen. Ada lives in Graz.");
    const { rows } = await db.execute(
      "select count(*)::int as count from chunk_vectors where embedding is not null",
    );
    expect(rows[0]?.count).toBe(2);
    await memories.remove(car.id, undefined);
    expect(await stored()).toEqual(["Ada lives in Graz."]);
    await db.query.delete(channels);
    expect(await stored()).toEqual([]);
  });

  test("a model finds them in other words, after the change of the model too, which an interruption does not begin anew", async () => {
    const task = await addTask(db, await addSession(db, await addBot(db)), "Remember this.", {
      fromPerson: true,
    });
    run = { ...task, task_id: task.id };
    const before = await openWith(builtin());
    await before.memories.remember(run, "Ada has a Volkswagen.", { onlyHere: false });
    await before.memories.remember(run, "Minka is afraid of thunder.", { onlyHere: false });
    for (let nr = 1; nr <= 150; nr++)
      await before.memories.remember(run, `Note ${nr} of the diary.`, { onlyHere: false });
    await before.copies.settle();
    await until(async () => (await stored()).length === 152);
    const question = "Which automobile does Ada drive?";
    expect(await before.find(question)).toEqual([]);

    let embedded = 0;
    const interrupted = await openWith(
      understanding("meaning", 8, (count) => {
        if (embedded > 0) throw new Error("The server is killed here.");
        embedded += count;
      }),
    );
    const first = await interrupted.startIndexing();
    await until(async () => (await interrupted.sets.own()).error !== null);
    await first.close();

    let again = 0;
    const after = await openWith(
      understanding("meaning", 8, (count) => {
        again += count;
      }),
    );
    const second = await after.startIndexing();
    closers.push(second.close);
    await until(async () => (await after.sets.own()).isComplete);
    expect([embedded + again, embedded]).toEqual([152, 96]);
    expect(await after.find(question)).toEqual(["Ada has a Volkswagen."]);
    expect(await after.find("What is the feline scared of?")).toEqual(["Minka is afraid of thunder."]);
    await second.close();
  });
});
