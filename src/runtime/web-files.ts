// Gives access to the admin UI's bundle: embedded in the compiled binary, built from src/web in a checkout.

import { readdirSync, statSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { EMBEDDED_FOLDER } from "./assets.ts";
import { isBun } from "./host.ts";
import { buildWeb, typeOf, type WebFiles } from "./web-build.ts";

const isCompiled = isBun && Bun.isStandaloneExecutable;
const repository = join(import.meta.dirname, "..", "..");
const sources = join(repository, "src", "web");
/** Where compile.ts puts the bundle, and how the folder in the binary is called. */
export const WEB_FOLDER = "web";
const PAGE = "index.html";

/**
 * Returns a function that reads or builds the bundle at its first call. In a checkout it builds again after a change
 * to src/web, so that a reload of the page shows it. It resolves with undefined where there is no bundle and none can
 * be built: under Deno, unless `bun run build` made one.
 */
export function createWebFiles(): () => Promise<WebFiles | undefined> {
  if (isCompiled) return once(() => readWeb(join(import.meta.dirname, EMBEDDED_FOLDER, WEB_FOLDER)));
  if (!isBun) return once(() => readWeb(join(repository, "dist", WEB_FOLDER)));
  let state = "";
  let files: Promise<WebFiles> | undefined;
  return () => {
    const now = stateOf(sources);
    if (files === undefined || now !== state) {
      state = now;
      files = buildWeb(sources, { thorough: false });
      // A failed build is tried again at the next request.
      files.catch(() => {
        files = undefined;
      });
    }
    return files;
  };
}

/** Builds the bundle into a folder, for compile.ts. */
export async function writeWeb(folder: string): Promise<void> {
  const { page, files } = await buildWeb(sources, { thorough: true });
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, PAGE), page);
  for (const [name, { bodies }] of files) {
    await writeFile(join(folder, name), bodies.identity);
    if (bodies.gzip) await writeFile(join(folder, `${name}.gz`), bodies.gzip);
    if (bodies.br) await writeFile(join(folder, `${name}.br`), bodies.br);
  }
}

async function readWeb(folder: string): Promise<WebFiles | undefined> {
  const names = await readdir(folder).catch((): string[] => []);
  if (!names.includes(PAGE)) return undefined;
  const read = async (name: string) => new Uint8Array(await readFile(join(folder, name)));
  const files: WebFiles["files"] = new Map();
  for (const name of names.filter((one) => one !== PAGE && !/\.(gz|br)$/.test(one))) {
    files.set(name, {
      type: typeOf(name),
      bodies: {
        identity: await read(name),
        ...(names.includes(`${name}.gz`) && { gzip: await read(`${name}.gz`) }),
        ...(names.includes(`${name}.br`) && { br: await read(`${name}.br`) }),
      },
    });
  }
  return { page: await readFile(join(folder, PAGE), "utf8"), files };
}

/** Changes with every file of the folder. */
function stateOf(folder: string): string {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => `${name} ${statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs}`)
    .join("\n");
}

function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let value: Promise<Value> | undefined;
  return () => {
    value ??= make();
    return value;
  };
}
