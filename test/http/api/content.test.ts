// Skills, carapaces and templates over the API.

import { beforeAll, describe, expect, test } from "bun:test";
import { carapace, skill, template } from "../../capabilities/fixture.ts";
import { embeddedDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture } from "../fixture.ts";

const open = embeddedDatabase();
const handle = async () => new Response("");
let http: HttpFixture;

beforeAll(async () => {
  http = await createHttpFixture(await open(), {
    integrations: {
      github: { handle, version: "1.4", setup: { activation: { compatible_templates: ["code"] } } },
      board: { handle, version: "0.9" },
      broken: { version: "9", setup: {} },
    },
  });
  http.skills.replaceOwner("core", [
    skill("triage", "---\nname: Triage\ndescription: What comes first.\ntags: daily, mail\n---\n# Triage"),
    skill("writing"),
  ]);
  http.skills.replaceOwner("github", [skill("integrations/github/github", "Look first.")]);
  http.carapaces.replaceOwner("core", [
    carapace("base", "local_tools: [read]\nskills: [{ id: triage, mode: pinned }, missing]"),
    carapace("reviewer", "includes: [base]\nsystem_prompt_fragment: Review.\nrequires: { tools: [read] }"),
  ]);
  http.templates.replaceOwner("core", [
    template("home", "---\ncategory: life\n---\nRooms."),
    template(
      "project",
      "---\nname: Project\ntags: [code]\nversion: 2\ncompatible_integrations: [{ id: board, min_version: 1.2 }]\n---\nFiles.",
    ),
  ]);
  http.templates.replaceOwner("board", [
    template("integrations/board/kanban", "---\ncompatible_integrations: [board]\n---\nColumns."),
  ]);
});

const get = (path: string) => http.send("GET", `/api/v1/${path}`);

describe("skills", () => {
  test("are listed by id, without their text, page by page", async () => {
    const { body } = await get("skills?limit=2");
    expect(body.skills).toEqual([
      {
        id: "integrations/github/github",
        name: "integrations/github/github",
        description: "",
        tags: [],
        source: "integration",
        integration_id: "github",
        characters: 11,
      },
      {
        id: "triage",
        name: "Triage",
        description: "What comes first.",
        tags: ["daily", "mail"],
        source: "home",
        integration_id: null,
        characters: 8,
      },
    ]);
    const rest = await get(`skills?cursor=${encodeURIComponent(body.next_cursor)}`);
    expect(rest.body).toMatchObject({ skills: [{ id: "writing" }], next_cursor: null });
  });

  test("are fetched by an id with slashes, plain or encoded", async () => {
    const wanted = { id: "integrations/github/github", text: "Look first." };
    expect((await get("skills/integrations/github/github")).body).toMatchObject(wanted);
    expect((await get("skills/integrations%2Fgithub%2Fgithub")).body).toMatchObject(wanted);
    expect((await get("skills/integrations/github")).status).toBe(404);
  });
});

describe("carapaces", () => {
  test("are shown as written, without their path on the server", async () => {
    const { body } = await get("carapaces");
    expect(body.carapaces.map(({ id }: { id: string }) => id)).toEqual(["base", "reviewer"]);
    expect(body.carapaces[1]).toMatchObject({ includes: ["base"], requires: { tools: ["read"] } });
    expect(JSON.stringify(body)).not.toContain("/files/");
  });

  test("are resolved", async () => {
    expect((await get("carapaces/reviewer")).body.resolved).toEqual({
      carapaces: ["base", "reviewer"],
      tools: ["read"],
      skills: ["triage"],
      on_demand_skills: [],
      fragments: [{ id: "reviewer", text: "Review." }],
      warnings: ['There is no skill "missing".', 'There is no tool "read".'],
    });
    expect((await get("carapaces/nobody")).status).toBe(404);
  });
});

describe("templates", () => {
  const list = async (query: string) =>
    // biome-ignore lint/suspicious/noExplicitAny: JSON of the server
    (await get(`templates?${query}`)).body.templates.map((one: any) => [one.id, one.compatible]);

  test("list the running integrations that they fit", async () => {
    const { body } = await get("templates/project");
    expect(body).toMatchObject({
      name: "Project",
      version: "2",
      tags: ["code", "integration:board"],
      category: "workspace_schema",
      min_versions: { board: "1.2" },
      // The board is too old; github names the tag "code" in its manifest.
      compatible_with: ["github"],
      compatible: true,
      text: "Files.",
    });
    expect((await get("templates/integrations/board/kanban")).body.compatible_with).toEqual(["board"]);
    expect((await get("templates/integrations/board")).status).toBe(404);
  });

  test("are filtered by integration, category and tag", async () => {
    expect(await list("")).toEqual([
      ["home", false],
      ["integrations/board/kanban", true],
      ["project", true],
    ]);
    expect(await list("integration=board")).toEqual([
      ["integrations/board/kanban", true],
      ["project", false],
    ]);
    expect(await list("integration=github")).toEqual([["project", true]]);
    expect(await list("integration=nobody")).toEqual([]);
    expect(await list("category=life")).toEqual([["home", false]]);
    expect(await list("tag=code&limit=1")).toEqual([["project", true]]);
  });
});

test("each needs its scope", async () => {
  const readers = { skills: "skills:read", carapaces: "carapaces:read", templates: "templates:read" };
  for (const [path, scope] of Object.entries(readers)) {
    const right = await http.keyWith(scope);
    const wrong = await http.keyWith(
      ...Object.values(readers).filter((other) => other !== scope),
      "bots:write",
    );
    for (const one of [path, `${path}/x`]) {
      expect((await http.send("GET", `/api/v1/${one}`, { key: wrong })).status).toBe(403);
      expect((await http.send("GET", `/api/v1/${one}`, { key: right })).status).toBe(
        one === path ? 200 : 404,
      );
    }
  }
});
