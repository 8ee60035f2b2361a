// Skills, carapaces and templates over the API.

import { beforeAll, describe, expect, test } from "bun:test";
import type { BotFile } from "../../../src/content/bots/bot-file.ts";
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
    copies: { triage: { copied_at: new Date("2026-11-28T10:00:00Z"), passages: 3 } },
    botFiles: [botFile("weaver", { name: "Weaver", tools: ["read"], skills: ["writing"] })],
  });
  await http.bots.seed([{ id: "weaver", name: "Weaver", tools: ["read"], skills: ["writing"] }]);
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

function botFile(id: string, fields: Omit<BotFile["bot"], "id">): BotFile {
  const path = `bots/${id}.yaml`;
  return { id, origin: { kind: "home" }, file: `/files/${path}`, path, bot: { id, ...fields } };
}

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
        file: "kinds/integrations/github/github",
        characters: 11,
        indexed_at: null,
        passages: 0,
      },
      {
        id: "triage",
        name: "Triage",
        description: "What comes first.",
        tags: ["daily", "mail"],
        source: "home",
        integration_id: null,
        file: "kinds/triage",
        characters: 8,
        indexed_at: "2026-11-28T10:00:00.000Z",
        passages: 3,
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

describe("bots", () => {
  test("are shown with what they come to, and with the file that they were added from", async () => {
    const { body } = await get("bots/weaver");
    expect(body).toMatchObject({
      id: "weaver",
      source: "file",
      file: { source: "home", file: "bots/weaver.yaml", fields_changed: [] },
      resolved: {
        tools: ["read"],
        skills: [],
        on_demand_skills: ["writing"],
        warnings: ['There is no tool "read".'],
      },
    });
    expect(JSON.stringify(body)).not.toContain("/files/");
    await http.send("PATCH", "/api/v1/bots/weaver", {
      body: { description: "Weaves.", carapaces: ["reviewer"], tools: [] },
    });
    const changed = (await get("bots/weaver")).body;
    expect(changed.file.fields_changed).toEqual(["description", "tools", "carapaces"]);
    expect(changed.resolved).toMatchObject({
      carapaces: ["base", "reviewer"],
      tools: ["read"],
      skills: ["triage"],
    });
  });

  test("of the API have no file, whatever the files say", async () => {
    await http.send("DELETE", "/api/v1/bots/weaver");
    await http.send("POST", "/api/v1/bots", { body: { id: "weaver", name: "Another" } });
    expect((await get("bots/weaver")).body).toMatchObject({ source: "api", file: null });
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
