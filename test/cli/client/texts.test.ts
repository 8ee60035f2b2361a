// Texts that commands read from files and print from a server.

import { afterAll, beforeAll, expect, spyOn, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Commands, runCli } from "../../../src/cli/cli.ts";
import { createClientCommands } from "../../../src/cli/client/commands.ts";

const folder = mkdtempSync(join(tmpdir(), "heddle-texts-"));
const commands = { version: "1", ...createClientCommands() } as unknown as Commands;
const CLEARS = "\u001b[2J\u009b1mfine\u0007";
let stored: string[] = [];
let server: ReturnType<typeof Bun.serve>;

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const headers = { "x-request-id": "r1" };
      const { pathname } = new URL(request.url);
      if (pathname === "/api/v1/documents") {
        stored.push(((await request.json()) as { content: string }).content);
        return Response.json({ id: "d1" }, { headers });
      }
      if (pathname === "/api/v1/sessions") return Response.json({ session_id: "s1" }, { headers });
      if (pathname.endsWith("/messages")) return Response.json({ task_id: "t1" }, { headers });
      if (pathname === "/api/v1/tasks/t1")
        return Response.json({ status: "complete", result: CLEARS }, { headers });
      return Response.json({ error: { code: "not_found", message: `No ${CLEARS}.` } }, { status: 404 });
    },
  });
});
afterAll(async () => {
  await server.stop(true);
  rmSync(folder, { recursive: true, force: true });
});

async function run(...argv: string[]) {
  const out = spyOn(console, "log").mockImplementation(() => {});
  const err = spyOn(process.stderr, "write").mockImplementation(() => true);
  try {
    const at = ["--home", folder, "--url", server.url.origin, "--api-key", "key"];
    const code = await runCli([...argv, ...at], commands);
    return { code, out: out.mock.calls.join("\n"), err: err.mock.calls.map(([text]) => text).join("") };
  } finally {
    out.mockRestore();
    err.mockRestore();
  }
}

const file = (name: string, content: string | Buffer): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

test("a file that is not a text is refused instead of being stored with other characters", async () => {
  expect(await run("ingest", file("good.md", "Grüße"))).toMatchObject({ code: 0, out: "d1" });
  for (const [name, bytes] of [
    ["latin1.txt", Buffer.from("Grüße", "latin1")],
    ["utf16.txt", Buffer.from("\uFEFFGrüße", "utf16le")],
    ["form.pdf", Buffer.from("%PDF-1.7\n\xe2\xe3\xcf\xd3\0", "latin1")],
  ] as const) {
    const path = file(name, bytes);
    expect(await run("ingest", path)).toMatchObject({
      code: 1,
      err: `heddle: ${path} must be a text in UTF-8.\n`,
    });
  }
  expect(stored).toEqual(["Grüße"]);
  stored = [];
});

test("what a model or a server writes cannot control the terminal", async () => {
  expect(await run("ask", "Hello")).toMatchObject({ code: 0, out: "[2J1mfine" });
  expect(await run("replay", "x")).toMatchObject({ code: 1 });
  expect(await run("search", "x")).toMatchObject({ code: 1, err: "heddle: No [2J1mfine.\n" });
});
