// The admin UI in a real Chromium, against the compiled program with a seeded home. One program and one browser serve
// all pages' tests. With UI_FROM_SOURCE=1 the program runs from source, which starts sooner after a change; with UI_PROGRAM it
// is another one ("deno run -A src/main.ts"), and with UI_DATABASE_URL it uses that empty database on PostgreSQL.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium, type Page } from "playwright-core";
import { compiledBinary } from "../compiled-binary.ts";
import { makeHome } from "../databases-of-run.ts";
import { KEEPING_MEMORY } from "../optimisers.ts";
import { CHROMIUM } from "./chromium.ts";
import { seed } from "./seed.ts";
import { seedFolders } from "./seed-folders.ts";
import { createTabs, type Screen, type Tab } from "./tabs.ts";

const repository = join(import.meta.dirname, "..", "..");
export const STATIC_KEY = "a-static-key-of-the-browser-tests";

export interface Ui extends AsyncDisposable {
  url: string;
  /** The home folder of the program. */
  home: string;
  /** Calls the REST API with the admin key and returns the answer's body; throws for an error. */
  // biome-ignore lint/suspicious/noExplicitAny: each route answers something else
  api(method: string, path: string, body?: unknown): Promise<any>;
  openPage(path: string, options?: PageOptions): Promise<UiPage>;
}

export interface PageOptions extends Partial<Screen> {
  /** Default: true. */
  signedIn?: boolean;
  /** Opens it in a browser that has nothing of the app yet. So is one in which nobody is signed in. Default: false. */
  fresh?: boolean;
}

export interface UiPage extends Pick<Tab, "page" | "faults">, AsyncDisposable {
  /** Goes to another path of the app within the page, as a link does, which costs a fraction of loading it. */
  go(path: string): Promise<void>;
  /** Serious and critical findings of axe-core, as "rule: element", without those of an element that is left out. */
  accessibility(without?: string): Promise<string[]>;
}

export interface UiOptions {
  /** Writes more into the home before the program starts. */
  prepare?(home: string): void;
  /** Names an empty database on PostgreSQL. Default: UI_DATABASE_URL; without it the database is in the home. */
  databaseUrl?: string | undefined;
}

export async function startUi({ prepare, databaseUrl }: UiOptions = {}): Promise<Ui> {
  const home = makeHome();
  seedFolders(home);
  prepare?.(home);
  const server = await startServer(home, databaseUrl ?? process.env.UI_DATABASE_URL);
  const browser = await chromium.launch({
    executablePath: String(CHROMIUM),
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  const api: Ui["api"] = async (method, path, body) => {
    const response = await fetch(`${server.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${STATIC_KEY}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  };
  await seed(server.url, api);
  /** One sign-in for all pages. */
  let kept: ReturnType<typeof signIn> | undefined;
  const tabs = createTabs({
    browser,
    url: server.url,
    signIn() {
      kept ??= signIn(server.url);
      return kept;
    },
  });
  return {
    url: server.url,
    home,
    api,
    async openPage(
      path,
      { width = 1280, height = 800, scheme = "light", signedIn = true, fresh = false } = {},
    ) {
      const screen = { width, height, scheme };
      const { page, faults, close } = await (fresh || !signedIn
        ? tabs.openFresh(path, screen, { signedIn })
        : tabs.open(path, screen));
      return {
        page,
        faults,
        go: (to) => goWithin(page, `${server.url}${to}`),
        accessibility: (without) => findingsOf(page, without),
        [Symbol.asyncDispose]: close,
      };
    },
    async [Symbol.asyncDispose]() {
      await browser.close();
      await server.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

async function signIn(url: string): Promise<{ name: string; value: string; url: string }> {
  const response = await fetch(`${url}/api/v1/sign-ins`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: url, "sec-fetch-site": "same-origin" },
    body: JSON.stringify({ api_key: STATIC_KEY }),
  });
  const [, name = "", value = ""] = /^([^=]+)=([^;]+)/.exec(response.headers.get("set-cookie") ?? "") ?? [];
  if (!response.ok || value === "")
    throw new Error(`No sign-in: ${response.status} ${await response.text()}`);
  return { name, value, url };
}

async function goWithin(page: Page, url: string): Promise<void> {
  await page.evaluate(`new Promise((done) => {
    history.pushState(null, "", ${JSON.stringify(url)});
    requestAnimationFrame(() => requestAnimationFrame(done));
  })`);
  // A test leaves its forms as they are.
  const leave = page.getByRole("button", { name: "Leave without saving" });
  if (page.url() !== url && (await leave.count()) > 0) await leave.click();
}

let axe: string | undefined;

async function findingsOf(page: Page, without?: string): Promise<string[]> {
  axe ??= readFileSync(join(repository, "node_modules", "axe-core", "axe.min.js"), "utf8");
  // Evaluated by the debugger, so the page's policy, which would refuse it, stays on.
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe);
  const where = without === undefined ? "document" : JSON.stringify({ exclude: [[without]] });
  // The size of targets is in WCAG 2.2, which axe leaves out by default.
  const options = { resultTypes: ["violations"], rules: { "target-size": { enabled: true } } };
  const found = await page.evaluate<Finding[]>(
    `axe.run(${where}, ${JSON.stringify(options)}).then(({ violations }) => violations)`,
  );
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 200)}`));
}

interface Finding {
  id: string;
  impact: string;
  nodes: { html: string }[];
}

async function wantedProgram(): Promise<string[]> {
  if (process.env.UI_PROGRAM) return process.env.UI_PROGRAM.split(" ");
  if (process.env.UI_FROM_SOURCE === "1") return [process.execPath, join(repository, "src", "main.ts")];
  return [await compiledBinary()];
}

async function startServer(
  home: string,
  databaseUrl: string | undefined,
): Promise<{ url: string; stop(): Promise<void> }> {
  const [program = "", ...first] = await wantedProgram();
  const child = spawn(program, [...first, "serve", "--port", "0", "--host", "127.0.0.1"], {
    env: {
      ...KEEPING_MEMORY,
      PATH: process.env.PATH ?? "",
      HEDDLE_HOME: home,
      API_KEY: STATIC_KEY,
      LOG_FORMAT: "json",
      PROCESS_CONFINEMENT: "none",
      ...(databaseUrl && { DATABASE_URL: databaseUrl }),
    },
    cwd: repository,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said: string[] = [];
  const url = await Promise.race([
    new Promise<string>((resolve) => {
      for (const stream of [child.stdout, child.stderr]) {
        createInterface(stream).on("line", (line) => {
          said.push(line);
          const found = /listening on (http:\/\/[\d.:]+)/.exec(line)?.[1];
          if (found !== undefined) resolve(found);
        });
      }
    }),
    once(child, "exit").then(() => {
      throw new Error(`The server did not start:\n${said.join("\n")}`);
    }),
  ]);
  return {
    url,
    async stop() {
      const exited = once(child, "exit");
      child.kill("SIGTERM");
      await exited;
    },
  };
}
