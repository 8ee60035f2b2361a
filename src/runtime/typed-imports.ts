// Imports that name a type, `import text from "./a.json" with { type: "text" }`. The bundler has one module a file, whatever
// its imports ask for, so what is asked for becomes part of the name that they import.

import { dirname, extname } from "node:path";
import type { BunPlugin } from "bun";
import { importKinds } from "./import-kinds.ts";
import { find } from "./query-imports.ts";

const KINDS = ["text", "file", "json", "toml", "yaml", "sqlite"] as const;
type Kind = (typeof KINDS)[number];
const isKind = (kind: string): kind is Kind => KINDS.includes(kind as Kind);

/** What files are without an attribute; all others are "file" or code. */
const USUAL: Record<string, Kind> = {
  ".txt": "text",
  ".json": "json",
  ".toml": "toml",
  ".yaml": "yaml",
  ".yml": "yaml",
};

type ScriptLoader = Bun.TranspilerOptions["loader"];

const PREFIX = "heddle-import-as-";

/** Renames the imports of a source that ask for another type than the file usually has; lines stay as they are. */
export function withTypedImports(source: string, loader: ScriptLoader, path: string): string {
  const found: Place[] = [];
  for (const [specifier, kind] of new Map(
    importKinds(source, loader).map((one) => [one.join(" "), one]),
  ).values()) {
    if (!isKind(kind) || USUAL[extname(specifier)] === kind || find(specifier, dirname(path)) === undefined)
      continue;
    for (const quote of ['"', "'", "`"]) found.push(...placesOf(source, quote + specifier + quote, kind));
  }
  if (found.length === 0) return source;
  found.sort((a, b) => a.at - b.at);
  // What looks like an import may be part of a text.
  const isImported = importedOf(
    renamed(source, found, (at) => `${at}:`),
    loader,
  );
  return renamed(
    source,
    found.filter(({ at }) => isImported.has(at)),
    () => ":",
  );
}

interface Place {
  at: number;
  kind: Kind;
  /** Where the type stands that is to be replaced. */
  type?: number;
}

function placesOf(source: string, quoted: string, kind: Kind): Place[] {
  const found: Place[] = [];
  for (let at = source.indexOf(quoted); at !== -1; at = source.indexOf(quoted, at + quoted.length)) {
    const end = at + quoted.length;
    if (!BEFORE.test(source.slice(Math.max(0, at - 20), at).trimEnd())) continue;
    if (ATTRIBUTE.exec(source.slice(end, end + 200).replaceAll(/\s/g, ""))?.[1] !== kind) continue;
    // The bundler would not ask what becomes of an import of a database. One of JSON may name what it imports, too.
    found.push({ at: at + 1, kind, ...(kind === "sqlite" && { type: source.indexOf(kind, end) }) });
  }
  return found;
}

const BEFORE = /(?:\bfrom|\bimport|\()$/;
/** Without blanks. */
const ATTRIBUTE = /^(?:,\{)?(?:with|assert):?\{["']?type["']?:["'](\w+)["']/;

function renamed(source: string, places: readonly Place[], endOf: (at: number) => string): string {
  const parts: string[] = [];
  let rest = 0;
  for (const { at, kind, type } of places) {
    parts.push(source.slice(rest, at), PREFIX, kind, endOf(at));
    rest = at;
    if (type === undefined) continue;
    parts.push(source.slice(at, type), "json");
    rest = type + kind.length;
  }
  return [...parts, source.slice(rest)].join("");
}

/** The places in a source whose marked names are really imported. */
function importedOf(marked: string, loader: ScriptLoader): Set<number> {
  try {
    const transpiler = new Bun.Transpiler({ loader, target: "bun", macro: false } as never);
    const names = transpiler.scanImports(marked).map(({ path }) => path);
    return new Set(names.map((name) => Number(/^heddle-import-as-[a-z]+(\d+):/.exec(name)?.[1])));
  } catch {
    return new Set();
  }
}

/** Returns the file that a module of this plugin comes from; other names are returned unchanged. */
export function typedImportsFile(source: string): string {
  return source.startsWith(PREFIX) ? source.slice(source.indexOf(":") + 1, source.lastIndexOf("#")) : source;
}

export interface TypedImports {
  /** Returns the bytes of a file, once it has been recorded. */
  read(path: string): Promise<Uint8Array>;
  /** What the import of a file as its path evaluates to. */
  pathOf(path: string): string;
}

export function typedImports({ read, pathOf }: TypedImports): BunPlugin {
  return {
    name: "typed-imports",
    setup(build) {
      build.onResolve({ filter: /^heddle-import-as-/ }, ({ path, importer }) => {
        const at = path.indexOf(":");
        const file = find(path.slice(at + 1), dirname(importer));
        const namespace = path.slice(0, at);
        // The bundler tells modules apart by their path alone.
        return file === undefined ? undefined : { path: `${file}#${namespace}`, namespace };
      });
      for (const kind of KINDS) {
        build.onLoad({ filter: /.*/, namespace: PREFIX + kind }, async ({ path: marked }) => {
          const path = marked.slice(0, marked.lastIndexOf("#"));
          // Not recorded, because writing to a database does not change the integration.
          if (kind === "sqlite") return { contents: databaseAt(pathOf(path)), loader: "js" };
          const bytes = await read(path);
          if (kind !== "text" && kind !== "file") return { contents: bytes, loader: kind };
          const value = kind === "file" ? pathOf(path) : new TextDecoder().decode(bytes);
          // The bundler's own text modules of a script lack the default export.
          return { contents: `export default ${JSON.stringify(value)};`, loader: "js" };
        });
      }
    },
  };
}

const databaseAt = (path: string): string =>
  `import { Database } from "bun:sqlite"; export const db = new Database(${JSON.stringify(path)}); export default db;`;
