// Loads one version of an integration: prepares its modules, runs them with their own SDK, and collects what they
// register. Nothing goes live here.

import type { Carapace } from "../../content/carapaces/carapace.ts";
import { readContent } from "../../content/read.ts";
import type { Skill } from "../../content/skills/skill.ts";
import type { Template } from "../../content/templates/template.ts";
import { errorMessage } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { logText } from "../../log-text.ts";
import { during } from "../../runtime/activity.ts";
import type { Problem } from "../../runtime/bundle.ts";
import { bindFolder, forgetFolder, forgetModules, importModule } from "../../runtime/modules.ts";
import { missingAtRunTime } from "../../runtime/resolver-memory.ts";
import { NOTHING_TAKEN_IN, type TakenIn } from "../../runtime/taken-in.ts";
import type { SdkServices } from "../../sdk/backend.ts";
import type { SetupManifest } from "../../sdk/manifest.ts";
import type { Misspelling } from "../../sdk/misspelt.ts";
import type { IntegrationMeta } from "../../sdk/types.ts";
import { within } from "../../within.ts";
import type { FoundIntegration } from "../discovery/discover.ts";
import { locate } from "../discovery/locate.ts";
import {
  contradictions,
  defaultInManifest,
  type IntegrationSetting,
  mergeSettings,
} from "../manifest/declared-settings.ts";
import { readSetup } from "../manifest/read-setup.ts";
import type { IntegrationRouter } from "../routing/router.ts";
import { type Collector, createCollector } from "./collector.ts";
import type { DeclaredProcess } from "./declared-process.ts";
import { describe, type Exports } from "./describe.ts";
import { hangingAwait, withRemedy } from "./explain.ts";
import { insteadOf } from "./exports.ts";
import { createHostSdk } from "./host-sdk.ts";
import { idleTexts } from "./idle-files.ts";
import { entriesOf, type Prepared, type PrepareResult } from "./prepare.ts";
import type { Program } from "./program.ts";
import { loadingSubject } from "./stalls.ts";

/** The process that process.ts declares. */
export interface ProcessDeclaration {
  description: string;
  cmd: string[];
  requiredEnv: string[];
  watchPaths: string[];
  /** For the whole process tree; beyond this limit it is terminated and restarted. */
  memoryLimitMb: number | null;
  /** The program that runs for `cmd`, with a hash that says whether a new version needs a restart. */
  program: Program;
}

/** A loaded version of an integration. */
export interface LoadedIntegration
  extends Pick<Collector, "tools" | "dispatchers" | "hooks" | "lifecycle" | "listeners" | "accounts"> {
  name: string | undefined;
  version: string | undefined;
  skills: Skill[];
  carapaces: Carapace[];
  templates: Template[];
  meta: IntegrationMeta | undefined;
  settings: IntegrationSetting[];
  setup: SetupManifest | undefined;
  process: ProcessDeclaration | undefined;
  router: IntegrationRouter | undefined;
  /** Fields that nothing reads, because their names are misspelt. */
  misspelt: Misspelling[];
  /** Sentences about files that register nothing. */
  idle: string[];
  /** Releases the modules. Code that is still running continues, but can import no further module lazily. */
  release(): Promise<void>;
}

/**
 * Why a load may succeed later: a package that it lacks may be about to be installed, which nothing reports; or it took too long,
 * perhaps on a machine that was busy, or for a service that was not up yet.
 */
export type Heals = "package" | "slow";

/** `takenIn` is known after a failure as well: fixing an imported file may fix the integration. */
export type LoadResult = { takenIn: TakenIn } & (
  | { ok: true; loaded: LoadedIntegration }
  /** `problem` is the first one, where the author has to begin. `settings` are those declared before it: a missing one may be the cause. */
  | { ok: false; problem: Problem; settings: IntegrationSetting[]; mayHeal?: Heals }
);

export interface LoadOptions {
  prepare(): Promise<PrepareResult>;
  /** Decides which program runs for CMD; `dir` has the modules. Rejects for a program that must not run. Default: the command itself. */
  programOf?(cmd: readonly string[], dir: string): Promise<Program>;
  /** Reads a content file by its path. Default: from the disk. */
  readFile?(file: string): Promise<Buffer>;
  /** Limits how many preparations run at a time; waiting does not count towards the time limit. Default: no limit. */
  inTurn?<Value>(work: () => Promise<Value>): Promise<Value>;
  services: Omit<SdkServices, "log">;
  log: Logger;
  /** The hash by which a version whose loading never ends is remembered. */
  hash: string;
  /** Time limit for preparing and running all files. */
  timeoutMs: number;
}

/** Never rejects because of the integration's code. */
export async function loadIntegration(found: FoundIntegration, options: LoadOptions): Promise<LoadResult> {
  // The file that is running, for errors without a location.
  const at = { file: found.folder };
  const { inTurn = (work) => work() } = options;
  const collected = createCollector(found.folder);
  let takenIn = NOTHING_TAKEN_IN;
  let prepared: Prepared | undefined;
  let release = async () => {};
  let late = false;
  // The time limit starts with its turn: among hundreds, the last one waits long without being slow itself.
  const turn = Promise.withResolvers<void>();
  const failed = (problem: Problem): LoadResult & { ok: false } => {
    collected.seal();
    return {
      ok: false,
      problem,
      settings: mergeSettings(collected.settings, collected.about.setup),
      takenIn,
    };
  };
  const run = async (): Promise<LoadResult> => {
    const result = await inTurn(() => {
      turn.resolve();
      return options.prepare();
    });
    takenIn = (result.ok ? result.prepared : result).takenIn;
    if (!result.ok) {
      const [problem = { reason: "The integration cannot be bundled" }] = result.problems;
      return { ...failed(await withRemedy(problem, found)), ...(result.mayHeal && { mayHeal: "package" }) };
    }
    if (late) {
      await result.prepared.discard();
      return failed({ reason: "Loading was abandoned" });
    }
    prepared = result.prepared;
    forgetFolder(found.folder);
    release = bind(prepared, collected, options);
    const origin = { kind: "integration" as const, id: found.id };
    const { content, problems } = await readContent(found.folder, found.content, origin, options.readFile);
    if (problems[0]) return failed(problems[0]);
    let before = 0;
    const idle: string[] = [];
    const exports = await importAll(found, options.hash, { prepared, at }, (file, exported) => {
      if (collected.count() === before) idle.push(file);
      before = collected.count();
      if (file !== found.files.setup) return;
      takeSetup(readSetup(at.file, exported.SETUP, insteadOf("SETUP", exported)), collected, options);
    });
    collected.seal();
    const idleFiles = await idleTexts(found, idle);
    for (const text of idleFiles) options.log.warning("{text}", { text });
    const described = during(
      () => `reading what ${found.id} exports`,
      () => describe(found, exports, collected, { release, log: options.log }),
      () => loadingSubject({ id: found.id, hash: options.hash, file: at.file }),
    );
    const { process: declared } = described;
    const process = declared && { ...declared, program: await programFor(declared, prepared.dir) };
    return { ok: true, takenIn, loaded: { ...described, ...content, process, idle: idleFiles } };
  };
  const programFor = async (declared: DeclaredProcess, dir: string): Promise<Program> => {
    at.file = `${found.folder}/${found.files.process}`;
    const plain = {
      command: declared.cmd,
      identity: crypto.randomUUID(),
      isSelfContained: true,
      readable: [],
    };
    const program = (await options.programOf?.(declared.cmd, dir)) ?? plain;
    return { ...program, identity: JSON.stringify([declared, program.identity]) };
  };
  // A failure ends the wait for the turn as well.
  const work = run().finally(turn.resolve);
  await turn.promise;
  const { timeoutMs } = options;
  const tooLate = new Error("The time limit has passed");
  const outcome = await within(timeoutMs, work, { error: () => tooLate, onlyAwake: true }).catch(
    async (error: unknown): Promise<LoadResult> => {
      if (error === tooLate) {
        late = true;
        collected.seal();
        return {
          ...failed(await hangingAwait(found, { file: at.file, timeoutMs, prepared })),
          mayHeal: "slow",
        };
      }
      const location = locate(error, found.folder) ?? { file: at.file };
      const problem = { reason: errorMessage(error), ...location };
      // A package of a package, which was left to run time because many are never asked for.
      const missing = missingAtRunTime(error);
      if (missing === undefined) return failed(problem);
      return {
        ...failed(await withRemedy({ ...problem, missingPackage: missing }, found)),
        mayHeal: "package",
      };
    },
  );
  if (!outcome.ok) await release();
  return outcome;
}

function bind(
  prepared: Prepared,
  { sinks, settings, about }: Pick<Collector, "sinks" | "settings" | "about">,
  { services, log }: LoadOptions,
): () => Promise<void> {
  const sdk = createHostSdk({
    ...services,
    ...sinks,
    server: { ...services.server, webhookPath: () => about.setup?.webhook?.path },
    getSetting: (key) => services.getSetting(key) ?? defaultInManifest(key, settings, about.setup),
    log: (level, message, fields) => logText(log, level, message, { fields: fields ?? {} }),
  });
  const bound = bindFolder(prepared.dir, sdk);
  return () => {
    bound.unbind();
    forgetModules(prepared.modules);
    return prepared.discard();
  };
}

/** A CommonJS module has all of its exports in the default export. */
function withDefault(exported: Exports): Exports {
  const { default: own } = exported;
  const isPlain =
    typeof own === "object" && own !== null && [Object.prototype, null].includes(Object.getPrototypeOf(own));
  return isPlain ? { ...own, ...exported } : exported;
}

/** Runs as soon as the manifest is known: later files may read a default from it, or log a secret. */
function takeSetup(
  setup: SetupManifest,
  { settings, about }: Pick<Collector, "settings" | "about">,
  { services, log }: Pick<LoadOptions, "services" | "log">,
): void {
  about.setup = setup;
  for (const key of contradictions(settings, setup)) {
    log.warning(
      "{key} is secret in one of config.ts and setup.ts and not in the other; it counts as secret",
      {
        key,
      },
    );
  }
  for (const { key, secret } of mergeSettings(settings, setup)) {
    const declared = settings.find((setting) => setting.key === key);
    const value = secret ? services.getSetting(key) : undefined;
    if (value !== undefined) services.addSecret(value);
    if (declared) declared.secret = secret;
  }
}

async function importAll(
  found: FoundIntegration,
  hash: string,
  { prepared, at }: { prepared: Prepared; at: { file: string } },
  onImported: (file: string, exported: Exports) => void,
): Promise<Map<string, Exports>> {
  const exports = new Map<string, Exports>();
  for (const file of entriesOf(found.files)) {
    at.file = `${found.folder}/${file}`;
    const path = `${prepared.dir}/${file.replace(/\.[^.]+$/, "")}.js`;
    await during(
      () => `loading ${found.id}/${file}`,
      async () => {
        const exported = withDefault(await importModule(path));
        exports.set(file, exported);
        onImported(file, exported);
      },
      () => loadingSubject({ id: found.id, hash, file: at.file }),
    );
  }
  at.file = found.folder;
  return exports;
}
