// Has `import.meta.dir` and its like name the source file instead of the bundle.

import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { inCode, replaced } from "./in-code.ts";

/** A property of `import.meta` that depends on the file's location, or `import.meta` itself, as in `const { dir } = import.meta`. */
const LOCATION =
  /\bimport\s{0,9}\.\s{0,9}meta(?:\s{0,99}\.\s{0,9}(dirname|dir|url|path|filename|file|resolveSync|resolve|require)\b|(?![\w$])(?!\s*\.))/;
const EVERY_LOCATION =
  /\bimport\s{0,9}\.\s{0,9}meta(?:\s{0,99}\.\s{0,9}(dirname|dir|url|path|filename|file|resolveSync|resolve|require)\b|(?![\w$])(?!\s*\.))/g;

export interface Location {
  /** Absolute path of the file that is named. */
  path: string;
  /** What follows it in its address. */
  query: string;
  loader: Bun.TranspilerOptions["loader"];
  macros: boolean;
}

/** Replaces locations in place, so that line numbers in stack traces stay right. */
export function withLocations(source: string, { path, query, loader, macros }: Location): string {
  if (!LOCATION.test(source)) return source;
  const texts = {
    dir: dirname(path),
    dirname: dirname(path),
    url: pathToFileURL(path).href + query,
    path,
    filename: path,
    file: path.slice(dirname(path).length + 1),
  };
  const from = (method: string) =>
    `((name, from = ${JSON.stringify(path)}) => import.meta.${method}(name, from))`;
  const values: Record<string, string> = {
    ...Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, JSON.stringify(text)])),
    // In the bundle they would look beside the bundle.
    resolve: from("resolve"),
    resolveSync: from("resolveSync"),
    require: `((name) => import.meta.require(import.meta.resolveSync(name, ${JSON.stringify(path)})))`,
  };
  const fields = Object.entries(values).map(([name, value]) => `${name}: ${value}`);
  const whole = `({ __proto__: import.meta, main: import.meta.main, ${fields.join(", ")} })`;
  const places = [...source.matchAll(EVERY_LOCATION)].map(({ index, 0: text, 1: name }) => ({
    at: index,
    length: text.length,
    text: name === undefined ? whole : (values[name] ?? text),
  }));
  return replaced(source, inCode(source, places, { loader, macros }), ({ text }) => text);
}
