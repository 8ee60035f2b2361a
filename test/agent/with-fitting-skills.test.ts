import { expect, test } from "bun:test";
import { withFittingSkills } from "../../src/agent/with-fitting-skills.ts";
import { createCapabilities, PLAIN_CHANNEL, PLAIN_MESSAGE } from "../../src/capabilities/effective-set.ts";
import { createCarapaces } from "../../src/content/carapaces/carapaces.ts";
import { createSkills } from "../../src/content/skills/skills.ts";
import { createTemplates } from "../../src/content/templates/templates.ts";

const skills = createSkills();
const skill = (id: string) => ({
  id,
  name: id,
  origin: { kind: "home" as const },
  file: `/${id}.md`,
  path: `${id}.md`,
  description: "",
  tags: [],
  text: `All of ${id}`,
});
skills.replaceOwner("core", ["a", "b", "b/references/more", "c"].map(skill));
const capabilitiesOf = createCapabilities({
  skills,
  carapaces: createCarapaces(),
  templates: createTemplates(),
  activationOf: () => undefined,
});
const bot = (entries: Parameters<typeof capabilitiesOf>[0]["bot"]["skills"]) => ({
  tools: [],
  carapaces: [],
  skills: entries,
});
const ids = (list: { id: string }[]) => list.map(({ id }) => id);

test("a rag skill and its references are listed, and searched unless they are in the run anyway", async () => {
  const entries = [
    { id: "a", mode: "pinned" as const },
    { id: "b", mode: "rag" as const, similarity_threshold: 0.4 },
    { id: "c", mode: "rag" as const },
  ];
  const capabilities = capabilitiesOf({
    bot: bot(entries),
    channel: PLAIN_CHANNEL,
    message: { ...PLAIN_MESSAGE, skills: ["c"] },
  });
  expect(ids(capabilities.onDemand)).toEqual(["b", "b/references/more", "c"]);
  expect(capabilities.rag.map(({ id, similarityThreshold }) => [id, similarityThreshold])).toEqual([
    ["b", 0.4],
    ["b/references/more", 0.4],
  ]);
  const asked: unknown[] = [];
  const run = await withFittingSkills(capabilities, "Hello", async (among, message) => {
    asked.push([ids([...among]), message]);
    return [{ ...skill("b"), text: "A passage" }];
  });
  expect(asked).toEqual([[["b", "b/references/more"], "Hello"]]);
  expect(run.askedSkills.map(({ id, text }) => [id, text])).toEqual([
    ["c", "All of c"],
    ["b", "A passage"],
  ]);
});

test("a run without rag skills searches nothing", async () => {
  const capabilities = capabilitiesOf({ bot: bot(["b"]), channel: PLAIN_CHANNEL, message: PLAIN_MESSAGE });
  const run = await withFittingSkills(capabilities, "Hello", () => expect.unreachable());
  expect(run.askedSkills).toEqual([]);
});
