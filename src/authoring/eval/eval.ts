// `heddle eval`: runs fixtures against a bot on a server of its own, with an empty database in a temporary folder.

import { existsSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, stat, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { type Config, loadConfig } from "../../config/config.ts";
import { readBot } from "../../content/bots/bot-file.ts";
import { errorMessage, HeddleError } from "../../errors.ts";
import type { Instruments } from "../dev/instruments.ts";
import { readScript } from "../dev/script.ts";
import { createScriptedLlm } from "../dev/scripted-llm.ts";
import { openCopy } from "./copy.ts";
import { unmet } from "./expectations.ts";
import { type Fixture, readFixtures } from "./fixture-file.ts";
import { createReplay, type Payer } from "./replay.ts";
import type { Result } from "./report.ts";

export interface EvalFlags {
  /** A folder with fixtures, or one of them. */
  path: string;
  /** The configured model instead of eval.script.yaml. */
  realModel: boolean;
  /** The home whose skills, carapaces and templates are used. */
  home: string;
}

export interface EvalServer {
  url: string | null;
  close(): Promise<void>;
  /** A key as an integration has one: what it sends is not from a person. */
  keyOf(integrationId: string): string;
}

/** A bot with the fields of its YAML file, perhaps among others. */
export type EvalBot = { id: string; delegate_bots?: string[] } & Record<string, unknown>;

export interface EvalOptions {
  environment: Record<string, string | undefined>;
  startServer(config: Config, instrument: () => Instruments): Promise<EvalServer>;
  /** The bots as a running server has them; throws if there is none. */
  serverBots(): Promise<EvalBot[]>;
  /** Who pays for a real model; undefined if nothing limits it. */
  payer(): Promise<Payer | undefined>;
  /** Told of each result as it comes. */
  onResult?(result: Result): void;
}

const SCRIPT = ["eval.script.yaml", "eval.script.yml", "eval.script.json"];
const LONGEST_QUOTE = 200;
/** Content that bots refer to. */
const CONTENT = ["skills", "carapaces", "templates"];
/** Variables of the caller that the copy gets. No integration finds a secret of its own, so that nothing can reach out. */
const PASSED =
  /^(OPENAI_|ANTHROPIC_|MODEL_)|^(DEFAULT_MODEL|FALLBACK_MODELS|CONTEXT_WINDOW\w*|ALLOW_PRIVATE_HOSTS|INTEGRATION_DIRS|TIMEZONE|PATH|LANG|HOME|TMPDIR|HTTPS?_PROXY|NO_PROXY)$/;

/** Runs all fixtures, one after the other. Throws a HeddleError "config" when there is nothing to run or no model. */
export async function runEval(flags: EvalFlags, options: EvalOptions): Promise<Result[]> {
  const path = resolve(flags.path);
  const fixtures = await readFixtures(path);
  const folder = (await stat(path)).isDirectory() ? path : dirname(path);
  const replay = flags.realModel
    ? createReplay(undefined, await options.payer())
    : createReplay(await scripted(folder));
  const bots = await botsOf(fixtures, folder, options.serverBots);
  const home = await mkdtemp(join(tmpdir(), "heddle-eval-"));
  try {
    await linkContent(flags.home, home);
    const config = configOf(home, options.environment);
    if (flags.realModel && !config.modelEndpoint) {
      throw new HeddleError(
        "config",
        "--real-model needs OPENAI_API_KEY, OPENAI_BASE_URL or ANTHROPIC_API_KEY.",
      );
    }
    const server = await options.startServer(config, () => replay.instruments);
    try {
      const copy = await openCopy(server, { adminKey: config.apiKey ?? "", bots, replay });
      const results: Result[] = [];
      for (const fixture of fixtures) {
        const result = await runOne(fixture, copy);
        options.onResult?.(result);
        results.push(result);
      }
      return results;
    } finally {
      await server.close();
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

async function runOne(fixture: Fixture, copy: Awaited<ReturnType<typeof openCopy>>): Promise<Result> {
  const { name, file, bot } = fixture;
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1000;
  try {
    const outcome = await copy.run(fixture);
    return { name, file, bot, outcome, seconds: seconds(), problems: unmet(fixture.expect, outcome) };
  } catch (error) {
    const problems = [`It could not be run: ${errorMessage(error)}`];
    return { name, file, bot, outcome: undefined, seconds: seconds(), problems };
  }
}

async function scripted(folder: string) {
  const files = SCRIPT.map((name) => join(folder, name));
  if (!files.some((file) => existsSync(file))) {
    throw new HeddleError(
      "config",
      `A model is needed: --real-model asks the configured one, or write ${join(folder, SCRIPT[0] ?? "")}, which has the form of dev.script.yaml.`,
    );
  }
  const script = await readScript([folder], SCRIPT);
  // As an answer, the reason could be one that a fixture expects.
  if (!script.ok) throw new HeddleError("config", script.problem);
  return createScriptedLlm({
    read: async () => script,
    unmatched: (text) => {
      const message = `No entry of ${basename(script.file ?? SCRIPT[0] ?? "")} matches the message: ${text.slice(0, LONGEST_QUOTE)}`;
      throw new HeddleError("model_failed", message);
    },
  });
}

/**
 * The bots of the fixtures, and those to which they may delegate. A file beside the fixtures wins, so that bots and their fixtures
 * can be kept in one repository.
 */
async function botsOf(
  fixtures: Fixture[],
  folder: string,
  serverBots: EvalOptions["serverBots"],
): Promise<EvalBot[]> {
  const files = join(folder, "bots");
  const own = await botFiles(files);
  const isIn = (bots: EvalBot[]) => (id: string) => bots.some((bot) => bot.id === id);
  const missing = [...new Set(fixtures.map(({ bot }) => bot))].filter((id) => !isIn(own)(id));
  const others = own.flatMap(({ delegate_bots = [] }) => delegate_bots).filter((id) => !isIn(own)(id));
  if (missing.length === 0 && others.length === 0) return own;
  const nowhere = (id: string, cause?: unknown) =>
    new HeddleError(
      "config",
      `The bot "${id}" is neither in ${join(files, `${id}.yaml`)} nor on a running server${cause === undefined ? "" : `: ${errorMessage(cause)}`}`,
      { cause },
    );
  const [first] = missing;
  const theirs = await serverBots().catch((cause) => {
    if (first !== undefined) throw nowhere(first, cause);
    return [];
  });
  const lost = missing.find((id) => !isIn(theirs)(id));
  if (lost !== undefined) throw nowhere(lost);
  return [...own, ...theirs.filter(({ id }) => !isIn(own)(id))];
}

async function botFiles(folder: string): Promise<EvalBot[]> {
  const names = await readdir(folder).catch(() => []);
  return Promise.all(
    names
      .filter((name) => name.endsWith(".yaml"))
      .map(async (name) => {
        const file = join(folder, name);
        const id = basename(name, ".yaml");
        const about = { id, name: id, origin: { kind: "home" } as const, file, path: file };
        const read = readBot(await readFile(file, "utf8"), about);
        if (read.ok) return { ...read.item.bot };
        throw new HeddleError("config", `${file}:${read.problem.line ?? 1}: ${read.problem.reason}`);
      }),
  );
}

async function linkContent(from: string, to: string): Promise<void> {
  for (const name of CONTENT) {
    if (existsSync(join(from, name))) await symlink(join(from, name), join(to, name), "junction");
  }
}

function configOf(home: string, environment: Record<string, string | undefined>): Config {
  const own = Object.fromEntries(Object.entries(environment).filter(([name]) => PASSED.test(name)));
  const key = `eval_${crypto.getRandomValues(Buffer.alloc(24)).toString("hex")}`;
  const variables = { ...own, HEDDLE_HOME: home, HOST: "127.0.0.1", API_KEY: key, LOG_LEVEL: "error" };
  return { ...loadConfig({ home, port: "0" }, variables), environment: variables };
}
