// Builds the one-file program: `bun compile.ts [target …]` → dist/heddle for this system, dist/heddle-<target> for
// another one.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { prepareArchive } from "./src/db/prepare.ts";
import { discover } from "./src/integrations/discovery/discover.ts";
import { prebuild } from "./src/integrations/loading/prepare.ts";
import { createQueue } from "./src/queue/queue.ts";
import {
  ASSET_NAMES,
  asset,
  BUILTIN_FOLDERS,
  type BuildInfo,
  build,
  builtinDir,
  EMBEDDED_FOLDER,
  preparedArchivePath,
} from "./src/runtime/assets.ts";
import { sdkArchive } from "./src/runtime/sdk.ts";
import { WEB_FOLDER, writeWeb } from "./src/runtime/web-files.ts";

const TARGETS = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64", "windows-x64"] as const;
type Target = (typeof TARGETS)[number];

/** The target for this machine. */
const OWN = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

const repository = import.meta.dirname;
const dist = join(repository, "dist");
const stage = join(dist, "stage", EMBEDDED_FOLDER);
const log = getLogger("heddle");

const targets = parseTargets(Bun.argv.slice(2));
await stageFiles();
const failed: Target[] = [];
for (const target of targets) if (!(await compile(target))) failed.push(target);
process.exit(failed.length === 0 ? 0 : 1);

async function compile(target: Target): Promise<boolean> {
  const outfile = join(dist, outputName(target));
  try {
    const result = await Bun.build({
      entrypoints: [join(repository, "src", "main.ts")],
      compile: {
        target: `bun-${target}`,
        outfile,
        assets: [stage],
        // Whoever can write to the server's working directory must not be able to configure it, or run code in it.
        autoloadDotenv: false,
        autoloadBunfig: false,
        autoloadTsconfig: false,
        // Needed for packages that code imports at run time: without it, their "exports" are ignored. It runs no code.
        autoloadPackageJson: true,
      },
      // Names are kept, because people read stack traces, and Elysia reads the source of its handlers.
      minify: { whitespace: true, syntax: true, identifiers: false },
      sourcemap: "inline",
      // Code that is already parsed halves the time until main.ts runs.
      format: "esm",
      bytecode: true,
      // What a command does not need is not read: one that asks a running server starts in half the time.
      splitting: true,
      throw: false,
    });
    if (result.success) {
      // The program contains its source map, so this copy is not needed.
      await rm(`${outfile}.map`, { force: true });
      console.log(`${outfile}: ${(Bun.file(outfile).size / 1e6).toFixed(0)} MB`);
      return true;
    }
    console.error(result.logs.map(String).join("\n"));
  } catch (error) {
    console.error(String(error));
  }
  console.error(
    `${target} was not built. For another system than this one Bun fetches its own program for it from the package registry, so that needs a network.`,
  );
  return false;
}

function outputName(target: Target): string {
  const name = target === OWN ? "heddle" : `heddle-${target}`;
  return target === "windows-x64" ? `${name}.exe` : name;
}

/** Puts everything that is embedded in the program into one folder. */
async function stageFiles(): Promise<void> {
  await rm(stage, { recursive: true, force: true });
  await mkdir(stage, { recursive: true });
  await prepareDatabase();
  await sdkArchive();
  await prebuildIntegrations();
  await bundlePrograms();
  for (const name of ASSET_NAMES) {
    const file = await asset(name);
    if (!file) throw new Error(`${name} is missing: run bun install`);
    await writeFile(join(stage, name), await file.bytes());
  }
  for (const name of BUILTIN_FOLDERS) {
    await cp(await builtinDir(name, dist), join(stage, name), {
      recursive: true,
      dereference: true,
      // From these drizzle-kit makes the next migration; together they have many times the size of all others.
      filter: (path) => !path.endsWith("_snapshot.json"),
    });
  }
  await writeWeb(join(dist, WEB_FOLDER));
  await cp(join(dist, WEB_FOLDER), join(stage, WEB_FOLDER), { recursive: true });
  const info: BuildInfo = { version: build.version, commit: commit(), id: await contentId(stage) };
  await writeFile(join(stage, "build.json"), JSON.stringify(info));
}

async function prepareDatabase(): Promise<void> {
  const path = preparedArchivePath();
  if (await Bun.file(path).exists()) return;
  console.log("Preparing the database that a first start begins with …");
  await prepareArchive({
    path,
    log,
    initialise: async (db) => (await createQueue({ db, log })).close(),
  });
}

async function prebuildIntegrations(): Promise<void> {
  const outDir = await builtinDir("prebuilt", dist);
  await rm(outDir, { recursive: true, force: true });
  await mkdir(outDir, { recursive: true });
  const { found } = await discover([{ kind: "builtin", dir: await builtinDir("integrations", dist) }]);
  for (const integration of found) {
    const result = await prebuild(integration, outDir, build.version);
    if (result.ok) continue;
    const problems = result.problems.map(({ file, line, reason }) => `${file}:${line}: ${reason}`);
    throw new Error(`The integration ${integration.id} does not build:\n${problems.join("\n")}`);
  }
}

/** Code that the server runs as a separate process or thread, which cannot read the program's embedded files. */
async function bundlePrograms(): Promise<void> {
  const outDir = await builtinDir("programs", dist);
  await rm(outDir, { recursive: true, force: true });
  const { success, logs } = await Bun.build({
    entrypoints: ["guardian.ts", "launcher.ts", "pdf-program.ts", "watchdog-worker.ts"].map((name) =>
      join(repository, "src", "runtime", name),
    ),
    outdir: outDir,
    target: "bun",
    minify: { whitespace: true, syntax: true, identifiers: false },
    throw: false,
  });
  if (!success) throw new Error(`Heddle's own processes do not build:\n${logs.map(String).join("\n")}`);
}

/** Names the folder that a server unpacks the files into. The same files give the same id. */
async function contentId(folder: string): Promise<string> {
  const hash = createHash("sha256");
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of files.sort()) hash.update(`${file.slice(folder.length)}\n`).update(await readFile(file));
  return hash.digest("hex").slice(0, 16);
}

function commit(): string | null {
  try {
    return execFileSync("git", ["rev-parse", "HEAD"], {
      cwd: repository,
      stdio: ["ignore", "pipe", "ignore"],
    })
      .toString()
      .trim();
  } catch {
    // The build runs in an unpacked archive, without git.
    return null;
  }
}

function parseTargets(words: string[]): Target[] {
  const wanted = words.length > 0 ? words : [OWN];
  const known = wanted.filter((word): word is Target => TARGETS.some((target) => target === word));
  if (known.length === wanted.length) return known;
  console.error(`Cannot build for "${wanted.join(" ")}". Targets: ${TARGETS.join(", ")}.`);
  process.exit(1);
}
