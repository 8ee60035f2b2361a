// Lets code in a bundle load modules by computed names, as plain Bun does. What the fixed parts of a name show, such as
// "./locale/" + name, becomes part of the bundle; everything else is looked for from the source file at run time.

import { basename, dirname, posix, resolve, sep } from "node:path";
import { type Asked, type CallSite, type CallSites, callSites } from "./call-sites.ts";
import { inCode, replaced } from "./in-code.ts";

/** In the order in which they are tried. */
const ENDINGS = [".tsx", ".jsx", ".ts", ".mts", ".cts", ".mjs", ".js", ".cjs", ".json"];
/** Data that is imported by its whole name only. */
const DATA = [".yaml", ".yml", ".toml", ".txt"];
/** The types of import attributes whose files become part of the bundle, whatever their endings are. */
const TYPES = ["text", "json", "toml", "yaml"];
/** A pattern that finds more is too vague to be meant. */
const MOST_FILES = 1_000;

type JavaScriptLoader = Bun.TranspilerOptions["loader"];

export interface Computed {
  /** Absolute path of the file that is read. */
  path: string;
  /** Absolute path of the file that it stands for, from which names are resolved at run time. */
  original: string;
  loader: Bun.Loader;
  /** Files outside of this directory are not put into the bundle. Undefined: no files are. */
  root: string | undefined;
  /** Whether the file's `require` of this module is left to run time. */
  isDeferred(specifier: string): boolean;
}

/** The source with its computed calls made to work, and the directories that were searched for files. */
export interface WithComputed {
  source: string;
  searched: string[];
  hasFiles: boolean;
}

export async function withComputedImports(source: string, options: Computed): Promise<WithComputed> {
  const unchanged = { source, searched: [], hasFiles: false };
  const found = callSites(source, options.isDeferred);
  const isOther = hasOtherRequire(source);
  const words = found.sites
    .filter(({ word }) => word === "import" || !isOther)
    .map((site) => ({ ...site, length: site.word.length }));
  const sites = inCode(source, words, { loader: options.loader as JavaScriptLoader, macros: false });
  if (sites.length === 0) return unchanged;
  const changed = replaced(source, sites, ({ word }) =>
    word === "import" ? "__heddleImport" : "__heddleRequire(require)",
  );
  const helpers: string[] = [];
  const searched: string[] = [];
  let hasFiles = false;
  for (const word of ["require", "import"] as const) {
    if (!sites.some((site) => site.word === word)) continue;
    const files = await filesFor(found, word, options, searched);
    hasFiles ||= files.length > 0;
    helpers.push(helper(word, files, options.original));
  }
  // At the end, so that the lines of the file keep their numbers.
  return { source: `${changed}\n${helpers.join("\n")}`, searched, hasFiles };
}

/** Whether the module has a `require` of its own, unless that is the file's: `const require = createRequire(import.meta.url)`. */
function hasOtherRequire(source: string): boolean {
  const declared = /^(?:(?:export )?(?:const|let|var) require\b|(?:async )?function require\b)/m.exec(source);
  if (!declared) return false;
  const value = source.slice(declared.index + declared[0].length, declared.index + declared[0].length + 200);
  return !/^ ?= ?(?:[\w$]{1,50}\.)?createRequire\( ?(?:import\.meta\.(?:url|filename|path)|__filename) ?\)/.test(
    value,
  );
}

interface ComputedFile {
  /** Relative to the source file. */
  name: string;
  type: string | undefined;
}

/** The files that the calls may mean. */
async function filesFor(
  { asked }: CallSites,
  word: CallSite["word"],
  { path, root }: Computed,
  searched: string[],
): Promise<ComputedFile[]> {
  if (root === undefined) return [];
  const dir = dirname(path);
  const files = new Map<string, ComputedFile>();
  for (const { parts, type } of distinct(asked(word))) {
    const [head = ""] = parts;
    const start = resolve(dir, head.slice(0, head.lastIndexOf("/")));
    if (start !== root && !start.startsWith(root + sep)) continue;
    searched.push(start);
    const written = parts.map(escaped).join("*");
    const isMeant = (name: string) =>
      type !== undefined || (hasEnding(name, [...ENDINGS, ...DATA]) && !isDeclaration(name));
    for (const one of type === undefined ? [written, `${written}.*`, `${written}/index.*`] : [written]) {
      for await (const found of new Bun.Glob(posix.normalize(one)).scan({ cwd: dir, followSymlinks: true })) {
        const name = posix.normalize(found);
        if (isMeant(name)) files.set(keyOf(name, type), { name, type });
        if (files.size > MOST_FILES) return [];
      }
    }
  }
  return [...files.keys()].sort().flatMap((key) => files.get(key) ?? []);
}

/** Each relative argument once, if its type is none or one whose files become part of the bundle. */
function distinct(asked: Asked[]): Asked[] {
  const meant = asked.filter(
    ({ parts, type }) => /^\.\.?\//.test(parts[0] ?? "") && (type === undefined || TYPES.includes(type)),
  );
  return [...new Map(meant.map((one) => [JSON.stringify([one.parts, one.type]), one])).values()];
}

const hasEnding = (name: string, endings: readonly string[]): boolean =>
  endings.some((ending) => name.endsWith(ending));

/** Also written in the helper's code: a type comes before the name. */
const keyOf = (name: string, type: string | undefined): string =>
  type === undefined ? name : `${type} ${name}`;

const isDeclaration = (name: string): boolean => /\.(d|test|spec)\.[cm]?ts$/.test(basename(name));

const escaped = (text: string): string => text.replace(/[*?[\]{}!\\]/g, "\\$&");

function helper(word: CallSite["word"], files: ComputedFile[], original: string): string {
  const table = files.map(({ name, type }) => {
    const text = JSON.stringify(name.startsWith("../") ? name : `./${name}`);
    const attribute = type === undefined ? "" : `,{with:{type:${JSON.stringify(type)}}}`;
    return `${JSON.stringify(keyOf(name, type))}:()=>${word}(${text}${attribute})`;
  });
  const find = `(name,type)=>{
  if(typeof name!=="string"||!/^\\.\\.?(\\/|$)/.test(name))return;
  const files={__proto__:null,${table.join(",")}};
  const path=globalThis.process.getBuiltinModule("node:path").posix.normalize(name);
  if(type!==undefined)return files[type+" "+path];
  for(const inside of ["","/index"])for(const ending of ["",${ENDINGS.map((ending) => JSON.stringify(ending)).join(",")}]){const file=files[path+inside+ending];if(file)return file}
  return files[path.replace(/\\.([cm]?)js$/,".$1ts")];
}`.replaceAll("\\\\", "\\");
  const from = JSON.stringify(original);
  if (word === "import")
    return `function __heddleImport(name,options){
  try{const type=options?.with?.type;const file=options===undefined||type!==undefined?(${find})(name,type):undefined;return file?file():import(typeof name==="string"?globalThis.Bun.resolveSync(name,${JSON.stringify(dirname(original))}):name,options)}catch(error){return Promise.reject(error)}
}`;
  // A parameter named require, as in a bundle within a package, is not the module's own.
  return `function __heddleRequire(given){
  if(given!==require)return given;
  const own=globalThis.process.getBuiltinModule("node:module").createRequire(${from});
  const find=${find};
  return Object.assign((name)=>{const file=find(name);return file?file():own(name)},{resolve:own.resolve,main:given.main,cache:given.cache,extensions:own.extensions});
}`;
}
