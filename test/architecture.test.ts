// Which part may import which. A new part of src/ gets a line here, with a reason for its place.

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative, resolve } from "node:path";
import { parseSync } from "oxc-parser";

const repository = resolve(import.meta.dirname, "..");

/** Parts that every part may import. Among each other, they may import only what the table below says. */
const FOUNDATION = [
  "access/scopes.ts",
  "runtime/activity.ts",
  "runtime/durable-file.ts",
  "runtime/end-process.ts",
  "errors.ts",
  "every.ts",
  "content/front-matter.ts",
  "growing-text.ts",
  "ids.ts",
  "runtime/absent.ts",
  "runtime/packages.ts",
  "runtime/importable-path.ts",
  "runtime/links.ts",
  "runtime/on-demand.ts",
  "hops.ts",
  "runtime/line-writer.ts",
  "log-error.ts",
  "log-buffer.ts",
  "log-frames.ts",
  "log-text.ts",
  "log.ts",
  "memo.ts",
  "content/owned-registry.ts",
  "redact.ts",
  "schema",
  "sdk/json.ts",
  "secrets/names.ts",
  "db/storable.ts",
  "cli/stray-code.ts",
  "runtime/stray-output.ts",
  "content/tags.ts",
  "runtime/watch-folders.ts",
  "content/yaml-text.ts",
  "unpack.ts",
  "within.ts",
];

/** Along the path of a message: http → sessions → queue → worker → agent → llm, tools → dispatch. */
const MAY_IMPORT: Record<string, string[]> = {
  "main.ts": ["*"],
  // Creates the parts and passes each what it needs.
  compose: ["*"],
  // The command line; client/ is the part that talks to a running server.
  cli: ["access", "authoring", "config", "db", "runtime", "secrets"],
  // Combines the two entrances: requests to Heddle itself, and requests that integrations answer.
  "http/app.ts": ["http", "http/api", "http/gateway", "http/mcp", "http/openai", "http/web"],
  // The MCP server.
  "http/mcp": ["access", "capabilities", "chat", "http", "http/api", "mcp", "sdk", "sessions"],
  // The OpenAI-compatible API.
  "http/openai": ["attachments", "chat", "content/bots", "db", "http", "http/api", "sdk", "search"],
  // Serves the admin UI's files.
  "http/web": ["http"],
  // The admin UI: it runs in browsers and knows the server only through its API.
  web: [],
  "http/api": [
    "access",
    "acp",
    "approvals",
    "attachments",
    "budgets",
    "capabilities",
    "channels",
    "chat",
    "content",
    "content/*",
    "db",
    "dispatch",
    "events",
    "http",
    "http/gateway",
    "http/web",
    "inbox",
    "integrations/*",
    "evals",
    "listeners",
    "llm",
    "mcp",
    "memory",
    "oauth",
    "people",
    "policies",
    "processes",
    "providers",
    "repairs",
    "schedules",
    "sdk",
    "search",
    "secrets",
    "sessions",
    "transcription",
    "usage",
    "workspace",
  ],
  "http/gateway": ["access", "db", "http", "inbox", "integrations/*", "sdk", "secrets", "sessions"],
  // The edge: parses a request's target once, identifies the sender and the key, and answers errors.
  http: ["access", "db", "sdk"],
  // Who may call, and what they may do.
  access: ["db"],
  authoring: ["agent", "config", "content/bots", "dispatch", "integrations/*", "llm", "runtime", "sdk"],
  processes: ["db", "integrations/*", "runtime", "sdk"],
  // Loops in which integrations listen to their services, and the state of their connections.
  listeners: ["db", "integrations/*", "sdk"],
  inbox: ["db", "sdk", "secrets"],
  // From a folder on disk to a live integration: discovery, review, manifest, loading, registration.
  "integrations/discovery": ["content", "runtime", "sdk"],
  "integrations/review": ["db", "integrations/discovery", "runtime", "sdk", "workspace"],
  "integrations/manifest": ["integrations/discovery", "sdk"],
  "integrations/routing": ["integrations/manifest", "runtime", "sdk"],
  "integrations/settings": ["db", "integrations/manifest", "runtime", "sdk", "secrets"],
  "integrations/loading": [
    "content",
    "content/*",
    "db",
    "guarded-fetch",
    "inbox",
    "integrations/discovery",
    "integrations/manifest",
    "integrations/review",
    "integrations/routing",
    "integrations/settings",
    "listeners",
    "people",
    "runtime",
    "sdk",
    "search",
    "sessions",
    "workspace",
  ],
  "integrations/registry": [
    "content/*",
    "integrations/discovery",
    "integrations/loading",
    "integrations/manifest",
    "integrations/review",
    "integrations/routing",
    "integrations/settings",
    "runtime",
    "sdk",
  ],
  sessions: ["attachments", "channels", "db", "dispatch", "inbox", "queue", "sdk", "secrets", "taint"],
  // Messages at certain times: rows that are looked for, never chains of jobs.
  schedules: ["db", "dispatch", "sdk", "taint"],
  channels: ["content/bots", "db", "dispatch", "sdk", "secrets"],
  worker: ["agent", "db", "dispatch", "queue", "schedules", "sdk", "sessions", "taint"],
  // A message sent and its run followed to the end.
  // What a client brings with it is text from outside.
  chat: ["attachments", "db", "events", "sdk", "secrets", "sessions", "taint"],
  // Results of evals, as they were stored.
  evals: ["db"],
  // What runs may spend: reserved before each call of a model, settled by the statement that records it.
  budgets: ["db", "llm"],
  // What happens, for those who watch: written by triggers and by runs, read by the API.
  events: ["db"],
  agent: [
    "attachments",
    "budgets",
    "capabilities",
    "db",
    "events",
    "hooks",
    "llm",
    "memory",
    "policies",
    "sdk",
    "secrets",
    "content/skills",
    "taint",
  ],
  dispatch: ["db", "guarded-fetch", "queue", "sdk", "secrets"],
  // Files that come with messages.
  attachments: ["db", "sdk"],
  // Calls that wait for a person, and what is decided about them.
  approvals: ["db", "dispatch", "policies", "queue", "sessions"],
  // Rules about calls of tools: what is allowed, forbidden, or left to a person.
  policies: ["capabilities", "db", "sdk"],
  // People of services, and whom of them the operator trusts.
  people: ["db", "secrets"],
  // What bots remember: versions, reviews, search, and files for people.
  memory: ["db", "search", "taint"],
  // Whether a conversation contains text of strangers; asked by whatever keeps what a bot makes of it.
  taint: ["db"],
  search: ["db", "sdk", "taint"],
  // What makes vectors of texts for search: the embedder inside Heddle, and endpoints.
  embeddings: ["llm", "search"],
  // Tools and prompts of a run in addition to its bot's own: declared in files, activated for each channel.
  capabilities: ["content/bots", "content/carapaces", "content/skills", "content/templates", "db"],
  // Content declared in files: read from folders into registries.
  content: ["content/bots", "content/carapaces", "content/skills", "content/templates"],
  "content/bots": ["content/skills", "db"],
  "content/carapaces": ["content/skills"],
  "content/skills": [],
  "content/templates": [],
  workspace: ["db"],
  queue: ["db"],
  // These import nothing on the message's path.
  hooks: ["guarded-fetch", "sdk", "secrets"],
  llm: [],
  transcription: ["hooks", "llm"],
  // The endpoints with models that a server knows, and what is known of their models.
  usage: ["db"],
  // What needs a person: looks at integrations and at rows, and changes nothing.
  repairs: ["budgets", "db", "integrations/*", "listeners", "oauth"],
  // The servers whose tools bots may get, and the server that other programs get tools of.
  // Coding agents that bots have work for them: their tools, started as programs of MCP servers are, asking like policies do.
  acp: [...["agent", "db", "declared", "llm", "mcp", "policies", "runtime", "sdk", "secrets", "workspace"]],
  // What the operator declares in a file of the home folder, beside what is stored.
  declared: ["content", "runtime"],
  mcp: [
    "agent",
    "capabilities",
    "db",
    "declared",
    "guarded-fetch",
    "oauth",
    "processes",
    "runtime",
    "sdk",
    "secrets",
  ],
  // Signing in at services, for MCP servers and for integrations: the tokens, and people on their way.
  oauth: ["db", "guarded-fetch", "sdk", "secrets"],
  providers: ["db", "guarded-fetch", "llm", "sdk", "secrets"],
  db: ["runtime"],
  runtime: [],
  sdk: [],
  "guarded-fetch": ["sdk"],
  secrets: ["config", "db"],
  // What the machine's owner decides: variables, flags, the home folder, and the command line's access.
  // The public address may be stored.
  config: ["db", "runtime", "secrets"],
  "access/scopes.ts": ["schema"],
  "runtime/activity.ts": [],
  "runtime/durable-file.ts": [],
  "runtime/end-process.ts": [],
  "errors.ts": [],
  "every.ts": [],
  "content/front-matter.ts": [],
  "ids.ts": [],
  "runtime/importable-path.ts": [],
  "runtime/links.ts": [],
  "runtime/on-demand.ts": [],
  "hops.ts": [],
  "runtime/line-writer.ts": [],
  "log-buffer.ts": [],
  "log-error.ts": [],
  "log-frames.ts": [],
  "log-text.ts": [],
  "log.ts": [],
  "memo.ts": [],
  "content/owned-registry.ts": [],
  "redact.ts": ["secrets"],
  schema: [],
  "sdk/json.ts": [],
  "secrets/names.ts": [],
  "db/storable.ts": [],
  "cli/stray-code.ts": [],
  "runtime/stray-output.ts": [],
  "content/tags.ts": [],
  "runtime/absent.ts": [],
  "runtime/packages.ts": [],
  "runtime/watch-folders.ts": [],
  "content/yaml-text.ts": [],
  "growing-text.ts": [],
  "unpack.ts": [],
  "within.ts": [],
};

/** Words that only some places may use outside of comments. */
const WORDS = [
  // An author's test starts the command in CMD without any of Heddle's runtime.
  {
    word: /\b(Bun|Deno)\.|"bun(:\w+)?"|\bimport\.meta\.dir\b/,
    only: /^src\/(runtime|sdk\/testing-process)\//,
  },
  { word: /\bprocess\.env\b/, only: /^src\/(config|sdk|runtime)\// },
  // Waits with a time limit use within(), which leaves no timer behind; pauses use node:timers/promises.
  { word: /\bPromise\.race\(/, only: /^src\/within\.ts$/ },
  { word: /\bnew Promise\S*\(\(resolve\) => setTimeout/, only: /^$/ },
];

const IMPORT = /(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g;
const COMMENT = /\/\*.*?\*\/|(?<=^|\s)\/\/[^\n]*/gs;

type Named = { name?: string } | null | undefined;

const MOST_LINES = 300;
const MOST_FUNCTION_LINES = 80;

/** Files and functions (`path name`) that may be longer, each with a reason. */
const LONGER: Record<string, string> = {
  "src/db/schema.ts": "one table after another, which refer to each other",
  "src/sdk/index.ts": "one export after another, each with the comment that editors show",
  "src/cli/cli.ts mainCommand": "the command line as one declaration",
  "src/cli/cli-authoring.ts authoringCommands": "the same for authors",
  "src/http/api/api.ts createApi": "mounts one group of routes after another",
  "src/http/api/routes/admin/integration-actions.ts adminActionRoutes": "one route declaration after another",
  "src/http/api/routes/admin/integrations.ts adminIntegrationRoutes": "one route declaration after another",
  "src/http/api/routes/admin/processes.ts processRoutes": "one route declaration after another",
  "src/http/api/routes/budgets.ts budgetRoutes": "one route declaration after another",
  "src/http/api/routes/channel-bindings.ts channelBindingRoutes": "one route declaration after another",
  "src/http/api/routes/channels.ts channelRoutes": "one route declaration after another",
  "src/http/api/routes/schedules.ts settingUp": "one route declaration after another",
  "src/http/api/routes/workspace-files.ts workspaceFileRoutes": "one route declaration after another",
  "src/http/api/routes/sessions.ts sessionRoutes": "one route declaration after another",
};

/**
 * Returns what is too long in a file. A function is measured without its inner functions, which are measured
 * separately.
 */
function tooLong(path: string, text: string): string[] {
  const lineAt = lineFinder(text);
  const found: string[] = [];
  const lines = text.split("\n").length - 1;
  if (lines > MOST_LINES) found.push(path);
  /** Returns how many lines the outermost functions within the node have. */
  const measure = (node: unknown, given: string): number => {
    if (Array.isArray(node)) return node.reduce((sum: number, one) => sum + measure(one, given), 0);
    if (typeof node !== "object" || node === null) return 0;
    const { type, id, key, start, end } = node as Record<string, unknown> & { start: number; end: number };
    const name = (id as Named)?.name ?? (key as Named)?.name ?? given;
    const inside = measure(Object.values(node), name);
    if (!/^(Function|ArrowFunction)/.test(String(type))) return inside;
    const whole = lineAt(end) - lineAt(start) + 1;
    if (whole - inside > MOST_FUNCTION_LINES) found.push(`${path} ${name}`);
    return whole > 1 ? whole : 0;
  };
  measure(parseSync(path, text).program, "");
  return found;
}

function lineFinder(text: string): (offset: number) => number {
  const lines = new Uint32Array(text.length + 1);
  let line = 1;
  for (let offset = 0; offset <= text.length; offset += 1) {
    lines[offset] = line;
    if (text[offset] === "\n") line += 1;
  }
  return (offset) => lines[offset] ?? line;
}

/** Returns one line per violation. `path` is relative to the repository. */
function violations(path: string, text: string): string[] {
  const source = text.replace(COMMENT, "");
  const imports = [...source.matchAll(IMPORT)].map(([, specifier]) => specifier ?? "");
  const paths = imports.filter((name) => name.startsWith(".")).map((name) => posix.join(dirname(path), name));
  if (path.startsWith("integrations/")) {
    const home = path.split("/", 2).join("/");
    // Folders that begin with "_" are code that integrations share.
    const isAllowed = (to: string) => to.startsWith(`${home}/`) || to.startsWith("integrations/_");
    return paths.filter((to) => !isAllowed(to)).map((to) => `${path} imports ${to}`);
  }
  const part = partOf(path);
  const allowed = MAY_IMPORT[part];
  if (!allowed) return [`${part} is not in the table`];
  const known = [part, ...allowed, ...FOUNDATION].flatMap(partsNamed);
  const wrongImports = paths.filter((to) => !to.startsWith("src/") || !known.includes(partOf(to)));
  const wrongWords = WORDS.filter(({ word, only }) => word.test(source) && !only.test(path));
  return [
    ...wrongImports.map((to) => `${path} imports ${to}`),
    ...wrongWords.map(({ word }) => `${path} says ${word.exec(source)?.[0]}`),
  ];
}

/** Returns the table's key for a file: the file itself, its wing (two folders deep), or its folder. */
function partOf(path: string): string {
  const [first = "", second = ""] = path.split("/").slice(1);
  const candidates = [path.split("/").slice(1).join("/"), `${first}/${second}`];
  return candidates.find((name) => FOUNDATION.includes(name) || name in MAY_IMPORT) ?? first;
}

/** "*" matches every part, "integrations/*" every room of a wing. */
function partsNamed(name: string): string[] {
  if (!name.endsWith("*")) return [name];
  return Object.keys(MAY_IMPORT).filter((part) => part.startsWith(name.slice(0, -1)));
}

function sourceFiles(folder: string): string[] {
  const entries = readdirSync(join(repository, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(repository, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes("node_modules") && !path.endsWith(".gen.ts"));
}

test("every import and every restricted word is allowed by the table", () => {
  const files = [...sourceFiles("src"), ...sourceFiles("integrations")];
  expect(files.length).toBeGreaterThan(50);
  const found = files.flatMap((path) => violations(path, readFileSync(join(repository, path), "utf8")));
  expect(found).toEqual([]);
});

test("the table names only existing parts", () => {
  const parts = new Set(sourceFiles("src").map(partOf));
  expect(Object.keys(MAY_IMPORT).filter((part) => !parts.has(part))).toEqual([]);
});

test("no file and no function is too long without a reason", () => {
  const found = sourceFiles("src").flatMap((path) =>
    tooLong(path, readFileSync(join(repository, path), "utf8")),
  );
  expect(found.filter((name) => !(name in LONGER))).toEqual([]);
  // An exception that is no longer needed must be removed.
  expect(Object.keys(LONGER).filter((name) => !found.includes(name))).toEqual([]);
});

test("long files and functions are found; an outer function is measured without its inner ones", () => {
  const body = (count: number) => "  call();\n".repeat(count);
  const inner = `  const inner = () => {\n${body(70)}  };\n`;
  expect(tooLong("src/a.ts", `function short() {\n${body(70)}}\n`)).toEqual([]);
  expect(tooLong("src/a.ts", `function outer() {\n${inner}${body(70)}}\n`)).toEqual([]);
  expect(tooLong("src/a.ts", `function long() {\n${body(90)}}\n`)).toEqual(["src/a.ts long"]);
  expect(tooLong("src/a.ts", `const long = () => {\n${body(90)}};\n`)).toEqual(["src/a.ts long"]);
  expect(tooLong("src/a.ts", body(301))).toEqual(["src/a.ts"]);
});

test("the check finds forbidden imports and words", () => {
  const wrong: [path: string, text: string][] = [
    ["src/llm/a.ts", 'import { x } from "../agent/loop.ts";'],
    ["src/llm/a.ts", 'const x = await import("../db/open.ts");'],
    ["src/db/a.ts", 'import type { X } from "../../integrations/github/index.ts";'],
    ["src/newcomer/a.ts", "export {};"],
    ["src/newcomer.ts", "export {};"],
    ["src/db/a.ts", 'import { Database } from "bun:sqlite";'],
    ["src/db/a.ts", "await Bun.write(path, text);"],
    ["src/db/a.ts", "process.env.DATABASE_URL"],
    ["integrations/a/b/c.ts", 'import { x } from "../../../src/errors.ts";'],
    ["integrations/a/c.ts", 'import { x } from "../b/c.ts";'],
  ];
  for (const [path, text] of wrong)
    expect([path, text, violations(path, text).length]).toEqual([path, text, 1]);
  const right =
    'import { x } from "../errors.ts"; // Bun.write\nimport { y } from "./b.ts"; const u = "http://a";';
  expect(violations("src/db/a.ts", right)).toEqual([]);
  expect(violations("src/runtime/a.ts", "Bun.write")).toEqual([]);
  expect(violations("integrations/a/b/c.ts", 'import { x } from "../c.ts";')).toEqual([]);
});
