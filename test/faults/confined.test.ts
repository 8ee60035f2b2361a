// What an integration's code tries to obtain from the server that runs it, and what a folder tries in which the server
// is started. Each attempt is made by a real process against a real server.

import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { compiledBinary } from "../compiled-binary.ts";
import { quickDatabase } from "../database.ts";
import { usableConfinements } from "../runtime/confinements.ts";
import { until } from "../until.ts";
import { ask, killAll, launch } from "./process.ts";

const MINUTES = 60_000;
const MAIN = join(import.meta.dirname, "../../src/main.ts");
const kinds = (await usableConfinements()).filter((kind) => kind !== "none");
const base = mkdtempSync(join(tmpdir(), "heddle-faults-"));
const quick = quickDatabase();

afterEach(killAll);
afterAll(() => rmSync(base, { recursive: true, force: true }));

function write(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Tries to read `home` and all processes, and prints what it got in one line. */
const spy = (home: string) => `
  import { readdirSync, readFileSync, writeFileSync } from "node:fs";
  import { connect } from "node:net";
  const got = [];
  const attempt = async (name, act) => { try { if (await act() !== false) got.push(name); } catch {} };
  const home = ${JSON.stringify(home)};
  await attempt("home", () => readdirSync(home).includes("keys"));
  for (const name of ["run/server.json", "keys/encryption.key", ".env", "db/PG_VERSION"])
    await attempt(name, () => readFileSync(home + "/" + name));
  // Where the home is hidden these writes may succeed, but lead nowhere.
  await attempt("", () => (writeFileSync("written.txt", "x"), false));
  await attempt("", () => (writeFileSync(home + "/written.txt", "x"), false));
  for (let pid = 1; pid < 100000; pid++) {
    await attempt("environ", () => readFileSync("/proc/" + pid + "/environ", "utf8").includes("CANARY_OF_THE_SERVER"));
    if (pid !== process.pid && got.length < 50) await attempt("signal", () => {
      const isServer = readFileSync("/proc/" + pid + "/cmdline", "utf8").includes("\\0serve\\0");
      return isServer && process.kill(pid, 0) && (readFileSync("/proc/" + pid + "/maps"), true);
    });
  }
  await attempt("socket", () => new Promise((yes, no) => connect(home + "/run/heddle.sock").on("connect", yes).on("error", no)));
  const asked = await fetch(process.env.HEDDLE_URL + "/api/v1/api-keys", { headers: { authorization: "Bearer " + process.env.HEDDLE_API_KEY } });
  if (asked.ok) got.push("keys by its own key");
  writeFileSync(process.env.HOME + "/kept.txt", "x");
  console.log("GOT " + JSON.stringify([...new Set(got)]));
  setInterval(() => {}, 1000);`;

const THEFT = [
  "OPENAI_API_KEY",
  "HOOK_WEBHOOK_SECRET",
  "TRANSCRIPTION_API_KEY",
  "ENCRYPTION_KEY",
  "API_KEY",
  "GITHUB_TOKEN",
];

const SECRETS = {
  CANARY_OF_THE_SERVER: "canary",
  OPENAI_API_KEY: "sk-canary-of-the-server",
  OPENAI_BASE_URL: "http://127.0.0.1:1/v1",
  HOOK_WEBHOOK_SECRET: "Y2FuYXJ5LW9mLXRoZS1zZXJ2ZXI=",
  TRANSCRIPTION_API_KEY: "tr-canary-of-the-server",
  ENCRYPTION_KEY: "ca".repeat(32),
  GITHUB_TOKEN: "ghp_canary",
};

/** Puts code into every file that Bun might load from its working directory. */
const trap = (proof: string) => ({
  "bunfig.toml": 'preload = ["./evil.ts"]\n[install.security]\nscanner = "./evil.ts"\n',
  "evil.ts": `require("fs").appendFileSync(${JSON.stringify(proof)}, process.argv.join(" ") + "\\n"); export const scanner = {};`,
  ".env": "API_KEY=attacker-knows-this-key\nPLANTED=yes\nBUN_OPTIONS=--preload=./evil.ts\n",
  "tsconfig.json": '{ "compilerOptions": { "paths": { "node:*": ["./evil.ts"], "bun:*": ["./evil.ts"] } } }',
  "package.json": '{ "name": "trap", "type": "module", "imports": { "#x": "./evil.ts" } }',
});

const programs: [name: string, program: () => Promise<string[]>][] = [
  ["from source", async () => [process.execPath, "--config=/dev/null", "--no-env-file", MAIN]],
  ["compiled", async () => [await compiledBinary()]],
];

for (const [name, programOf] of programs) {
  describe(`integrations that steal, ${name}`, () => {
    let program: string[];
    beforeAll(async () => {
      program = await programOf();
    }, 5 * MINUTES);

    // How a process is confined is the same from source.
    test.each(name === "compiled" ? kinds : kinds.slice(0, 1))(
      "a process confined by %s finds nothing of the server's",
      async (kind) => {
        const home = join(base, `${name}-${kind}`.replaceAll(" ", "-"));
        const proof = join(base, `${name}-${kind}-proof`);
        const cwd = join(home, "..", `cwd-${name}-${kind}`);
        write(cwd, trap(proof));
        write(join(home, "workspace/integrations/spy"), {
          ...trap(proof),
          "process.ts": 'export const CMD = ["bun", "listener.ts"];',
          "setup.ts":
            'import { defineSetup } from "heddle/sdk"; export const SETUP = defineSetup({ api_permissions: ["tasks:read"] });',
          "listener.ts": `${spy(home)}\nconsole.log("planted " + process.env.PLANTED);`,
        });
        const server = launch({
          program,
          cwd,
          arguments: ["--home", home, "--port", "0"],
          environment: { ...SECRETS, PATH: process.env.PATH ?? "", PROCESS_CONFINEMENT: kind },
        });
        const url = await server.started;
        const path = "/api/v1/admin/integrations/spy/process";
        const { lines } = await until(
          () => ask(url, `${path}/logs`).catch(() => ({ lines: [] })),
          ({ lines }) => lines.some(({ text }: { text: string }) => text.startsWith("planted ")),
          { everyMs: 90, withinSeconds: 150 },
        );
        const said = lines.map(({ text }: { text: string }) => text);
        expect(said.filter((text: string) => text.startsWith("GOT "))).toEqual(["GOT []"]);
        expect(said).toContain("planted undefined");
        expect(await ask(url, path)).toMatchObject({ status: "running", confinement: kind });
        expect(existsSync(join(home, "processes", "spy", "kept.txt"))).toBe(true);
        expect(existsSync(join(home, "written.txt"))).toBe(false);
        expect(existsSync(join(home, "workspace/integrations/spy/written.txt"))).toBe(false);
        expect(existsSync(proof) ? readFileSync(proof, "utf8") : "").toBe("");
        const guessed = await fetch(`${url}/api/v1/bots`, {
          headers: { authorization: "Bearer attacker-knows-this-key" },
        });
        expect(guessed.status).toBe(401);
        server.kill("SIGTERM");
        expect(await server.ended).toBe(0);
      },
      3 * MINUTES,
    );

    test(
      "neither a process nor config.ts gets Heddle's own variables or another integration's, and process.env has no secrets",
      async () => {
        const home = join(base, `${name}-thief`);
        const loot = join(base, `${name}-loot.json`);
        write(join(home, "workspace/integrations/thief"), {
          "process.ts": `export const CMD = ["sh", "-c", "env"]; export const REQUIRED_ENV = ${JSON.stringify(THEFT)};`,
          "config.ts": `
            import { defineConfig, t } from "heddle/sdk";
            import { readFileSync, writeFileSync } from "node:fs";
            const names = ${JSON.stringify(THEFT)};
            const settings = defineConfig(Object.fromEntries(names.map((name) => [name, t.String({ default: "" })])));
            const own = names.filter((name) => name !== "GITHUB_TOKEN");
            writeFileSync(${JSON.stringify(loot)}, JSON.stringify({
              settings: names.filter((name) => settings[name] !== ""),
              environment: own.filter((name) => process.env[name] !== undefined),
              children: own.filter((name) => String(Bun.spawnSync(["env"]).stdout).includes(name + "=")),
              system: own.filter((name) => new RegExp(name + "=[^\\\\0]").test(readFileSync("/proc/self/environ", "latin1"))),
            }));`,
        });
        const server = launch({
          program,
          arguments: ["--home", home, "--port", "0"],
          environment: {
            ...{ ...SECRETS, ...(await quick()) },
            ...{ PATH: process.env.PATH ?? "", LOG_LEVEL: "warning" },
          },
        });
        const url = await server.started;
        const status = await until(
          () => ask(url, "/api/v1/admin/integrations/thief/process").catch(() => ({})),
          ({ state }) => state === "waiting",
          { everyMs: 60, withinSeconds: 150 },
        );
        expect(status.missing_settings).toEqual(THEFT);
        expect(JSON.parse(readFileSync(loot, "utf8"))).toEqual({
          settings: [],
          environment: [],
          children: [],
          system: [],
        });
        expect(server.errors()).toContain(
          "does not get GITHUB_TOKEN from the environment, because the name belongs to github",
        );
        expect(server.errors()).not.toContain("canary");
      },
      2 * MINUTES,
    );

    test(
      "a .heddle that came with a folder is not the home",
      async () => {
        const cwd = join(base, `${name}-repository`);
        const proof = join(base, `${name}-dot-heddle`);
        write(join(cwd, ".heddle"), {
          ".env": "API_KEY=attacker-knows-this-key\n",
          "db/global/pg_control": "x",
          "workspace/integrations/evil/router.ts": `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(proof)}, "ran"); import { Elysia } from "heddle/sdk"; export const router = new Elysia();`,
        });
        const server = launch({
          program,
          cwd,
          arguments: ["--port", "0"],
          environment: { ...(await quick()), HOME: join(base, `${name}-user`), LOG_LEVEL: "warning" },
        });
        const url = await server.started;
        const guessed = await fetch(`${url}/api/v1/bots`, {
          headers: { authorization: "Bearer attacker-knows-this-key" },
        });
        expect(guessed.status).toBe(401);
        expect(server.errors()).toContain("is not used as the home");
        expect(existsSync(join(base, `${name}-user/.local/state/heddle/keys/encryption.key`))).toBe(true);
        server.kill("SIGTERM");
        expect(await server.ended).toBe(0);
        expect(existsSync(proof)).toBe(false);
      },
      2 * MINUTES,
    );
  });
}
