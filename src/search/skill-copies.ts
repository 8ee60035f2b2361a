// Copies of the skills in the database, so that the search finds the passages that fit a message.

import { createHash } from "node:crypto";
import { and, eq, inArray } from "drizzle-orm";
import { advisoryLock, type Exclusively } from "../db/advisory-lock.ts";
import type { Database } from "../db/database.ts";
import { documents } from "../db/schema.ts";
import { newId } from "../ids.ts";
import type { CollectionFacts } from "./collection.ts";
import type { Embedder } from "./embedder.ts";
import { PASSAGES, storePassages } from "./passages.ts";
import type { Hit, Search } from "./search.ts";

/** The fields of a skill that are copied. */
interface CopiedSkill {
  id: string;
  name: string;
  text: string;
}

interface WantedSkill extends CopiedSkill {
  /** The cosine similarity that a passage must have to the message. Default: what the embedding model counts as related. */
  similarityThreshold?: number | undefined;
}

export interface SkillCopies {
  /** Brings the copies up to date with the skills; calls during a run are done in one run after it. */
  sync(): Promise<void>;
  /** Returns those of the skills that have a passage related to the message, with that passage for a text, best first. */
  find<Skill extends WantedSkill>(skills: readonly Skill[], message: string): Promise<Skill[]>;
  /** The copies of those skills whose present text is in the search, by the skill's id. */
  copiesOf(skills: readonly CopiedSkill[]): Promise<Map<string, SkillCopy>>;
}

export interface SkillCopy {
  copied_at: Date;
  /** Into how many passages the text was split. */
  passages: number;
}

export interface SkillCopiesOptions {
  db: Database;
  facts: CollectionFacts;
  search: Search;
  embedder: Embedder;
  list: () => CopiedSkill[];
  /** Whether a skill that is not in the list is really gone: not if its folder could not be read. */
  isGone: (id: string) => boolean;
  onPassages: () => void;
}

/** Most skills whose passages are put into a run. */
const FOUND = 5;
const RANKED = 100;
/** As much of a message as tells what it is about. */
const MESSAGE_LENGTH = 2_000;

export function createSkillCopies(options: SkillCopiesOptions): SkillCopies {
  const { db, search } = options;
  const exclusively: Exclusively = advisoryLock(db, "heddle:skills");
  let running: Promise<void> | undefined;
  let isDue = false;

  async function run(): Promise<void> {
    try {
      do {
        isDue = false;
        await exclusively(() => bringUpToDate(options));
      } while (isDue);
    } finally {
      // Here and not in what follows on the promise: a call in between would be forgotten.
      running = undefined;
    }
  }

  return {
    sync() {
      isDue = true;
      running ??= run();
      return running;
    },
    async find(skills, message) {
      if (skills.length === 0 || message.trim() === "") return [];
      const byId = new Map(skills.map((skill) => [skill.id, skill]));
      const hits = await search({
        kind: "skill",
        query: message.slice(0, MESSAGE_LENGTH).toWellFormed(),
        limit: RANKED,
        integrationId: null,
        sessionId: null,
        visibleIn: undefined,
        reach: undefined,
      });
      const found = hits.flatMap(({ source_id, content, ...hit }) => {
        const skill = byId.get(source_id ?? "");
        return skill && isRelated(hit, skill) ? { ...skill, text: content } : [];
      });
      return found.slice(0, FOUND);
    },
    async copiesOf(skills) {
      const ids = skills.map(({ id }) => id);
      if (ids.length === 0) return new Map();
      const stored = await db.query
        .select({
          skill: documents.source_id,
          hash: documents.content_hash,
          copied_at: documents.created_at,
          passages: PASSAGES,
        })
        .from(documents)
        .where(and(eq(documents.kind, "skill"), inArray(documents.source_id, ids)));
      const copies = new Map(stored.map(({ skill, hash, ...copy }) => [skill, { hash, copy }]));
      return new Map(
        skills.flatMap((skill) => {
          const found = copies.get(skill.id);
          return found?.hash === hashOf(skill) ? [[skill.id, found.copy] as const] : [];
        }),
      );
    },
  };
}

/** A threshold speaks of vectors, so a hit of words alone does not reach it, unless there are no vectors. */
function isRelated(
  { weak, similarity }: Pick<Hit, "weak" | "similarity">,
  { similarityThreshold }: WantedSkill,
) {
  return similarityThreshold === undefined || similarity === undefined
    ? !weak
    : similarity >= similarityThreshold;
}

async function bringUpToDate({
  db,
  facts,
  embedder,
  list,
  isGone,
  onPassages,
}: SkillCopiesOptions): Promise<void> {
  const skills = list();
  const stored = await db.query
    .select({ id: documents.id, skill: documents.source_id, hash: documents.content_hash })
    .from(documents)
    .where(eq(documents.kind, "skill"));
  const copies = new Map(stored.map(({ id, skill, hash }) => [skill ?? "", { id, hash }]));
  for (const skill of skills) {
    const hash = hashOf(skill);
    const copy = copies.get(skill.id);
    copies.delete(skill.id);
    if (copy?.hash === hash) continue;
    const passages = await db.query.transaction(async (tx) => {
      if (copy) await tx.delete(documents).where(eq(documents.id, copy.id));
      const document = { id: newId(), title: skill.name, content: skill.text };
      await tx
        .insert(documents)
        .values({ ...document, kind: "skill", source_id: skill.id, content_hash: hash });
      return storePassages(tx, document, embedder);
    });
    if (copy) facts.removed();
    facts.added(passages.count, passages.length);
    onPassages();
  }
  const gone = [...copies].filter(([skill]) => isGone(skill)).map(([, { id }]) => id);
  if (gone.length === 0) return;
  await db.query.delete(documents).where(inArray(documents.id, gone));
  facts.removed();
}

const hashOf = ({ name, text }: CopiedSkill): string =>
  createHash("sha256").update(`${name}\n${text}`).digest("hex");
