// Loads integrations under Deno, which has no bundler. Each load imports the files themselves with a unique query
// string, which their relative imports inherit. `module.registerHooks` supplies the SDK and Heddle's packages.

import { mkdir, readFile, realpath, writeFile } from "node:fs/promises";
import nodeModule from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Gate } from "./bundle-sources.ts";

interface Resolved {
  url: string;
  format?: string;
  shortCircuit?: boolean;
}

interface Loaded {
  format?: string | undefined;
  source?: unknown;
  shortCircuit?: boolean;
}

interface Hooks {
  resolve(
    specifier: string,
    context: { parentURL?: string },
    next: (specifier: string, context: object) => Resolved,
  ): Resolved;
  load(
    url: string,
    context: { importAttributes?: { type?: string } },
    next: (url: string, context: object) => Loaded,
  ): Loaded;
}

const { registerHooks } = nodeModule as unknown as { registerHooks(hooks: Hooks): void };

/** Contents of the file that stands in for a bundled module. */
interface Pointer {
  source: string;
  /** Imports are limited to files below these roots; undefined means no limit. */
  within: string[] | undefined;
}

export interface PointersInput {
  folder: string;
  entries: string[];
  outDir: string;
  gate?: Gate | undefined;
}

/** Writes a pointer file for each entry where its bundle would be. Returns their absolute paths. */
export async function writePointers({ folder, entries, outDir, gate }: PointersInput): Promise<string[]> {
  const within = gate?.copy && [gate.copy.root];
  return Promise.all(
    entries.map(async (entry) => {
      const path = join(outDir, entry.replace(/\.[^.]+$/, ".js"));
      const pointer: Pointer = { source: await realpath(join(folder, entry)), within };
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(path, JSON.stringify(pointer));
      return path;
    }),
  );
}

export interface DenoModules {
  /**
   * Imports the module a pointer names. Imports with the same `load` folder share their modules and the SDK bound to
   * that folder.
   */
  import(pointer: string, load: string): Promise<Record<string, unknown>>;
  close(folder: string): void;
}

export interface DenoModulesOptions {
  /** Specifiers that resolve to the host's own modules, with the URLs of those. */
  hostModules: Readonly<Record<string, string>>;
  /** URL of the module that exports `boundTo`. */
  bindings: string;
  sdkNames(url: string): string[];
}

const SDK = "heddle/sdk";
/** No such file exists; the load hook generates its source. */
const SDK_URL = "file:///heddle-sdk/";
const TOKEN = "heddle-load";

/** Registers the hooks. Call it once per process. */
export function createDenoModules({ hostModules, bindings, sdkNames }: DenoModulesOptions): DenoModules {
  const loads = new Map<string, { dir: string; within: string[] | undefined }>();
  const tokens = new Map<string, string>();
  const closed = new Set<string>();

  const tokenOf = (url: string | undefined): string | undefined =>
    url?.includes(TOKEN) ? (new URL(url).searchParams.get(TOKEN) ?? undefined) : undefined;

  const isPackage = (path: string) => path.includes(`${sep}node_modules${sep}`);

  /** Code of the workspace is loaded from a reviewed copy, so it must not import anything that was not reviewed. */
  function refuseForeign(path: string, within: string[] | undefined): void {
    if (isPackage(path)) return;
    const isOpen = !within || within.some((root) => path.startsWith(root + sep));
    if (isOpen && ![...closed].some((folder) => path.startsWith(folder + sep))) return;
    throw new Error(`${path} must be imported by a literal relative path`);
  }

  registerHooks({
    resolve(specifier, context, next) {
      const token = tokenOf(context.parentURL);
      const load = token === undefined ? undefined : loads.get(token);
      if (token !== undefined && load) {
        if (specifier === SDK)
          return { url: `${SDK_URL}${token}.js?${TOKEN}=${token}`, format: "module", shortCircuit: true };
        const host = hostModules[specifier];
        if (host !== undefined) return { url: host, format: "module", shortCircuit: true };
      }
      const found = next(specifier, context);
      if (!load || !found.url.startsWith("file:") || found.url.startsWith(SDK_URL)) return found;
      const path = fileURLToPath(found.url.split("?")[0] ?? "");
      if (specifier !== bindings) refuseForeign(path, load.within);
      return isPackage(path) || specifier === bindings
        ? found
        : { ...found, url: withToken(found.url, token) };
    },
    load(url, context, next) {
      if (url.startsWith(SDK_URL)) {
        const token = tokenOf(url) ?? "";
        const of = JSON.stringify(pathToFileURL(join(loads.get(token)?.dir ?? "", "sdk.js")).href);
        const lines = [
          `import { boundTo } from ${JSON.stringify(bindings)};`,
          `const bound = boundTo(${of});`,
          ...sdkNames(JSON.parse(of)).map((name) => `export const ${name} = bound.${name};`),
        ];
        return { format: "module", source: lines.join("\n"), shortCircuit: true };
      }
      if (closed.size > 0 && url.startsWith("file:"))
        refuseForeign(fileURLToPath(url.split("?")[0] ?? ""), undefined);
      const loaded = next(url, context);
      // Where there are hooks, Deno takes JSON that a package requires for code, because nobody says what it is.
      const isJson = /\.json(?:\?|$)/.test(url) && context.importAttributes?.type === undefined;
      return isJson && loaded.format === undefined ? { ...loaded, format: "json" } : loaded;
    },
  });

  return {
    async import(pointer, dir) {
      const { source, within }: Pointer = JSON.parse(await readFile(pointer, "utf8"));
      let token = tokens.get(dir);
      if (token === undefined) {
        token = crypto.randomUUID();
        tokens.set(dir, token);
        loads.set(token, { dir, within });
      }
      return import(withToken(pathToFileURL(source).href, token));
    },
    close: (folder) => void closed.add(folder),
  };
}

const withToken = (url: string, token: string | undefined): string => {
  const marked = new URL(url);
  marked.searchParams.set(TOKEN, token ?? "");
  return marked.href;
};
