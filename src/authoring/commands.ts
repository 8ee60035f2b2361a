// The commands for authors of integrations.

import { mkdtemp, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { type Config, loadConfig } from "../config/config.ts";
import type { Flags } from "../config/read-variables.ts";
import { errorMessage, HeddleError } from "../errors.ts";
import type { FoundIntegration } from "../integrations/discovery/discover.ts";
import { integrationSources } from "../integrations/discovery/sources.ts";
import { installDependencies } from "../integrations/loading/install.ts";
import { ownCommand } from "../runtime/own-command.ts";
import { findAll, findIn } from "./check/check.ts";
import { answerRequest, checkConfined, checkHere } from "./check/confined.ts";
import { startCheck, testCheck } from "./check/executed-checks.ts";
import { reportText, rulesText, summaryText } from "./check/report.ts";
import { newIntegration } from "./new-integration.ts";
import { refreshProject } from "./project-files.ts";
import { DEFAULT_PARTS } from "./template.ts";

export interface CheckFlags {
  /** Undefined: all configured integrations. */
  dir: string | undefined;
  json: boolean;
  test: boolean;
  start: boolean;
  rules: boolean;
  /** Whether the code runs in this process, with all its permissions. */
  trust: boolean;
  /** A file written by `checkConfined`, which this process answers. */
  request: string | undefined;
}

export function createAuthoringCommands() {
  return {
    async newIntegration({ name, parts, dir }: { name: string; parts: string[] | undefined; dir: string }) {
      const made = await newIntegration({ name, parts: parts ?? DEFAULT_PARTS, dir });
      const place = relative(process.cwd(), made.folder) || ".";
      console.log(`Wrote ${made.folder}:\n${made.files.map((file) => `  ${file}`).join("\n")}\n`);
      console.log(`Next:
  cd ${place}
  heddle dev .        serves it with a scripted model; what you save is live at once
  heddle check .      shows what is wrong, and what is missing
  bun test            or: node --test (Node 24 or newer), deno test, heddle check . --test
To serve it: INTEGRATION_DIRS=${resolve(dir)} heddle serve`);
      const heddle = ownCommand({ anywhere: true });
      if (heddle !== "heddle") console.log(`Here, heddle is: ${heddle}`);
    },
    async writeTypes(dir: string) {
      const folder = resolve(dir);
      await mustBeFolder(folder);
      const added = await refreshProject(folder, basename(folder));
      const also = added.length > 0 ? `, and ${added.join(", ")}` : "";
      console.log(`Wrote ${join(folder, ".heddle")}${also}.`);
    },
    async install(
      { target, add, scripts }: { target: string; add: string[]; scripts: boolean },
      flags: Flags,
    ): Promise<void> {
      const config = loadConfig(flags);
      const folder = (await isFolder(target)) ? resolve(target) : await folderOf(target, config);
      const { environment } = config;
      const names = await installDependencies(folder, {
        ...{ environment, scripts, packages: add },
        onLine: console.log,
      });
      console.log(
        `Installed in ${folder}: ${names.join(", ") || "nothing, because package.json names no packages"}.`,
      );
    },
    /** Ends the process, which timers of the loaded code would otherwise keep alive. */
    async check({ dir, json, test, start, rules, trust, request }: CheckFlags, flags: Flags): Promise<void> {
      if (rules) {
        console.log(rulesText([startCheck(), testCheck]));
        return;
      }
      quieten();
      if (request !== undefined) {
        await answerRequest(request);
        process.exit(0);
      }
      const reports = await withScratch(async (scratch) => {
        const integrations =
          dir === undefined ? await findConfigured(loadConfig(flags), scratch) : await findIn(dir);
        const wanted = { integrations, start, test };
        return trust ? checkHere(wanted, scratch) : checkConfined(wanted, { scratch, say: console.error });
      });
      const text = json
        ? JSON.stringify({ integrations: reports }, null, 2)
        : [...reports.map(reportText), summaryText(reports)].join("\n\n");
      const { promise: isWritten, resolve } = Promise.withResolvers<unknown>();
      process.stdout.write(`${text}\n`, resolve);
      // A report that could not be written must not pass for one without errors.
      if (await isWritten) process.exit(1);
      process.exit(reports.some(({ grade }) => grade === "none") ? 1 : 0);
    },
  };
}

/** Keeps the output and the uncaught errors of the checked code out of the report. */
function quieten(): void {
  console.log = console.info = console.debug = console.error;
  const report = (error: unknown) => console.error(`Uncaught error: ${errorMessage(error)}`);
  process.on("unhandledRejection", report);
  process.on("uncaughtException", report);
}

/** All that a server with this configuration would load; the compiled program unpacks its own integrations to `home`. */
async function findConfigured(config: Config, home: string): Promise<FoundIntegration[]> {
  return findAll(await integrationSources({ ...config, home, workspace: join(config.home, "workspace") }));
}

/** The folder of an integration by its id, without the built-in ones, which bring their packages along. */
async function folderOf(id: string, config: Config): Promise<string> {
  const all = await withScratch((scratch) => findConfigured(config, scratch));
  const own = all.filter(({ source }) => source !== "builtin");
  const found = own.find((integration) => integration.id === id);
  if (found) return found.folder;
  const hint =
    own.length > 0
      ? `Configured are ${own.map((one) => one.id).join(", ")}.`
      : "None is configured: see INTEGRATION_DIRS.";
  throw new HeddleError(
    "config",
    `The target must be a folder or the id of an integration; got "${id}". ${hint}`,
  );
}

async function withScratch<Result>(use: (scratch: string) => Promise<Result>): Promise<Result> {
  const scratch = await realpath(await mkdtemp(join(tmpdir(), "heddle-check-")));
  try {
    return await use(scratch);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() === true;

async function mustBeFolder(folder: string): Promise<void> {
  if (!(await isFolder(folder))) throw new HeddleError("config", `${folder} is not a folder.`);
}
