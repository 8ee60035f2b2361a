// `heddle dev`: serves one integration, or a folder of them, on a separate server with everything needed to try it.

import { mkdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { say } from "../../cli/stray-code.ts";
import { loadConfig } from "../../config/config.ts";
import { HeddleError } from "../../errors.ts";
import type { FoundIntegration } from "../../integrations/discovery/discover.ts";
import { build } from "../../runtime/assets.ts";
import { findIn } from "../check/check.ts";
import {
  createDevEnvironment,
  type EnvironmentServer,
  followEnvironment,
  readVariables,
} from "./environment.ts";
import { createInstruments } from "./instruments.ts";
import { readScript } from "./script.ts";
import { createScriptedLlm } from "./scripted-llm.ts";

export interface DevFlags {
  /** The folder of an integration, or of several. */
  dir: string;
  port: string | undefined;
  /** Default: `.heddle-dev` in the folder. */
  home: string | undefined;
  dryRun: boolean;
  /** The configured model instead of the scripted one. */
  realModel: boolean;
  /** Receives the lines that show what happens. Default: standard output. */
  write?: (line: string) => void;
}

/** Variables that would point this server at what another one uses. */
const OF_OTHERS = [
  "DATABASE_URL",
  "HEDDLE_HOME",
  "STATE_DIRECTORY",
  "INTEGRATION_DIRS",
  "TOOL_DIRS",
  "PORT",
  "HOST",
];

/** Returns what the server is started with. Throws a HeddleError "config" when there is nothing to serve. */
export async function prepareDev(flags: DevFlags, environment: Record<string, string | undefined>) {
  const folder = resolve(flags.dir);
  const integrations = await findIn(folder);
  const home = resolve(flags.home ?? join(folder, ".heddle-dev"));
  await mkdir(home, { recursive: true, mode: 0o700 });
  const own = Object.fromEntries(Object.entries(environment).filter(([name]) => !OF_OTHERS.includes(name)));
  const fixed = {
    ...own,
    HEDDLE_HOME: home,
    INTEGRATION_DIRS: await sourceDir(folder, integrations, home),
    API_KEY: own.API_KEY ?? (await devKey(home)),
  };
  const load = (variables: Record<string, string | undefined>) =>
    loadConfig({ home, port: flags.port ?? "8000" }, variables);
  const config = load({ ...readVariables(join(folder, ".env")), ...fixed });
  const devEnvironment = createDevEnvironment({ folder, fixed, others: load(fixed).environment });
  const folders = [folder, ...integrations.map((found) => found.folder)];
  const llm = flags.realModel ? undefined : createScriptedLlm({ read: () => readScript(folders) });
  if (flags.realModel && !config.modelEndpoint) {
    throw new HeddleError(
      "config",
      "--real-model needs OPENAI_API_KEY, OPENAI_BASE_URL or ANTHROPIC_API_KEY.",
    );
  }
  const { write = say } = flags;
  const ids = integrations.map(({ id }) => id);
  return {
    config: { ...config, environment: devEnvironment.variables, favouredIntegrations: ids },
    folder,
    /** Applies what is saved in the folder's .env to a running server. */
    followEnvironment: (server: EnvironmentServer) =>
      followEnvironment(
        { environment: devEnvironment, folder, ids, isOwnVariable: config.isOwnVariable, write },
        server,
      ),
    integrations,
    instrument: createInstruments({ write, dryRun: flags.dryRun, llm }),
    hints: await hints(integrations),
  };
}

export type Dev = Awaited<ReturnType<typeof prepareDev>>;

/** A folder with only these integrations: a single one is linked into a folder of its own, apart from its neighbours. */
async function sourceDir(folder: string, integrations: FoundIntegration[], home: string): Promise<string> {
  const [first] = integrations;
  if (!first || first.folder !== (await realpath(folder))) return folder;
  const dir = join(home, "serves");
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { mode: 0o700 });
  await symlink(first.folder, join(dir, first.id), "junction");
  return dir;
}

/** The same key at each start, so that noted commands go on working. */
async function devKey(home: string): Promise<string> {
  const file = join(home, "dev-key");
  const kept = await readFile(file, "utf8").catch(() => "");
  if (kept.trim() !== "") return kept.trim();
  const made = `dev_${crypto.getRandomValues(Buffer.alloc(16)).toString("hex")}`;
  await writeFile(file, `${made}\n`, { mode: 0o600 });
  return made;
}

async function hints(integrations: FoundIntegration[]): Promise<string[]> {
  const said: string[] = [];
  for (const { folder } of integrations) {
    const text = await readFile(join(folder, ".heddle", "sdk", "package.json"), "utf8").catch(
      () => undefined,
    );
    const version = text === undefined ? undefined : (JSON.parse(text) as { version?: string }).version;
    if (version !== undefined && version !== build.version) {
      said.push(`Its types are those of Heddle ${version}; update them with: heddle types ${folder}`);
    }
  }
  return said;
}
