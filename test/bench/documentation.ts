// How well documentation is found with the built-in embedder: sections of the Markdown that comes with the installed packages, each asked
// for by its heading and by its first sentence. What is asked for is taken out of the section, so that it is not simply found
// word for word. `bun test/bench/documentation.ts`

import { getLogger } from "@logtape/logtape";
import { Glob } from "bun";
import type { Database } from "../../src/db/database.ts";
import { createBuiltinEmbedder } from "../../src/embeddings/builtin.ts";
import { asset } from "../../src/runtime/assets.ts";
import { createCollectionFacts } from "../../src/search/collection.ts";
import { createDocuments } from "../../src/search/documents.ts";
import { createNearest } from "../../src/search/nearest.ts";
import { createPostings } from "../../src/search/postings.ts";
import { createSearch } from "../../src/search/search.ts";
import { createVectorSets } from "../../src/search/vector-sets.ts";
import { embeddedDatabases } from "../embedded-databases.ts";

export interface DocumentationMeasured {
  sections: number;
  asked: number;
  /** Of the questions, those whose section is among the first ten results. */
  headingPercent: number;
  sentencePercent: number;
}

export interface Section {
  heading: string;
  sentence: string;
  /** The section without its heading. */
  body: string;
  /** The section without its heading and its first sentence. */
  rest: string;
  /** Of prose, with a heading and a first sentence that no other section has. The others are only there to be confused with. */
  isAsked: boolean;
}

const ROOT = `${import.meta.dir}/../../node_modules`;
const MOST_SECTIONS = 4_000;
const ASKED = 1_000;
/** Sections of the corpus that gave the expected figures, 80 and 74: the more there are, the more are confused. */
const EXPECTED_OVER = 1_586;
const TOP = 10;
const SHORTEST = 120;
const LONGEST = 6_000;

/** In the order of their paths. */
export async function readSections(root = ROOT): Promise<Section[]> {
  const paths = await Array.fromAsync(new Glob("**/*.md").scan({ cwd: root, followSymlinks: false }));
  const found = new Map<string, Section>();
  for (const path of paths.toSorted()) {
    if (/changelog|licen[cs]e|history|code_of_conduct|security/i.test(path)) continue;
    const text = (await Bun.file(`${root}/${path}`).text()).replaceAll("\r\n", "\n");
    // Several versions of a package have the same sections.
    for (const section of sectionsIn(text)) found.set(section.body, section);
  }
  const all = [...found.values()];
  const headings = Map.groupBy(all, ({ heading }) => heading.toLowerCase());
  const sentences = Map.groupBy(all, ({ sentence }) => sentence.toLowerCase());
  return all.map((section) => ({
    ...section,
    isAsked:
      section.isAsked &&
      headings.get(section.heading.toLowerCase())?.length === 1 &&
      sentences.get(section.sentence.toLowerCase())?.length === 1,
  }));
}

function sectionsIn(text: string): Section[] {
  return text.split(/^(?=#{1,4} )/m).flatMap((part): Section[] => {
    const end = part.indexOf("\n");
    if (!part.startsWith("#") || end < 0) return [];
    const heading = plain(part.slice(0, end).replaceAll("#", ""));
    const body = part.slice(end).trim();
    const [paragraph = ""] = body.split("\n\n");
    const stop = paragraph.search(/[.!?](?:\s|$)/);
    const sentence = plain(stop < 0 ? "" : paragraph.slice(0, stop + 1));
    const rest = body.slice(stop + 1).trim();
    if (rest.length < SHORTEST || body.length > LONGEST) return [];
    const isProse = /^[A-Z]/.test(sentence) && sentence.split(" ").length >= 6;
    return [{ heading, sentence, body, rest, isAsked: isProse && heading.split(" ").length >= 2 }];
  });
}

/** Without the marks of Markdown and the addresses of links. */
const plain = (text: string): string =>
  text
    .replaceAll(/\]\([^)]*\)/g, "")
    .replaceAll(/[`*_[\]]/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();

/** `seed`: chooses as many sections as the expected figures were measured over, by what their text hashes to. */
export async function measureDocumentation(seed?: number): Promise<DocumentationMeasured> {
  const all = await readSections();
  const every = Math.ceil(all.length / MOST_SECTIONS);
  const sections =
    seed === undefined
      ? all.filter((_, at) => at % every === 0)
      : all
          .map((section) => ({ section, place: Bun.hash(section.body, seed) }))
          .sort((a, b) => (a.place < b.place ? -1 : 1))
          .slice(0, EXPECTED_OVER)
          .map(({ section }) => section);
  const mayBeAsked = sections.filter(({ isAsked }) => isAsked);
  const asked = mayBeAsked.filter((_, at) => at % Math.ceil(mayBeAsked.length / ASKED) === 0);
  const percent = async (stored: "body" | "rest", query: "heading" | "sentence") => {
    const place = await embeddedDatabases.make();
    const db = await embeddedDatabases.open(place);
    const hits = await hitsIn(db, { sections, asked, stored, query });
    await db.close();
    await place.remove();
    return (hits / asked.length) * 100;
  };
  return {
    sections: sections.length,
    asked: asked.length,
    headingPercent: await percent("body", "heading"),
    sentencePercent: await percent("rest", "sentence"),
  };
}

interface Measure {
  sections: Section[];
  asked: Section[];
  stored: "body" | "rest";
  query: "heading" | "sentence";
}

async function hitsIn(db: Database, { sections, asked, stored, query }: Measure): Promise<number> {
  const embedder = createBuiltinEmbedder(async () => {
    const words = await asset("words.bin");
    if (!words) throw new Error("words.bin is missing");
    return words.arrayBuffer();
  });
  const sets = createVectorSets({ db, embedder, embedderNamed: () => undefined });
  const postings = createPostings({ db, log: getLogger("heddle") });
  const facts = createCollectionFacts({ db, onAdded: postings.added });
  const search = createSearch({ db, facts, nearest: createNearest({ db, sets }) });
  const documents = createDocuments({ db, facts, search, embedder });
  try {
    const ids = new Map<Section, string>();
    for (const section of sections)
      ids.set(section, (await documents.ingest({ content: section[stored] })).id);
    await postings.settle();
    await db.execute("ANALYZE");
    let hits = 0;
    for (const section of asked) {
      const results = await documents.search({ query: section[query], limit: TOP });
      if (results.some((result) => result.id === ids.get(section))) hits += 1;
    }
    return hits;
  } finally {
    await postings.close();
  }
}

if (import.meta.main) {
  for (const seed of [undefined, 1, 2, 3, 4])
    console.log(seed ?? "all", JSON.stringify(await measureDocumentation(seed)));
}
