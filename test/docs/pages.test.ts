// The other pages: their lists are complete, their links lead somewhere, and the API's examples work.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { startServer } from "../../src/compose/server.ts";
import { loadConfig } from "../../src/config/config.ts";
import { until } from "../until.ts";
import { createCaller, KEY } from "./caller.ts";
import { codeBlocks } from "./code-blocks.ts";
import { run } from "./processes.ts";

setDefaultTimeout(60_000);

const repository = join(import.meta.dirname, "..", "..");
const read = (path: string): Promise<string> => readFile(join(repository, path), "utf8");

let home: string;
let heddle: Awaited<ReturnType<typeof startServer>>;
let url: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), "heddle-pages-"));
  heddle = await startServer(loadConfig({ home, port: "0" }, { API_KEY: KEY, LOG_LEVEL: "error" }));
  url = String(heddle.url).replace(/\/$/, "");
});

afterAll(async () => {
  await heddle?.close();
  await rm(home, { recursive: true, force: true });
});

test("docs/api.md names every route", async () => {
  const page = await read("docs/api.md");
  expect(page).toContain("Below `/api/v1/admin/integrations`");
  const { paths } = (await (await fetch(`${url}/swagger/all/json`)).json()) as {
    paths: Record<string, object>;
  };
  // Routes of integrations, which may be loaded by now, are on their own pages.
  const own = Object.keys(paths).filter((path) => !path.startsWith("/integrations/"));
  const known = own.map((path) => path.replace(/^\/api\/v1(\/admin\/integrations\b)?/, ""));
  expect(known.length).toBeGreaterThan(50);
  // Several routes of one resource share a row, in which only the ends of the others are written.
  const isNamed = (path: string): boolean => {
    const [end = ""] = path.match(/\/[a-z-]+(\/\{[a-z]+\})?$/) ?? [];
    return page.includes(end.replace(/\{[a-z]+\}/, "{")) && page.includes(path.split("/{")[0] ?? "");
  };
  expect(known.filter((path) => !isNamed(path))).toEqual([]);
});

test("the page of each integration begins with a set-up of five minutes, in numbered steps", async () => {
  const pages = (await readdir(join(repository, "docs/integrations"))).filter((name) => name.endsWith(".md"));
  expect(pages.length).toBeGreaterThan(10);
  const without = [];
  for (const name of pages) {
    const [, first = ""] = (await read(`docs/integrations/${name}`)).split("\n## ");
    const [heading = ""] = first.split("\n");
    if (!/five minutes/i.test(heading) || !first.includes("\n1. ")) without.push(name);
  }
  expect(without).toEqual([]);
});

test.skipIf(!Bun.which("curl"))("the examples of docs/api.md work", async () => {
  const loaded = await until(
    () => createCaller(url).get("/api/v1/integrations"),
    ({ integrations }) =>
      integrations.length > 0 && integrations.every(({ status }: { status: string }) => status === "ready"),
  );
  const folders = (await readdir(join(repository, "integrations"))).filter((name) => !name.startsWith("_"));
  expect(loaded.integrations.length).toBe(folders.length);
  const script = codeBlocks(await read("docs/api.md"))
    .filter(({ language }) => language === "sh")
    .map(({ text }) => text)
    .join("\n");
  // Any refused request ends the script.
  const strict = script.replaceAll("curl -sS", "curl -sS --fail-with-body -w '\\n'");
  const environment = { PATH: process.env.PATH ?? "", HEDDLE_URL: url, HEDDLE_API_KEY: KEY };
  const { status, out, err } = await run(["/bin/sh", "-ec", strict], { cwd: home, environment });
  expect([status, err]).toEqual([0, ""]);
  const answers = out.trim().split("\n");
  expect(answers.some((answer) => answer.includes('"applied":["GITHUB_TOKEN"]'))).toBe(true);
  expect(out).not.toContain("ghp_0123456789abcdef");
  expect(answers.some((answer) => answer.includes('"client_id":"github:octo/hello"'))).toBe(true);
});

test("docs/api.md names every error with its status, but those that only end a start", async () => {
  const page = await read("docs/api.md");
  const table = await read("src/errors.ts");
  const errors = [...table.matchAll(/^ {2}(\w+): \{ status: (\d+)/gm)].map(
    ([, code, status]) => `| ${status} | \`${code}\` |`,
  );
  expect(errors.length).toBeGreaterThan(20);
  const isOfStart = (row: string) => row.includes("`config`") || row.includes("`database`");
  expect(errors.filter((row) => !isOfStart(row) && !page.includes(row))).toEqual([]);
});

test("docs/chat.md names every family of events with its scope", async () => {
  const page = await read("docs/chat.md");
  const [, table = ""] = (await read("src/http/api/routes/event-log.ts")).split("const FAMILIES");
  const families = [...(table.split("};")[0] ?? "").matchAll(/^ {2}(\w+): "([a-z_]+:read)"/gm)];
  expect(families.length).toBeGreaterThan(10);
  const isNamed = (family = "", scope = "") =>
    page.split("\n").some((row) => row.startsWith(`| \`${family}.`) && row.includes(`| ${scope} |`));
  expect(families.filter(([, family, scope]) => !isNamed(family, scope)).map(([row]) => row)).toEqual([]);
});

test("the pages of bots, channels, budgets and schedules name every field that can be set", async () => {
  const { components, paths } = (await (await fetch(`${url}/swagger/all/json`)).json()) as {
    components: { schemas: Record<string, { properties?: Record<string, object> }> };
    paths: Record<string, Record<string, object>>;
  };
  const fieldsOf = (schema: string) => Object.keys(components.schemas[schema]?.properties ?? {});
  expect(Object.keys(paths).length).toBeGreaterThan(50);
  const held = {
    "docs/capabilities.md": "NewBot",
    "docs/channels.md": "PatchChannelsByIdBody",
    "docs/budgets.md": "PostBudgetsBody",
    "docs/schedules.md": "PostSchedulesBody",
    "docs/policies.md": "NewPolicy",
    "docs/models.md": "NewProvider",
    "docs/mcp.md": "NewMcpServer",
    "docs/coding-agents.md": "NewCodingAgent",
  };
  const missing: string[] = [];
  for (const [path, schema] of Object.entries(held)) {
    const page = await read(path);
    const fields = fieldsOf(schema);
    expect(fields.length).toBeGreaterThan(2);
    const isNamed = (field: string) =>
      [`\`${field}\``, `"${field}"`, `${field}: `].some((form) => page.includes(form));
    missing.push(...fields.filter((field) => !isNamed(field)).map((field) => `${path}: ${field}`));
  }
  expect(missing).toEqual([]);
});

test("some page names every field of the API's bodies, and every parameter of its queries", async () => {
  const listed = await readdir(join(repository, "docs"), { recursive: true });
  const pages = listed.filter((path) => path.endsWith(".md") && path !== "decisions.md");
  const text = (await Promise.all(pages.map((path) => read(`docs/${path}`)))).join("\n");
  // Sent by the command line and the admin UI alone.
  const unnamed = ["fixture_bot", "error_description", "stack"];
  const { paths, components } = (await (await fetch(`${url}/swagger/all/json`)).json()) as {
    paths: Record<string, Record<string, ApiOperation>>;
    components: { schemas: Record<string, ApiSchema> };
  };
  const fieldsOf = ({ $ref, properties = {}, ...schema }: ApiSchema): string[] => [
    ...($ref ? fieldsOf(components.schemas[$ref.split("/").at(-1) ?? ""] ?? {}) : []),
    ...Object.keys(properties),
    ...[schema.anyOf, schema.allOf, schema.oneOf].flatMap((parts = []) => parts.flatMap(fieldsOf)),
  ];
  const forms = (name: string) => [
    `\`${name}\``,
    `"${name}"`,
    `${name}: `,
    `?${name}`,
    `&${name}`,
    `\`${name}=`,
  ];
  // Routes of integrations, which may be loaded by now, are on their own pages.
  const own = Object.entries(paths).filter(([path]) => path.startsWith("/api/"));
  const missing = own.flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody, parameters = [] }]) => {
      const bodies = Object.values(requestBody?.content ?? {}).flatMap(({ schema }) => fieldsOf(schema));
      const queries = parameters.filter((one) => one.in === "query").map(({ name = "" }) => name);
      return [...bodies, ...queries]
        .filter((name) => !unnamed.includes(name) && !forms(name).some((form) => text.includes(form)))
        .map((name) => `${method} ${path}: ${name}`);
    }),
  );
  expect(own.length).toBeGreaterThan(50);
  expect(missing).toEqual([]);
});

test("docs/operating.md names every variable that the configuration reads", async () => {
  const page = await read("docs/operating.md");
  const source = await read("src/config/config.ts");
  const names = [...source.matchAll(/read\.\w+\("([A-Z_]+)"/g)].map(([, name = ""]) => name);
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test("docs/architecture.md names every folder of src, and only files that exist", async () => {
  const page = await read("docs/architecture.md");
  const entries = await readdir(join(repository, "src"), { withFileTypes: true });
  const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
  expect(folders.length).toBeGreaterThan(40);
  expect(folders.filter((name) => !page.includes(`\`${name}/`))).toEqual([]);
  const [, table = ""] = page.split("## Where do I find");
  // A file without a folder is beside the one before it.
  let folder = "";
  const exists = (path: string) =>
    stat(join(repository, path)).then(
      () => true,
      () => false,
    );
  for (const [, path = ""] of table.matchAll(/`([\w/-]+(?:\.ts|\/))`/g)) {
    const full = path.includes("/") ? path : `${folder}${path}`;
    folder = full.slice(0, full.lastIndexOf("/") + 1);
    expect([full, await exists(full)]).toEqual([full, true]);
  }
});

test("each number of docs/decisions.md stands for one decision, and those that others name exist", async () => {
  const page = await read("docs/decisions.md");
  const numbers = [...page.matchAll(/^- \*\*(D\d+)/gm)].map(([, number]) => number);
  expect(numbers.length).toBeGreaterThan(400);
  expect(numbers.filter((number, at) => numbers.indexOf(number) !== at)).toEqual([]);
  const named = [...page.matchAll(/\bD\d+\b/g)].map(([number]) => number);
  expect(named.filter((number) => !numbers.includes(number))).toEqual([]);
});

test("links lead to existing pages and headings", async () => {
  const listed = await readdir(join(repository, "docs"), { recursive: true });
  const pages = [
    ...ROOT_PAGES,
    ...listed.filter((path) => path.endsWith(".md")).map((path) => `docs/${path}`),
  ];
  const broken: string[] = [];
  for (const page of pages) {
    for (const [, target = ""] of withoutCode(await read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const [path = "", heading] = target.split("#");
      const file = path === "" ? page : join(dirname(page), path);
      const isThere = await stat(join(repository, file)).then(
        () => true,
        () => false,
      );
      const isFound = isThere && (heading === undefined || headings(await read(file)).includes(heading));
      if (!isFound) broken.push(`${page}: ${target}`);
    }
  }
  expect(broken).toEqual([]);
});

interface ApiSchema {
  $ref?: string;
  properties?: Record<string, object>;
  anyOf?: ApiSchema[];
  allOf?: ApiSchema[];
  oneOf?: ApiSchema[];
}

interface ApiOperation {
  requestBody?: { content: Record<string, { schema: ApiSchema }> };
  parameters?: { in?: string; name?: string }[];
}

const ROOT_PAGES = ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md", "AGENTS.md"];

/** Code such as `channels[command](clientId)` is not a link. */
const withoutCode = (markdown: string): string => markdown.replace(/^```.*?^```$/gms, "");

/** Anchors as GitHub generates them. */
const headings = (markdown: string): string[] =>
  [...markdown.matchAll(/^#+ (.+)$/gm)].map(([, text = ""]) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
