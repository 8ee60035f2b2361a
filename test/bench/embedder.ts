// Measures the built-in embedder in a process of its own: what it adds to the memory, how long it loads, and how long a text takes.
// `bun test/bench/embedder.ts`

import { createBuiltinEmbedder } from "../../src/embeddings/builtin.ts";
import { asset } from "../../src/runtime/assets.ts";
import { median } from "./numbers.ts";

export interface EmbedderMeasured {
  loadMs: number;
  grownMb: number;
  /** A question of seven words. */
  questionMs: number;
  /** A passage of 1,500 characters, the longest that is stored. */
  passageMs: number;
}

const ROUNDS = 300;
const WORDS =
  "the inverter reads solar power from every roof while our garden pump waits for water and rain before summer evenings begin".split(
    " ",
  );

export async function measureEmbedder(): Promise<EmbedderMeasured> {
  const child = Bun.spawn([process.execPath, import.meta.path], { stdout: "pipe", stderr: "inherit" });
  return (await new Response(child.stdout).json()) as EmbedderMeasured;
}

if (import.meta.main) console.log(JSON.stringify(await measure()));

async function measure(): Promise<EmbedderMeasured> {
  const residentMb = () => process.memoryUsage.rss() / 1024 / 1024;
  const before = residentMb();
  const started = performance.now();
  const embedder = createBuiltinEmbedder(async () => {
    const words = await asset("words.bin");
    if (!words) throw new Error("words.bin is missing");
    return words.arrayBuffer();
  });
  await embedder.embed(["car"]);
  const loadMs = performance.now() - started;
  const grownMb = residentMb() - before;
  const timeOf = async (length: (text: string) => boolean) => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      // Another text each time: nothing may be found that was computed before.
      const words: string[] = [];
      for (let at = round; length(words.join(" ")); at += 1 + (round % 5)) {
        words.push(`${WORDS[at % WORDS.length]}${at % 4 === 0 ? round : ""}`);
      }
      const begun = performance.now();
      await embedder.embed([words.join(" ")]);
      times.push(performance.now() - begun);
    }
    return median(times.slice(ROUNDS / 3));
  };
  const questionMs = await timeOf((text) => text.split(" ").length < 7);
  const passageMs = await timeOf((text) => text.length < 1_500);
  return { loadMs, grownMb, questionMs, passageMs };
}
