// How Deno runs the code of integrations: there is no bundler, so each load imports the files themselves, under a query of
// its own, which what they import relatively gets as well. `module.registerHooks` gives them their SDK and Heddle's packages.

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

interface Hooks {
  resolve(
    specifier: string,
    context: { parentURL?: string },
    next: (specifier: string, context: object) => Resolved,
  ): Resolved;
  load(
    url: string,
    context: object,
    next: (url: string, context: object) => object,
  ): object & { source?: unknown };
}

const { registerHooks } = nodeModule as unknown as { registerHooks(hooks: Hooks): void };

/** In the file that stands for a bundled module. */
interface Pointer {
  source: string;
  /** Only what lies below these may be imported; undefined where anything may. */
  within: string[] | undefined;
}

export interface PointersInput {
  folder: string;
  entries: string[];
  outDir: string;
  gate?: Gate | undefined;
}

/** Writes, for each entry, a file where its bundle would be, that names it. Returns their absolute paths. */
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
  /** Imports what a pointer names. What shares a load shares its modules, and its SDK, which is bound to that folder. */
  import(pointer: string, load: string): Promise<Record<string, unknown>>;
  close(folder: string): void;
}

export interface DenoModulesOptions {
  /** What an import of these names gives: the URL of a module of Heddle's. */
  lent: Readonly<Record<string, string>>;
  /** Of the module that has `boundTo`. */
  bindings: string;
  sdkNames(url: string): string[];
}

const SDK = "heddle/sdk";
/** Nothing is there: the hooks give what is asked for. */
const SDK_URL = "file:///heddle-sdk/";
const TOKEN = "heddle-load";

/** Once for the process. */
export function createDenoModules({ lent, bindings, sdkNames }: DenoModulesOptions): DenoModules {
  const loads = new Map<string, { dir: string; within: string[] | undefined }>();
  const tokens = new Map<string, string>();
  const closed = new Set<string>();

  const tokenOf = (url: string | undefined): string | undefined =>
    url?.includes(TOKEN) ? (new URL(url).searchParams.get(TOKEN) ?? undefined) : undefined;

  const isPackage = (path: string) => path.includes(`${sep}node_modules${sep}`);

  /** Code of the workspace comes from its copy, and takes in nothing that nobody has looked at. */
  function refuseForeign(path: string, within: string[] | undefined): void {
    if (isPackage(path)) return;
    const isOpen = !within || within.some((root) => path.startsWith(root + sep));
    if (isOpen && ![...closed].some((folder) => path.startsWith(folder + sep))) return;
    throw new Error(`${path} must be imported by a relative path that stands in the code`);
  }

  registerHooks({
    resolve(specifier, context, next) {
      const token = tokenOf(context.parentURL);
      const load = token === undefined ? undefined : loads.get(token);
      if (token !== undefined && load) {
        if (specifier === SDK)
          return { url: `${SDK_URL}${token}.js?${TOKEN}=${token}`, format: "module", shortCircuit: true };
        const host = lent[specifier];
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
      return next(url, context);
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
