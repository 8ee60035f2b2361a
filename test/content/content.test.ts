import { describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { createCapabilities } from "../../src/capabilities/effective-set.ts";
import { createCarapaces } from "../../src/content/carapaces/carapaces.ts";
import { openCoreContent } from "../../src/content/core-content.ts";
import { listContent } from "../../src/content/files.ts";
import { readContent } from "../../src/content/read.ts";
import { createSkills } from "../../src/content/skills/skills.ts";
import { createTemplates } from "../../src/content/templates/templates.ts";
import { createLog } from "../../src/log.ts";
import { temporaryFolder } from "../integrations/harness.ts";

const manifests = join(import.meta.dirname, "..", "..", "manifests");

describe("reading a folder", () => {
  test("finds what is content, with ids by path; an integration's have its prefix", async () => {
    await using folder = await temporaryFolder();
    await folder.write({
      "skills/one.md": "One",
      "skills/_draft.md": "",
      "skills/notes.txt": "",
      "bots/helper/skills/own.md": "Own",
      "carapaces/plain.yaml": "name: Plain",
      "carapaces/full/carapace.yml": "name: Full",
      "carapaces/full/skills/deep.md": "Deep",
      "carapaces/empty/other.txt": "",
      "templates/t.md": "T",
      "prompts/p.md": "P",
    });
    const core = await listContent(folder.path, { templates: "templates", bots: true });
    const { content, problems } = await readContent(folder.path, core, { kind: "home" });
    expect(problems).toEqual([]);
    expect(content.skills.map(({ id }) => id)).toEqual(["one", "carapaces/full/deep", "bots/helper/own"]);
    expect(content.carapaces.map(({ id, name }) => [id, name])).toEqual([
      ["full", "Full"],
      ["plain", "Plain"],
    ]);
    expect(content.templates.map(({ id }) => id)).toEqual(["t"]);

    const files = await listContent(folder.path, { templates: "prompts" });
    const mine = await readContent(folder.path, files, { kind: "integration", id: "mine" });
    expect(mine.content.skills.map(({ id }) => id)).toEqual([
      "integrations/mine/one",
      "integrations/mine/carapaces/full/deep",
    ]);
    expect(mine.content.carapaces.map(({ id }) => id)).toEqual([
      "integrations/mine/full",
      "integrations/mine/plain",
    ]);
    expect(mine.content.templates.map(({ id }) => id)).toEqual(["integrations/mine/p"]);
  });

  test("a bad file is a problem with its path and line; the others are read", async () => {
    await using folder = await temporaryFolder();
    await folder.write({
      "skills/bad name.md": "x",
      "skills/big.md": "x".repeat(600_000),
      "skills/good.md": "x",
      "skills/folder.md/inside": "x",
      "carapaces/same.yaml": "name: Same",
      "carapaces/same/carapace.yaml": "name: Same",
      "carapaces/wrong.yaml": "name: a\nskills: [1]",
    });
    const files = await listContent(folder.path, { templates: "templates" });
    const { content, problems } = await readContent(folder.path, files, { kind: "home" });
    expect(content.skills.map(({ id }) => id)).toEqual(["good"]);
    expect(content.carapaces.map(({ id }) => id)).toEqual(["same"]);
    const place = ({ file, line = 0 }: { file: string; line?: number }) =>
      `${file.slice(folder.path.length + 1)}:${line}`;
    expect(problems.map(place).toSorted()).toEqual([
      "carapaces/same.yaml:0",
      "carapaces/wrong.yaml:2",
      "skills/bad name.md:0",
      "skills/big.md:0",
      "skills/folder.md:0",
    ]);
  });
});

describe("what Heddle brings along", () => {
  test("is whole: every file is read, and everything it names is there", async () => {
    const files = await listContent(manifests, { templates: "templates", bots: true });
    const { content, problems } = await readContent(manifests, files, { kind: "builtin" });
    expect(problems).toEqual([]);
    const [skills, carapaces, templates] = [createSkills(), createCarapaces(), createTemplates()];
    skills.replaceOwner("core", content.skills);
    carapaces.replaceOwner("core", content.carapaces);
    templates.replaceOwner("core", content.templates);
    expect(carapaces.list().map(({ id }) => id)).toEqual(["code-review", "researcher", "triage", "writer"]);
    expect(templates.list().map(({ id }) => id)).toEqual(["home", "research", "software-project"]);
    for (const { text, description, name } of [...skills.list(), ...templates.list()]) {
      expect([name, text.length > 500, description !== ""]).toEqual([name, true, true]);
    }
    const capabilitiesOf = createCapabilities({
      skills,
      carapaces,
      templates,
      activationOf: () => undefined,
    });
    for (const { id, system_prompt_fragment } of carapaces.list()) {
      const { warnings, onDemand } = capabilitiesOf({
        bot: { tools: [], skills: [], carapaces: [id] },
        channel: {
          skills: [],
          carapaces: [],
          carapaces_disabled: [],
          tools_disabled: [],
          template_id: null,
          workspace: true,
          activations: [],
        },
        message: { skills: [], tools: [], text: "" },
      });
      expect([id, warnings, onDemand.length]).toEqual([id, [], 1]);
      expect(system_prompt_fragment.length).toBeGreaterThan(500);
    }
  });
});

/** Content of two folders, and a way to wait until it was looked at again. */
async function opened(builtin: string, home: string) {
  const lines: string[] = [];
  const log = await createLog({
    level: "debug",
    format: "json",
    redact: (text) => text,
    write: (line) => lines.push(line),
  });
  const [skills, carapaces, templates] = [createSkills(), createCarapaces(), createTemplates()];
  let loaded = Promise.withResolvers<void>();
  const content = await openCoreContent({
    folders: [
      { dir: builtin, origin: { kind: "builtin" } },
      { dir: home, origin: { kind: "home" } },
    ],
    sinks: {
      skills,
      carapaces,
      // The last one that is set.
      templates: {
        replaceOwner(owner, items) {
          templates.replaceOwner(owner, items);
          loaded.resolve();
          loaded = Promise.withResolvers();
        },
      },
    },
    log,
  });
  return {
    skills,
    carapaces,
    templates,
    lines,
    /** Resolves when `isSo` after a change was seen. */
    async until(isSo: () => boolean): Promise<void> {
      while (!isSo()) await loaded.promise;
    },
    [Symbol.asyncDispose]: async () => content.close(),
  };
}

describe("the content of the home folder", () => {
  test("replaces what Heddle brings along, and follows its files, also in folders that come later", async () => {
    await using folder = await temporaryFolder();
    await folder.write({
      "builtin/skills/a.md": "Built in.",
      "builtin/skills/b.md": "Built in.",
      "home/skills/a.md": "My own.",
    });
    await using content = await opened(join(folder.path, "builtin"), join(folder.path, "home"));
    expect(content.skills.get("a")).toMatchObject({ text: "My own.", origin: { kind: "home" } });
    expect(content.skills.get("b")).toMatchObject({ text: "Built in.", origin: { kind: "builtin" } });

    await folder.write({ "home/skills/a.md": "Changed." });
    await content.until(() => content.skills.get("a")?.text === "Changed.");
    await folder.write({ "home/carapaces/c/carapace.yaml": "name: C" });
    await content.until(() => content.carapaces.get("c") !== undefined);
    await folder.write({ "home/carapaces/c/skills/x.md": "X" });
    await content.until(() => content.skills.get("carapaces/c/x") !== undefined);
    await folder.write({ "home/templates/t.md": "T" });
    await content.until(() => content.templates.get("t") !== undefined);
    await rm(join(folder.path, "home", "skills", "a.md"));
    await content.until(() => content.skills.get("a")?.text === "Built in.");
    await rm(join(folder.path, "home", "carapaces"), { recursive: true });
    await content.until(() => content.carapaces.get("c") === undefined);
    expect(content.skills.get("carapaces/c/x")).toBeUndefined();
  });

  test("a file that breaks is an error in the log, once, and its last good version stays", async () => {
    await using folder = await temporaryFolder();
    await folder.write({ "home/carapaces/c.yaml": "name: Good", "home/carapaces/new.yaml": "nane: Typo" });
    await using content = await opened(join(folder.path, "builtin"), join(folder.path, "home"));
    expect(content.carapaces.list().map(({ id }) => id)).toEqual(["c"]);
    const complaints = () => content.lines.filter((line) => line.includes('"level":"ERROR"'));
    expect(complaints()).toHaveLength(1);
    expect(complaints()[0]).toContain("home/carapaces/new.yaml:1");

    await folder.write({ "home/carapaces/c.yaml": "name: Good\nlocal_tools: 5\n" });
    await content.until(() => complaints().some((line) => line.includes("c.yaml:2")));
    expect(content.carapaces.get("c")?.name).toBe("Good");
    await folder.write({ "home/carapaces/c.yaml": "name: Better" });
    await content.until(() => content.carapaces.get("c")?.name === "Better");
    // Of other moments there may be others: a file that is being written is empty first.
    expect(complaints().filter((line) => line.includes("c.yaml:2"))).toHaveLength(1);
    expect(complaints().filter((line) => line.includes("new.yaml"))).toHaveLength(1);
  });
});
