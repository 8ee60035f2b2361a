// What the commands for authors of integrations do, and print.

import { mkdtemp, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join, relative, resolve } from "node:path";
import { type Config, loadConfig } from "../config/config.ts";
import type { Flags } from "../config/read-variables.ts";
import { HeddleError, messageOf } from "../errors.ts";
import type { FoundIntegration } from "../integrations/discovery/discover.ts";
import { integrationSources } from "../integrations/discovery/sources.ts";
import { installDependencies } from "../integrations/loading/install.ts";
import { findAll, findIn } from "./check/check.ts";
import { answerRequest, checkConfined, checkHere } from "./check/confined.ts";
import { reportText, rulesText, summaryText } from "./check/report.ts";
import { startTrial, testTrial } from "./check/trials.ts";
import { DEFAULT_PARTS, newIntegration } from "./new-integration.ts";
import { refreshProject } from "./project-files.ts";

export interface CheckFlags {
  /** Undefined: all that is configured. */
  dir: string | undefined;
  json: boolean;
  test: boolean;
  start: boolean;
  rules: boolean;
  /** Whether its code runs in this very process, with all that this one may. */
  trust: boolean;
  /** A file of `checkConfined`, which this process answers. */
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
  heddle dev .        serve it with a scripted model; what you save is live at once
  heddle check .      see what is wrong, and what is missing
  bun test            or: node --test (Node 24 or newer), deno test
To serve it: INTEGRATION_DIRS=${resolve(dir)} heddle serve`);
    },
    async writeTypes(dir: string) {
      const folder = resolve(dir);
      await mustBeFolder(folder);
      const added = await refreshProject(folder, basename(folder));
      const also = added.length > 0 ? `, and ${added.join(", ")}` : "";
      console.log(`Wrote ${join(folder, ".heddle")}${also}.`);
    },
    async install({ target, scripts }: { target: string; scripts: boolean }, flags: Flags): Promise<void> {
      const config = loadConfig(flags);
      const folder = (await isFolder(target)) ? resolve(target) : await folderOf(target, config);
      const { environment } = config;
      const names = await installDependencies(folder, { environment, scripts, onLine: console.log });
      console.log(
        `Installed in ${folder}: ${names.join(", ") || "nothing, for package.json names nothing"}.`,
      );
    },
    /** Ends the process: what it has loaded may have started timers, which would keep it. */
    async check({ dir, json, test, start, rules, trust, request }: CheckFlags, flags: Flags): Promise<void> {
      if (rules) {
        console.log(rulesText([startTrial(), testTrial]));
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
      // Nobody may take a report that could not be written for one without a fault.
      if (await isWritten) process.exit(1);
      process.exit(reports.some(({ grade }) => grade === "none") ? 1 : 0);
    },
  };
}

/** What the code that is checked prints, or lets slip, is not to stand between the lines of the report, nor to end it. */
function quieten(): void {
  console.log = console.info = console.debug = console.error;
  const report = (error: unknown) => console.error(`An error that nobody caught: ${messageOf(error)}`);
  process.on("unhandledRejection", report);
  process.on("uncaughtException", report);
}

/** All that a server of this configuration would load; `home` is where the compiled program unpacks its own. */
async function findConfigured(config: Config, home: string): Promise<FoundIntegration[]> {
  return findAll(await integrationSources({ ...config, home, workspace: join(config.home, "workspace") }));
}

/** Of an integration by its id; those that come with Heddle bring their packages along. */
async function folderOf(id: string, config: Config): Promise<string> {
  const all = await withScratch((scratch) => findConfigured(config, scratch));
  const own = all.filter(({ source }) => source !== "builtin");
  const found = own.find((integration) => integration.id === id);
  if (found) return found.folder;
  const hint = own.length > 0 ? `There are ${own.map((one) => one.id).join(", ")}.` : "There is none.";
  throw new HeddleError("config", `${id} is neither a folder nor the id of an integration of yours. ${hint}`);
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
  if (!(await isFolder(folder))) throw new HeddleError("config", `${folder} is no folder.`);
}
