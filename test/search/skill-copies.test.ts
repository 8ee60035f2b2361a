import { beforeEach, expect, test } from "bun:test";
import { createSkillCopies } from "../../src/search/skill-copies.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { builtin, openSearchFixture } from "./fixture.ts";

eachDatabase("copies of skills", (open) => {
  let db: TestDatabase;
  beforeEach(async () => {
    db = await open();
  });

  const skill = (id: string, text: string) => ({ id, name: `About ${id}`, text });

  async function copiesOf(initial: ReturnType<typeof skill>[], isGone = (_id: string) => true) {
    const fixture = await openSearchFixture(db);
    const state = { skills: initial, isGone };
    const copies = createSkillCopies({
      ...fixture,
      db,
      embedder: builtin(),
      list: () => state.skills,
      isGone: (id) => state.isGone(id),
      onPassages: () => {},
    });
    await copies.sync();
    return { ...fixture, copies, state };
  }

  const stored = async () =>
    (
      await db.execute(
        `SELECT d.source_id AS id, d.id AS document, count(c.id)::int AS chunks, count(v.chunk_id)::int AS vectors
         FROM documents d LEFT JOIN chunks c ON c.document_id = d.id LEFT JOIN chunk_vectors v ON v.chunk_id = c.id
         WHERE d.kind = 'skill' GROUP BY 1, 2 ORDER BY 1`,
      )
    ).rows;

  test("follow the skills: only what changed is stored again, and nothing stays of what is gone", async () => {
    const { copies, state } = await copiesOf([
      skill("tea", "Steep green tea at 70 degrees."),
      skill("bread", "Knead."),
    ]);
    const before = await stored();
    expect(before.map(({ id, chunks, vectors }) => [id, chunks, vectors])).toEqual([
      ["bread", 1, 1],
      ["tea", 1, 1],
    ]);
    state.skills = [skill("tea", "Steep green tea at 70 degrees."), skill("bread", "Knead for ten minutes.")];
    await Promise.all([copies.sync(), copies.sync()]);
    const after = await stored();
    expect(after[1]?.document).toBe(before[1]?.document);
    expect(after[0]?.document).not.toBe(before[0]?.document);
    // What has changed since is not in the search yet.
    const copied = await copies.copiesOf([
      state.skills[0] as never,
      skill("bread", "Knead twice."),
      skill("x", ""),
    ]);
    expect([...copied].map(([id, { passages }]) => [id, passages])).toEqual([["tea", 1]]);
    expect(copied.get("tea")?.copied_at).toBeInstanceOf(Date);
    // A folder that cannot be read takes nothing away.
    state.skills = [];
    state.isGone = (id) => id !== "tea";
    await copies.sync();
    expect((await stored()).map(({ id }) => id)).toEqual(["tea"]);
    state.isGone = () => true;
    await copies.sync();
    expect(await stored()).toEqual([]);
    const { rows } = await db.execute("SELECT 1 FROM chunks UNION ALL SELECT 1 FROM chunk_vectors");
    expect(rows).toEqual([]);
  });

  test("a skill's own threshold says how similar a passage must be", async () => {
    const tea = skill("tea", "Steep green tea at 70 degrees.");
    const { copies } = await copiesOf([tea]);
    const found = async (similarityThreshold: number | undefined, message: string) =>
      (await copies.find([{ ...tea, similarityThreshold }], message)).length;
    expect(await found(undefined, "How hot is green tea?")).toBe(1);
    expect(await found(0.05, "How hot is green tea?")).toBe(1);
    expect(await found(0.99, "How hot is green tea?")).toBe(0);
    expect(await found(undefined, "Which degrees do students earn?")).toBe(0);
    expect(await found(0.01, "Which degrees do students earn?")).toBe(1);
  });

  test("a message finds the passage that fits, among the skills that are asked for, and nothing weak", async () => {
    const filler = Array.from(
      { length: 30 },
      (_, at) => `## Step ${at}\n\nOrdinary text number ${at} of the manual.`,
    );
    const [manual, tea] = [
      skill("manual", `${filler.join("\n\n")}\n\n## Boiler\n\nThe boiler is vented by the red valve.`),
      skill("tea", "Steep green tea at 70 degrees."),
    ];
    const { copies, documents } = await copiesOf([manual, tea]);
    const [found, ...others] = await copies.find([manual, tea], "How do I vent the boiler?");
    expect(found).toMatchObject({ id: "manual", name: "About manual" });
    expect(found?.text).toContain("red valve");
    expect(found?.text.length).toBeLessThan(200);
    expect(others).toEqual([]);
    expect(await copies.find([tea], "How do I vent the boiler?")).toEqual([]);
    expect(await copies.find([manual, tea], "Who won the football match in Norway?")).toEqual([]);
    expect(await copies.find([manual], " ")).toEqual([]);
    // Documents and skills are searched apart from each other.
    expect(await documents.search({ query: "boiler valve" })).toEqual([]);
    expect(await documents.list({ limit: 10 })).toEqual([]);
  });
});
