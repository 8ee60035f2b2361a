// Stores a secret as a setting of one integration, which uses it in every way that could leak it: logged, thrown,
// delivered with an error, returned by a tool, sent by a webhook, printed by a process. Then it searches everything
// that the server shows, and everything that another integration can see.

import { afterAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { oneDatabase } from "../database.ts";
import { temporaryFolder } from "../integrations/harness.ts";
import { fakeEndpoint, refuses } from "../providers/fake-endpoint.ts";
import { until } from "../until.ts";
import { crawl, createAsk, createSearch } from "./canary.ts";
import { ADMIN_KEY, killAll, launch } from "./process.ts";

/** Unique, including all its parts. */
const CANARY = `Zq7'"\\ü/${crypto.randomUUID()}`;
const REFUSED = `Rf4-${crypto.randomUUID()}`;

const DEFAULT = `Df5-${crypto.randomUUID()}`;

/** Of a provider, whose endpoint repeats them in each error. */
const MODEL_KEY = `Mk6-${crypto.randomUUID()}`;
const HEADER = `Hd7-${crypto.randomUUID()}`;

const FILES = {
  "keeper/config.ts": `import { defineConfig, t } from "heddle/sdk";
export const settings = defineConfig({
  KEEPER_CREDENTIAL: t.String({ secret: true, default: "" }),
  KEEPER_PIN: t.Integer({ secret: true, default: 1 }),
});
`,
  // Only the manifest says that this setting is secret.
  "keeper/setup.ts": `import { defineSetup } from "heddle/sdk";
export const SETUP = defineSetup({
  env_vars: [{ key: "KEEPER_PHRASE", secret: true }, { key: "KEEPER_CREDENTIAL", required: true }],
  webhook: { path: "/webhook", verifier: { scheme: "bearer", secret: "KEEPER_CREDENTIAL" } },
  dashboard_modules: [{ id: "leaky", label: "Leaky" }],
});
`,
  "keeper/router.ts": `import { Elysia, injectMessage, getOrCreateSession, log, verifyBearer } from "heddle/sdk";
import { settings } from "./config.ts";
export const router = new Elysia()
  .get("/length", () => ({ length: settings.KEEPER_CREDENTIAL.length }))
  .get("/log", () => {
    log.info("It is " + settings.KEEPER_CREDENTIAL, { credential: settings.KEEPER_CREDENTIAL });
    console.log("It is", settings.KEEPER_CREDENTIAL, { credential: settings.KEEPER_CREDENTIAL });
    console.error(new Error("It is " + settings.KEEPER_CREDENTIAL));
    return "logged";
  })
  .get("/print", async () => {
    process.stderr.write("Printed " + settings.KEEPER_CREDENTIAL + "\\n");
    for (const half of [settings.KEEPER_CREDENTIAL.slice(0, 20), settings.KEEPER_CREDENTIAL.slice(20) + "\\n"])
      process.stderr.write(half);
    await Bun.write(Bun.stderr, "Written " + settings.KEEPER_CREDENTIAL + "\\n");
    return "printed";
  })
  .get("/throw", () => { throw new Error("No access with " + settings.KEEPER_CREDENTIAL); })
  .get("/mc/leaky/data", () => { throw new Error("No data with " + settings.KEEPER_CREDENTIAL); })
  .post("/webhook", async ({ request }) => {
    await verifyBearer(request, settings.KEEPER_CREDENTIAL);
    return "came";
  });
`,
  "keeper/dispatcher.ts": `import { Permanent, registerDispatcher } from "heddle/sdk";
import { settings } from "./config.ts";
registerDispatcher("keeper", {
  deliver() { throw new Permanent("Refused with " + settings.KEEPER_CREDENTIAL); },
});
`,
  "keeper/tools/tell.ts": `import { register } from "heddle/sdk";
import { settings } from "../config.ts";
register({ name: "keeper_tell", description: "Tells." }, () => "It is " + settings.KEEPER_CREDENTIAL);
register({ name: "keeper_hand", description: "Hands over." }, () => ({
  message: "Handed over.",
  client_action: { [settings.KEEPER_CREDENTIAL]: "It is " + settings.KEEPER_CREDENTIAL },
}));
`,
  "keeper/process.ts": `export const DESCRIPTION = "Prints"; export const CMD = ["bun", "print.ts"]; export const REQUIRED_ENV = ["KEEPER_CREDENTIAL"];`,
  "keeper/print.ts": `console.log("mine " + process.env.KEEPER_CREDENTIAL + " " + process.env.KEEPER_CREDENTIAL?.length);
console.error(JSON.stringify(process.env));
setInterval(() => {}, 1000);
`,
  // Fails to load once it has its secret, with an error.
  "brittle/setup.ts": `export const SETUP = {
  env_vars: [{ key: "BRITTLE_WORD", secret: true, default: "${DEFAULT}" }],
};
`,
  "brittle/config.ts": `import { defineConfig, t } from "heddle/sdk";
export const settings = defineConfig({ BRITTLE_TOKEN: t.String({ default: "" }) });
`,
  "brittle/tools/a.ts": `import { settings } from "../config.ts";
if (settings.BRITTLE_TOKEN) throw new Error("Cannot start with " + settings.BRITTLE_TOKEN);
`,
  // Declares the same keys, and looks everywhere it can.
  "curious/config.ts": `import { defineConfig, t } from "heddle/sdk";
export const settings = defineConfig({ KEEPER_CREDENTIAL: t.Optional(t.String()), KEEPER_PHRASE: t.Optional(t.String()) });
`,
  "curious/router.ts": `import { Elysia } from "heddle/sdk";
import { settings } from "./config.ts";
export const router = new Elysia().get("/seen", () => ({ settings: { ...settings }, environment: process.env }));
`,
  "curious/process.ts": `export const DESCRIPTION = "Looks"; export const CMD = ["bun", "look.ts"];`,
  "curious/look.ts": `console.log("seen " + JSON.stringify(process.env));
setInterval(() => {}, 1000);
`,
};

oneDatabase("a secret of one integration", (open) => {
  afterAll(killAll);

  test("appears in no log line, response, error or document, and is not found by another integration", async () => {
    await using folder = await temporaryFolder();
    await folder.write(FILES);
    const database = await open.place();
    const heddle = launch({
      arguments: ["--port", "0"],
      environment: {
        HEDDLE_HOME: database.home,
        ...(database.databaseUrl && { DATABASE_URL: database.databaseUrl }),
        INTEGRATION_DIRS: folder.path,
        LOG_LEVEL: "debug",
        LOG_FORMAT: "json",
        PATH: process.env.PATH ?? "",
      },
    });
    const url = await heddle.started;
    const search = createSearch([CANARY, REFUSED, DEFAULT, MODEL_KEY, HEADER]);
    const ask = createAsk(url, ADMIN_KEY, search);
    const json = async (method: string, path: string, body?: unknown) =>
      JSON.parse((await ask(method, path, body)).text);
    const admin = "/api/v1/admin/integrations";
    await until(
      () => json("GET", admin),
      ({ integrations }) =>
        ["keeper", "curious", "brittle"].every((id) =>
          integrations.some((one: { id: string; is_live: boolean }) => one.id === id && one.is_live),
        ),
    );

    // Store it, show it masked, and trigger several rejections.
    const store = (settings: unknown) => ask("PUT", `${admin}/keeper/settings`, { settings });
    expect((await store({ KEEPER_CREDENTIAL: CANARY, KEEPER_PHRASE: CANARY })).status).toBe(200);
    expect((await store({ KEEPER_PIN: REFUSED })).status).toBe(422);
    expect((await store({ KEEPER_CREDENTAIL: REFUSED })).status).toBe(422);
    expect((await store({ KEEPER_CREDENTIAL: [REFUSED] })).status).toBe(422);
    expect((await ask("PUT", `${admin}/keeper/settings`, `{"settings": "${REFUSED}`)).status).toBe(400);
    expect((await ask("PUT", `${admin}/nobody/settings`, { settings: { A: REFUSED } })).status).toBe(404);
    const { settings } = await json("GET", `${admin}/keeper/settings`);
    expect(settings.map(({ value }: { value: string }) => value)).toEqual([
      `********${CANARY.slice(-4)}`,
      "********",
      `********${CANARY.slice(-4)}`,
    ]);

    const stored = { BRITTLE_TOKEN: CANARY };
    expect((await ask("PUT", `${admin}/brittle/settings`, { settings: stored })).status).toBe(200);
    expect((await json("POST", `${admin}/brittle/reload`)).error.reason).toBe("Cannot start with [redacted]");

    // Use it: each of these handles the secret.
    expect(await json("GET", "/integrations/keeper/length")).toEqual({ length: CANARY.length });
    expect((await ask("GET", "/integrations/keeper/log")).text).toBe("logged");
    expect((await ask("GET", "/integrations/keeper/print")).text).toBe("printed");
    expect((await ask("GET", "/integrations/keeper/throw")).status).toBe(500);
    const validated = await json("POST", `${admin}/keeper/dashboard-modules/leaky/validate`);
    expect(validated.valid).toBe(false);
    const webhook = (authorization: string) =>
      fetch(`${url}/integrations/keeper/webhook?token=${encodeURIComponent(CANARY)}`, {
        method: "POST",
        headers: { authorization, "x-more": encodeURIComponent(CANARY), "content-type": "application/json" },
        body: JSON.stringify({ echoed: CANARY }),
      });
    search.look("a refused webhook", await (await webhook("Bearer wrong")).text());
    search.look(
      "a webhook",
      await (await webhook(`Bearer ${Buffer.from(CANARY).toString("latin1")}`)).text(),
    );

    const { session_id } = await json("POST", "/api/v1/sessions", {
      client_id: "keeper:a",
      bot_id: "default",
    });
    const { task_id } = await json("POST", `/api/v1/sessions/${session_id}/messages`, {
      content: "/keeper_tell {}\n/keeper_hand {}",
      run_agent: true,
      dispatch_config: { type: "keeper" },
      execution_config: { tools: ["keeper_tell", "keeper_hand"] },
    });
    const { deliveries } = await until(
      () => json("GET", `/api/v1/deliveries?task_id=${task_id}`),
      ({ deliveries }) => deliveries.some(({ status }: { status: string }) => status === "dead"),
    );
    // It was really present and redacted, so these channels would have leaked it.
    expect(deliveries[0].last_error).toBe("Refused with [redacted]");
    expect((await json("GET", `/api/v1/tasks/${task_id}`)).result).toContain("It is [redacted]");

    const linesOf = async (id: string) =>
      (await json("GET", `${admin}/${id}/process/logs`)).lines.map(({ text }: { text: string }) => text);
    const printed = await until(
      () => linesOf("keeper"),
      (lines) => lines.some((line: string) => line.startsWith("mine")),
    );
    expect(printed.join("\n")).toContain(`mine [redacted] ${CANARY.length}`);
    const looked = await until(
      () => linesOf("curious"),
      (lines) => lines.some((line: string) => line.startsWith("seen")),
    );
    expect(looked.join("\n")).toContain("HEDDLE_API_KEY");
    expect(looked.join("\n")).not.toContain("KEEPER_");

    // A provider that repeats its key: in a test, in the list of its models, and in a run.
    await using endpoint = await fakeEndpoint(({ headers }) =>
      refuses(401, `No ${headers.authorization} of ${headers["x-team"]}`),
    );
    const provider = { id: "echo", adapter: "chat_completions", base_url: endpoint.url, default_model: "m" };
    const secrets = { api_key: MODEL_KEY, headers: { "x-team": HEADER } };
    expect((await ask("POST", "/api/v1/admin/providers", { ...provider, ...secrets })).status).toBe(201);
    expect((await ask("POST", "/api/v1/admin/providers", { ...provider, ...secrets })).status).toBe(409);
    const tested = await json("POST", "/api/v1/admin/providers/echo/test", {});
    expect(tested.error).toContain("No Bearer [redacted] of [redacted]");
    expect((await ask("GET", "/api/v1/admin/providers/echo/models")).status).toBe(502);
    await json("POST", "/api/v1/bots", { id: "asker", name: "Asker", model: "echo/m" });
    const asking = { client_id: "keeper:b", bot_id: "asker" };
    const other = await json("POST", "/api/v1/sessions", asking);
    const asked = await json("POST", `/api/v1/sessions/${other.session_id}/messages`, {
      content: "Hi",
      run_agent: true,
    });
    const failed = await until(
      () => json("GET", `/api/v1/tasks/${asked.task_id}`),
      ({ status }) => status === "failed",
    );
    expect(failed.error).toContain("No Bearer [redacted] of [redacted]");

    // What the other integration sees of its own settings.
    const seen = await json("GET", "/integrations/curious/seen");
    expect(Object.keys(seen.environment)).toContain("INTEGRATION_DIRS");
    expect(seen.settings).toEqual({});

    const answered = await crawl(ask, { id: ["keeper", "curious", "brittle", "default", "echo"] });
    expect(answered).toContain(`${admin}/keeper/settings`);
    expect(answered).toContain("/api/v1/admin/providers/echo");
    expect(answered).toContain(`/api/v1/tasks/${task_id}`);
    expect(answered).toContain(`/api/v1/sessions/${session_id}/messages`);
    expect(answered.length).toBeGreaterThan(40);

    const commands = commandsBelow(heddle.pid);
    if (process.platform === "linux") expect(commands.join("\n")).toContain("print.ts");
    for (const command of commands) search.look("a command line", command);

    heddle.kill("SIGTERM");
    expect(await heddle.ended).toBe(0);
    for (const printed of ["It is", "Printed", "Written"])
      expect(heddle.errors()).toContain(`${printed} [redacted]`);
    search.look("the log", heddle.errors());
    // Not in the database either.
    for (const row of await rowsOf(database.databaseUrl)) search.look("a row", row);
    for (const file of filesBelow(join(database.home, "db"))) search.look(file, readFileSync(file, "latin1"));
    expect(search.found).toEqual([]);
  }, 120_000);
});

/** For a PostgreSQL server: every row of every table, as text. */
async function rowsOf(databaseUrl: string | undefined): Promise<string[]> {
  if (!databaseUrl) return [];
  const sql = postgres(databaseUrl, { max: 1, onnotice: () => undefined });
  const rows: string[] = [];
  for (const { name } of await sql`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname not in ('pg_catalog', 'information_schema')`) {
    for (const { text } of await sql.unsafe(`select one::text as text from ${name} one`)) rows.push(text);
  }
  await sql.end();
  expect(rows.length).toBeGreaterThan(10);
  return rows;
}

/** The command lines of a process's descendants. */
function commandsBelow(pid: number): string[] {
  const threads = existsSync(`/proc/${pid}/task`) ? readdirSync(`/proc/${pid}/task`) : [];
  const children = threads.flatMap((thread) => textOf(`/proc/${pid}/task/${thread}/children`).split(" "));
  return children
    .filter((child) => child !== "")
    .flatMap((child) => [textOf(`/proc/${child}/cmdline`), ...commandsBelow(Number(child))]);
}

/** Contents of a /proc file, whose process may have ended meanwhile. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}
