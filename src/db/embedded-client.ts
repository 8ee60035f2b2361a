// Opens PGlite with the files that ship with Heddle: the WebAssembly programs, pgvector, and a file layer that syncs.

import { pathToFileURL } from "node:url";
import { type Extension, PGlite } from "@electric-sql/pglite";
import { errorMessage, HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { asset, assetFile } from "../runtime/assets.ts";
import { DURABLE_PARAMETERS, DurableFiles } from "./durable-files.ts";
import { prepareStatements } from "./embedded-statements.ts";
import { takeTurns } from "./take-turns.ts";

/** Instead of PGlite's 128 MB. This saves a quarter of the server's memory, and nothing became slower. */
const SHARED_BUFFERS = "32MB";

export interface OpenClient {
  home: string;
  log: Logger;
  /**
   * Called with PostgreSQL's last log line when an open database panics. It must not return: PostgreSQL's `abort` does
   * not end the WebAssembly program, which would loop for ever inside this very call and block the whole process.
   */
  onPanic: (line: string) => never;
  /** The file layer; tests replace it to observe file operations. */
  files?: (folder: string) => DurableFiles;
  programs: Promise<EmbeddedPrograms>;
}

/** The programs: PostgreSQL itself, and initdb, which creates data folders. */
export interface EmbeddedPrograms {
  pglite: WebAssembly.Module;
  initdb: WebAssembly.Module;
}

export async function openClient(folder: string, options: OpenClient): Promise<PGlite> {
  const { home, log, onPanic, programs, files = (path) => new DurableFiles(path) } = options;
  let lastError = "";
  let isOpen = false;
  try {
    const { pglite, initdb } = await programs;
    const client = await PGlite.create({
      fs: files(folder),
      startParams: [...DURABLE_PARAMETERS, "-c", `shared_buffers=${SHARED_BUFFERS}`],
      pgliteWasmModule: pglite,
      initdbWasmModule: initdb,
      fsBundle: await asset("pglite.data"),
      extensions: { vector: vectorExtension(await assetFile("vector.tar.gz", home)) },
      onStderr(line) {
        // The severity is at the start of a log line; text quoted from a statement comes later.
        const severity = /\] (FATAL|PANIC|ERROR):/.exec(line.slice(0, 100))?.[1];
        if (severity) lastError = line;
        if (severity === "PANIC" && isOpen) onPanic(line);
        log.debug("PGlite: {line}", { line });
        return false;
      },
    });
    prepareStatements(client);
    takeTurns(client);
    isOpen = true;
    return client;
  } catch (cause) {
    throw new HeddleError(
      "database",
      `The embedded database in ${folder} cannot be opened (${lastError || errorMessage(cause)}): restore a backup of ` +
        "the folder, or move it away to start with an empty one.",
      { cause },
    );
  }
}

/** Compiles the programs. This takes a good part of the start-up time, but runs on separate threads. */
export async function compilePrograms(): Promise<EmbeddedPrograms> {
  const [pglite, initdb] = await Promise.all([wasm("pglite.wasm"), wasm("initdb.wasm")]);
  return { pglite, initdb };
}

async function wasm(name: "pglite.wasm" | "initdb.wasm"): Promise<WebAssembly.Module> {
  const file = await asset(name);
  if (!file) throw new HeddleError("internal", `${name} is missing from this installation.`);
  return WebAssembly.compile(await file.arrayBuffer());
}

/** The same as @electric-sql/pglite-pgvector exports, but with a bundle at any path. */
function vectorExtension(bundle: string): Extension {
  return {
    name: "vector",
    setup: async (_client, emscriptenOpts) => ({ emscriptenOpts, bundlePath: pathToFileURL(bundle) }),
  };
}
