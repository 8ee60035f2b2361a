// What CommonJS modules ask of `module` besides its exports: `module.filename`, `module.parent`, `module.paths`, … The bundler
// gives them an object without these, or with paths that are not the file's.

import { dirname, join, sep } from "node:path";
import { inCode, replaced } from "./in-code.ts";

const PROPERTY = /(?<![\w$.])module\.(filename|id|path|paths|parent|children|loaded|require)\b/;
const EVERY_PROPERTY = /(?<![\w$.])module\.(filename|id|path|paths|parent|children|loaded|require)\b/g;

/** A variable or a parameter of that name, which is not the module. */
const BOUND =
  /\b(?:var|let|const|class|function|import) module\b|[(,{] ?module ?(?:[),}]|=[^=])|\bmodule ?=>|\.\.\.module\b/;

/** `module.exports` as a whole. */
const WHOLE = /(?<![\w$.])module\s{0,9}(?:\.\s{0,9}exports|\[["']exports["']\])/;
const OF_ES_MODULE = /^[ \t]*(?:import[\s{*"']|export[\s{*])/m;

/**
 * The source with a use of `module` by itself at its end, if it is CommonJS. Where all exports are set by name
 * (`exports.a = 1`), the bundler keeps each in a variable of its own; what then uses `module.exports` as a whole
 * (`Object.assign(module.exports, …)`) would fail, because there is no such object any more.
 */
export const withWholeExports = (source: string): string =>
  WHOLE.test(source) && !OF_ES_MODULE.test(source)
    ? `${source}\nfunction __heddleModule(){return module}`
    : source;

export interface ModuleObject {
  /** Absolute path of the file that is read. */
  path: string;
  /** Absolute path of the file that it stands for. */
  original: string;
  loader: Bun.TranspilerOptions["loader"];
  macros: boolean;
}

/** The source with these properties replaced by what they are without a bundle; lines stay as they are. */
export function withModuleObject(source: string, { path, original, loader, macros }: ModuleObject): string {
  if (!PROPERTY.test(source) || BOUND.test(source)) return source;
  const file = JSON.stringify(original);
  const above = mainAbove(path);
  const main = above === undefined ? undefined : JSON.stringify(above);
  const values: Record<string, string> = {
    filename: file,
    id: file,
    path: JSON.stringify(dirname(original)),
    paths: JSON.stringify(packagesAbove(dirname(original))),
    parent: main === undefined ? "null" : `({id:${main},filename:${main},exports:{},loaded:true})`,
    children: "[]",
    loaded: "true",
    require: `globalThis.process.getBuiltinModule("node:module").createRequire(${file})`,
  };
  const places = [...source.matchAll(EVERY_PROPERTY)].flatMap(({ index, 0: text, 1: name = "" }) =>
    isWritten(source, index, index + text.length)
      ? []
      : [{ at: index, length: text.length, value: values[name] ?? text }],
  );
  return replaced(source, inCode(source, places, { loader, macros }), ({ value }) => value);
}

/** Whether the property is set, and not read. */
function isWritten(source: string, start: number, end: number): boolean {
  const after = source.slice(end, end + 20).trimStart();
  if (/^(?:=(?![=>])|\+\+|--|[-+*/%|&^?<>]{1,3}=(?!=))/.test(after)) return true;
  return /(?:\bdelete|\+\+|--)$/.test(source.slice(Math.max(0, start - 20), start).trimEnd());
}

function packagesAbove(dir: string): string[] {
  const above = dirname(dir) === dir ? [] : packagesAbove(dirname(dir));
  return dir.endsWith(`${sep}node_modules`) ? above : [join(dir, "node_modules"), ...above];
}

const PACKAGES = `${sep}node_modules${sep}`;

/** The main file of the package to which a file belongs; undefined if it is this file, which imports of the package load. */
function mainAbove(path: string): string | undefined {
  const at = path.lastIndexOf(PACKAGES);
  if (at === -1) return undefined;
  const [scope = "", name = ""] = path.slice(at + PACKAGES.length).split(sep);
  const folder = path.slice(0, at + PACKAGES.length) + (scope.startsWith("@") ? join(scope, name) : scope);
  try {
    const main = Bun.resolveSync(folder, "/");
    return main === path ? undefined : main;
  } catch {
    return undefined;
  }
}
