// PGlite with what Heddle carries for it: the files in WebAssembly, pgvector, and a file layer that syncs.

import { pathToFileURL } from "node:url";
import { type Extension, PGlite } from "@electric-sql/pglite";
import { HeddleError, messageOf } from "../errors.ts";
import type { Logger } from "../log.ts";
import { asset, assetFile } from "../runtime/assets.ts";
import { DURABLE_PARAMETERS, DurableFiles } from "./durable-files.ts";
import { prepareStatements } from "./embedded-statements.ts";

/** Instead of PGlite's 128 MB: a quarter of the server's memory saved, and nothing was slower for it. */
const SHARED_BUFFERS = "32MB";

export interface OpenClient {
  home: string;
  log: Logger;
  /**
   * Hears PostgreSQL's last line when an open database gives up, and must not return: PostgreSQL's `abort` does not end
   * WebAssembly, which goes round in a loop from then on, in the very call, and nothing else in the process runs again.
   */
  onPanic: (line: string) => never;
  /** The file layer; tests look at what passes there. */
  files?: (folder: string) => DurableFiles;
  programs: Promise<EmbeddedPrograms>;
}

/** PostgreSQL itself, and what makes its folders. */
export interface EmbeddedPrograms {
  pglite: WebAssembly.Module;
  initdb: WebAssembly.Module;
}

export async function openClient(folder: string, options: OpenClient): Promise<PGlite> {
  const { home, log, onPanic, programs, files = (path) => new DurableFiles(path) } = options;
  let lastWords = "";
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
        // As PostgreSQL begins a line of its log; what a statement quotes comes later in it.
        const severity = /\] (FATAL|PANIC|ERROR):/.exec(line.slice(0, 100))?.[1];
        if (severity) lastWords = line;
        if (severity === "PANIC" && isOpen) onPanic(line);
        log.debug("PGlite: {line}", { line });
        return false;
      },
    });
    prepareStatements(client);
    isOpen = true;
    return client;
  } catch (cause) {
    throw new HeddleError(
      "database",
      `The embedded database in ${folder} cannot be opened (${lastWords || messageOf(cause)}): restore a backup of ` +
        "the folder, or move it away to begin with an empty one.",
      { cause },
    );
  }
}

/** Takes a good part of a start, on threads of its own. */
export async function compilePrograms(): Promise<EmbeddedPrograms> {
  const [pglite, initdb] = await Promise.all([wasm("pglite.wasm"), wasm("initdb.wasm")]);
  return { pglite, initdb };
}

async function wasm(name: "pglite.wasm" | "initdb.wasm"): Promise<WebAssembly.Module> {
  const file = await asset(name);
  if (!file) throw new HeddleError("internal", `${name} is missing from this installation.`);
  return WebAssembly.compile(await file.arrayBuffer());
}

/** What @electric-sql/pglite-pgvector exports, but with a bundle that may lie elsewhere. */
function vectorExtension(bundle: string): Extension {
  return {
    name: "vector",
    setup: async (_client, emscriptenOpts) => ({ emscriptenOpts, bundlePath: pathToFileURL(bundle) }),
  };
}
