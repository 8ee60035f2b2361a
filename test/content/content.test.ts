import { describe, expect, test } from "bun:test";
import { rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createCapabilities } from "../../src/capabilities/effective-set.ts";
import { createCarapaces } from "../../src/content/carapaces/carapaces.ts";
import { type ContentSinks, openCoreContent } from "../../src/content/core-content.ts";
import { listContent } from "../../src/content/files.ts";
import { readContent } from "../../src/content/read.ts";
import { createSkills } from "../../src/content/skills/skills.ts";
import { createTemplates } from "../../src/content/templates/templates.ts";
import { createLog } from "../../src/log.ts";
import { temporaryFolder } from "../integrations/harness.ts";
import { until } from "../until.ts";

const manifests = join(import.meta.dirname, "..", "..", "manifests");

describe("reading a folder", () => {
  test("a file in another encoding is a problem", async () => {
    await using folder = await temporaryFolder();
    await folder.write({ "skills/good.md": "Grüße" });
    const bad = join(folder.path, "skills/bad.md");
    await writeFile(bad, Buffer.from("Grüße", "latin1"));
    const listed = await listContent(folder.path, { templates: "templates" });
    const { content, problems } = await readContent(folder.path, listed, { kind: "home" });
    expect(content.skills.map(({ text }) => text)).toEqual(["Grüße"]);
    expect(problems).toEqual([{ file: bad, reason: "It is not a text in UTF-8" }]);
  });

  test("finds content with ids by path; an integration's ids have its prefix", async () => {
    await using folder = await temporaryFolder();
    await folder.write({
      "skills/one.md": "One",
      "skills/_draft.md": "",
      "skills/notes.txt": "",
      "skills/pdf/SKILL.md":
        "---\nname: pdf\ndescription: Fill in forms.\nlicense: MIT\n---\nRead references/forms.md.",
      "skills/pdf/references/forms.md": "Forms",
      "skills/pdf/scripts/fill.py": "import os",
      "skills/pdf/assets/form.pdf": "",
      "skills/no-skill/README.md": "Other",
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
    expect(content.skills.map(({ id }) => id)).toEqual([
      "one",
      "pdf",
      "pdf/references/forms",
      "carapaces/full/deep",
      "bots/helper/own",
    ]);
    expect(content.skills[1]).toMatchObject({ name: "pdf", description: "Fill in forms." });
    expect(content.carapaces.map(({ id, name }) => [id, name])).toEqual([
      ["full", "Full"],
      ["plain", "Plain"],
    ]);
    expect(content.templates.map(({ id }) => id)).toEqual(["t"]);

    const files = await listContent(folder.path, { templates: "prompts" });
    const mine = await readContent(folder.path, files, { kind: "integration", id: "mine" });
    expect(mine.content.skills.map(({ id }) => id)).toEqual([
      "integrations/mine/one",
      "integrations/mine/pdf",
      "integrations/mine/pdf/references/forms",
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
      "bots/Big.yaml": "name: Big",
      "bots/good.yaml": "name: Good\ntools: [search_documents]",
      "bots/typo.yaml": "name: Typo\ncolour: red",
      "bots/broken.yaml": "name: [",
      "carapaces/same.yaml": "name: Same",
      "carapaces/same/carapace.yaml": "name: Same",
      "carapaces/wrong.yaml": "name: a\nskills: [1]",
    });
    const files = await listContent(folder.path, { templates: "templates", bots: true });
    const { content, problems } = await readContent(folder.path, files, { kind: "home" });
    expect(content.skills.map(({ id }) => id)).toEqual(["good"]);
    expect(content.carapaces.map(({ id }) => id)).toEqual(["same"]);
    expect(content.bots.map(({ bot }) => bot)).toEqual([
      { id: "good", name: "Good", tools: ["search_documents"] },
    ]);
    const place = ({ file, line = 0 }: { file: string; line?: number }) =>
      `${file.slice(folder.path.length + 1)}:${line}`;
    expect(problems.map(place).toSorted()).toEqual([
      "bots/Big.yaml:0",
      "bots/broken.yaml:1",
      "bots/typo.yaml:2",
      "carapaces/same.yaml:0",
      "carapaces/wrong.yaml:2",
      "skills/bad name.md:0",
      "skills/big.md:0",
      "skills/folder.md:0",
    ]);
  });

  test("a folder that cannot be read is a problem; one that is absent is not", async () => {
    await using folder = await temporaryFolder();
    await folder.write({ carapaces: "a file, which is no content", "skills/x.md": "X" });
    // Not even root can read a loop of links.
    await symlink("templates", join(folder.path, "templates"));
    const files = await listContent(folder.path, { templates: "templates", bots: true });
    const { content, problems } = await readContent(folder.path, files, { kind: "home" });
    expect(content.skills.map(({ id }) => id)).toEqual(["x"]);
    expect(problems).toMatchObject([
      { file: join(folder.path, "templates"), reason: expect.stringContaining("ELOOP") },
    ]);
  });
});

describe("the content that ships with Heddle", () => {
  test("is complete: every file is readable, and everything it names exists", async () => {
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

/** The content of two folders. */
async function opened(builtin: string, home: string, seed: ContentSinks["bots"]["seed"] = async () => []) {
  const lines: string[] = [];
  const log = await createLog({
    level: "debug",
    format: "json",
    redact: (text) => text,
    write: (line) => lines.push(line),
  });
  const [skills, carapaces, templates] = [createSkills(), createCarapaces(), createTemplates()];
  const content = await openCoreContent({
    folders: [
      { dir: builtin, origin: { kind: "builtin" } },
      { dir: home, origin: { kind: "home" } },
    ],
    sinks: {
      skills,
      carapaces,
      bots: { seed },
      templates,
    },
    log,
  });
  return {
    skills,
    carapaces,
    templates,
    lines,
    [Symbol.asyncDispose]: async () => content.close(),
  };
}

describe("the content of the home folder", () => {
  test("overrides content that ships with Heddle, and follows its files, even in folders that appear later", async () => {
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
    await until(() => content.skills.get("a")?.text === "Changed.");
    await folder.write({ "home/carapaces/c/carapace.yaml": "name: C" });
    await until(() => content.carapaces.get("c") !== undefined);
    await folder.write({ "home/carapaces/c/skills/x.md": "X" });
    await until(() => content.skills.get("carapaces/c/x") !== undefined);
    await folder.write({ "home/templates/t.md": "T" });
    await until(() => content.templates.get("t") !== undefined);
    await rm(join(folder.path, "home", "skills", "a.md"));
    await until(() => content.skills.get("a")?.text === "Built in.");
    await rm(join(folder.path, "home", "carapaces"), { recursive: true });
    await until(() => content.carapaces.get("c") === undefined);
    expect(content.skills.get("carapaces/c/x")).toBeUndefined();
  });

  test("a broken file is logged once as an error, and its last good version is kept", async () => {
    await using folder = await temporaryFolder();
    await folder.write({ "home/carapaces/c.yaml": "name: Good", "home/carapaces/new.yaml": "nane: Typo" });
    await using content = await opened(join(folder.path, "builtin"), join(folder.path, "home"));
    expect(content.carapaces.list().map(({ id }) => id)).toEqual(["c"]);
    const complaints = () => content.lines.filter((line) => line.includes('"level":"ERROR"'));
    expect(complaints()).toHaveLength(1);
    expect(complaints()[0]).toContain("home/carapaces/new.yaml:1");

    await folder.write({ "home/carapaces/c.yaml": "name: Good\nlocal_tools: 5\n" });
    await until(() => complaints().some((line) => line.includes("c.yaml:2")));
    expect(content.carapaces.get("c")?.name).toBe("Good");
    await folder.write({ "home/carapaces/c.yaml": "name: Better" });
    await until(() => content.carapaces.get("c")?.name === "Better");
    // There may be other errors in between, because a file that is being written is empty first.
    expect(complaints().filter((line) => line.includes("c.yaml:2"))).toHaveLength(1);
    expect(complaints().filter((line) => line.includes("new.yaml"))).toHaveLength(1);
  });

  test("adds bots at the start and whenever a file appears; the operator's file takes precedence over Heddle's", async () => {
    await using folder = await temporaryFolder();
    await folder.write({
      "builtin/bots/default.yaml": "name: Built in",
      "home/bots/default.yaml": "name: My own",
    });
    const offered: string[][] = [];
    await using content = await opened(
      join(folder.path, "builtin"),
      join(folder.path, "home"),
      async (bots) => {
        offered.push(bots.map(({ id, name }) => `${id}: ${name}`));
        return [];
      },
    );
    expect(offered).toEqual([["default: My own"]]);
    await folder.write({ "home/bots/helper.yaml": "name: Helper", "home/bots/wrong.yaml": "nane: Helper" });
    await until(() => offered.at(-1)?.includes("helper: Helper"));
    expect(offered.at(-1)).toEqual(["default: My own", "helper: Helper"]);
    await until(() => content.lines.some((line) => line.includes("wrong.yaml:1")));
  });
});
