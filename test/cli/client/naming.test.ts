// Ids on the command line that the server does not know: each command says where the ids are found.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ArgsDef, CommandDef } from "citty";
import { type Commands, mainCommand, runCli } from "../../../src/cli/cli.ts";
import { createClientCommands } from "../../../src/cli/client/commands.ts";
import { embeddedDatabase } from "../../database.ts";
import { createHttpFixture, STATIC_KEY, UNKNOWN_ID } from "../../http/fixture.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-naming-"));
const open = embeddedDatabase();
const commands = { version: "1", ...createClientCommands() } as unknown as Commands;
let server: ReturnType<typeof Bun.serve>;
beforeAll(async () => {
  const http = await createHttpFixture(await open());
  server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: http.fetch });
  writeFileSync(join(folder, "body.json"), "{}");
});
afterAll(async () => {
  await server.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

/** What the command writes to standard error. */
async function errorOf(argv: string[]): Promise<string> {
  const written: string[] = [];
  const { write } = process.stderr;
  process.stderr.write = (text: string | Uint8Array) => written.push(String(text)) > 0;
  const at = ["--home", folder, "--url", server.url.origin, "--api-key", STATIC_KEY];
  const code = await runCli([...argv, ...at], commands).finally(() => {
    process.stderr.write = write;
  });
  const message = written
    .join("")
    .split("\n")
    .findLast((line) => line.startsWith("heddle: "));
  return `${code} ${message}`;
}

const SCHEDULE = ["--name", "x", "--every", "60"];
/** By the command and its argument: the kind, the command up to the id and after it, and where ids are listed. */
const UUIDS: Record<string, [kind: string, before: string[], after: string[], listed: string]> = {
  "approvals approve id": ["approval", ["approvals", "approve"], [], "heddle approvals list"],
  "approvals deny id": ["approval", ["approvals", "deny"], [], "heddle approvals list"],
  "fixture id": ["run or webhook", ["fixture"], [], "pages Runs and Inbox"],
  "replay id": ["webhook", ["replay"], [], "page Inbox"],
  "schedules create channel": [
    "channel",
    ["schedules", "create", "x", "--channel"],
    SCHEDULE,
    "page Channels",
  ],
  "schedules delete id": ["schedule", ["schedules", "delete"], [], "heddle schedules list"],
  "schedules pause id": ["schedule", ["schedules", "pause"], [], "heddle schedules list"],
  "schedules resume id": ["schedule", ["schedules", "resume"], [], "heddle schedules list"],
  "schedules run id": ["schedule", ["schedules", "run"], [], "heddle schedules list"],
  "schedules show id": ["schedule", ["schedules", "show"], [], "heddle schedules list"],
};
const NAMES: typeof UUIDS = {
  "ask bot": ["bot", ["ask", "Hello", "--bot"], [], "page Bots"],
  "mcp login id": ["MCP server", ["mcp", "login"], [], "heddle mcp list"],
  "mcp test id": ["MCP server", ["mcp", "test"], [], "heddle mcp list"],
  "providers models id": ["provider", ["providers", "models"], [], "heddle providers list"],
  "providers remove id": ["provider", ["providers", "remove"], [], "heddle providers list"],
  "providers test id": ["provider", ["providers", "test"], [], "heddle providers list"],
  "receive integration": ["integration", ["receive"], [join(folder, "body.json")], "page Integrations"],
};
/** Ids that are made up, that filter or name a folder, and those of other tests: `heddle chat` reads a terminal. */
const OTHERS = [
  "chat bot",
  "ingest integration",
  "install integration",
  "keys revoke id",
  "new name",
  "providers add id",
  "receive delivery",
  "receive path",
  "search integration",
];

test.each(Object.entries(UUIDS))("%s: an id of another form, and one that is not there", async (_, one) => {
  const [kind, before, after, listed] = one;
  const other = await errorOf([...before, "nothing", ...after]);
  expect(other).toContain(`1 heddle: The ${kind}'s id must be a UUID such as `);
  expect(other).toContain(`; got "nothing". `);
  expect(other).toContain(listed);
  const gone = await errorOf([...before, UNKNOWN_ID, ...after]);
  expect(gone).toContain(`1 heddle: There is no ${kind} "${UNKNOWN_ID}". `);
  expect(gone).toContain(listed);
});

test.each(Object.entries(NAMES))("%s: a name that is not there", async (_, [kind, before, after, listed]) => {
  const gone = await errorOf([...before, "nothing", ...after]);
  expect(gone).toContain(`1 heddle: There is no ${kind} "nothing". `);
  expect(gone).toContain(listed);
});

test("every argument that is an id is among them", () => {
  const ids = (command: CommandDef, path: string[]): string[] => {
    const below = Object.entries((command.subCommands ?? {}) as Record<string, CommandDef>);
    const own = Object.entries((command.args ?? {}) as ArgsDef).filter(([, { description }]) =>
      /\bids?\b/i.test(description ?? ""),
    );
    return [
      ...own.map(([name]) => [...path, name].join(" ")),
      ...below.flatMap(([word, one]) => ids(one, [...path, word])),
    ];
  };
  const known = [...Object.keys(UUIDS), ...Object.keys(NAMES), ...OTHERS];
  expect(ids(mainCommand(commands) as CommandDef, []).toSorted()).toEqual(known.toSorted());
});
