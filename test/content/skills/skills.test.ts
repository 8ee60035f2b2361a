import { describe, expect, test } from "bun:test";
import { findMentioned, mentionsIn } from "../../../src/capabilities/mentions.ts";
import { findFor } from "../../../src/content/owned-registry.ts";
import { readSkill } from "../../../src/content/skills/skill.ts";
import { createSkills } from "../../../src/content/skills/skills.ts";
import { HeddleError } from "../../../src/errors.ts";
import { skill } from "../../capabilities/fixture.ts";

const about = { id: "x", name: "X", origin: { kind: "home" }, file: "/x.md", path: "x.md" } as const;

describe("a skill's file", () => {
  test("has its name, description and tags in front matter, or none", () => {
    expect(
      readSkill(
        "---\r\nname: Triage\r\ndescription: First things.\r\ntags: [a, b, a]\r\n---\r\n\r\n# Text\r\n",
        about,
      ),
    ).toEqual({
      ok: true,
      item: { ...about, name: "Triage", description: "First things.", tags: ["a", "b"], text: "# Text" },
    });
    expect(readSkill("Just text\n", about)).toMatchObject({
      item: { name: "X", tags: [], text: "Just text" },
    });
    expect(readSkill("", about)).toMatchObject({ item: { text: "" } });
    // A horizontal rule at the top of a text is not front matter.
    expect(readSkill("---\nNo second one", about)).toMatchObject({
      item: { name: "X", text: "---\nNo second one" },
    });
    expect(readSkill("---\n---\nEmpty above", about)).toMatchObject({ item: { text: "Empty above" } });
  });

  test("is refused with the line of the mistake", () => {
    expect(readSkill("---\nname: a\ndescription: [1, 2]\n---\n", about)).toEqual({
      ok: false,
      problem: { reason: "description must be a string; got an array", line: 3 },
    });
    const broken = readSkill("---\nname: a\ntags: [a\n---\n", about);
    expect(broken).toMatchObject({ ok: false });
    if (!broken.ok) expect(broken.problem.line).toBeGreaterThanOrEqual(3);
    expect(readSkill("---\njust words\n---\n", about)).toMatchObject({
      problem: { reason: "The front matter must be an object; got a string" },
    });
  });
});

describe("mentions", () => {
  test("are @skill:, @tool: or @bot: and a name, anywhere in the text", () => {
    const text =
      "@skill:a, then (@skill:b/c-d.e) with @tool:look_up. Again @skill:a and @skill:_x/ at the end: @tool:a. Ask @bot:scribe!";
    expect(mentionsIn(text)).toEqual({
      skill: ["a", "b/c-d.e", "_x"],
      tool: ["look_up", "a"],
      bot: ["scribe"],
    });
    for (const none of ["me@skill:a", "<@tool:a>", "@@skill:a", "@skill: a", "@skills:a", "@tool:1a"]) {
      expect([none, mentionsIn(none)]).toEqual([none, { skill: [], tool: [], bot: [] }]);
    }
  });

  test("match an id, or the unique end of one", () => {
    const skills = createSkills();
    skills.replaceOwner("core", [skill("mail")]);
    skills.replaceOwner("a", [skill("integrations/a/mail"), skill("integrations/a/board")]);
    skills.replaceOwner("b", [skill("integrations/b/notes"), skill("integrations/b/other/notes")]);
    const idOf = (name: string) => findMentioned(skills, name)?.id;
    expect(idOf("mail")).toBe("mail");
    expect(idOf("board")).toBe("integrations/a/board");
    expect(idOf("a/mail")).toBe("integrations/a/mail");
    expect(idOf("notes")).toBeUndefined();
    expect(idOf("oard")).toBeUndefined();
  });
});

describe("the registry", () => {
  test("an owner replaces all of its skills and cannot take another's", () => {
    const skills = createSkills();
    skills.replaceOwner("core", [skill("b"), skill("a")]);
    expect(skills.list().map(({ id }) => id)).toEqual(["a", "b"]);
    const codeOf = (attempt: () => void) => {
      try {
        attempt();
      } catch (error) {
        return error instanceof HeddleError ? error.code : String(error);
      }
    };
    expect(codeOf(() => skills.replaceOwner("other", [skill("new"), skill("a")]))).toBe("conflict");
    expect(codeOf(() => skills.replaceOwner("core", [skill("c"), skill("c")]))).toBe("conflict");
    expect(skills.list().map(({ id }) => id)).toEqual(["a", "b"]);
    skills.replaceOwner("core", [skill("a", "Changed.")]);
    expect(skills.get("a")?.text).toBe("Changed.");
    expect(skills.get("b")).toBeUndefined();
    skills.replaceOwner("core", []);
    expect(skills.list()).toEqual([]);
  });

  test("an integration's own skill takes precedence over another of the same name", () => {
    const skills = createSkills();
    skills.replaceOwner("core", [skill("rules"), skill("general")]);
    skills.replaceOwner("a", [skill("integrations/a/rules")]);
    const a = { kind: "integration", id: "a" } as const;
    expect(findFor(skills, "rules", a)?.id).toBe("integrations/a/rules");
    expect(findFor(skills, "general", a)?.id).toBe("general");
    expect(findFor(skills, "integrations/a/rules", a)?.id).toBe("integrations/a/rules");
    expect(findFor(skills, "rules", { kind: "integration", id: "b" })?.id).toBe("rules");
    expect(findFor(skills, "rules", { kind: "home" })?.id).toBe("rules");
  });
});
