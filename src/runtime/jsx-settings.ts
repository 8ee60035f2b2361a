// What the tsconfig.json of a folder says about JSX. Bun 1.4 forgets it for every file whose import a plugin was asked about, unless the
// build as a whole has the same settings.

import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";

export interface JsxSettings {
  runtime?: "classic" | "automatic";
  factory?: string;
  fragment?: string;
  importSource?: string;
}

const NAMES = ["tsconfig.json", "jsconfig.json"];
/** A chain of files that extend each other; TypeScript refuses a circle. */
const MOST_FILES = 20;

interface Settings {
  extends?: unknown;
  compilerOptions?: Record<string, unknown>;
}

/** The settings of the nearest file at or above the folder. What cannot be read or parsed is left to the bundler to report. */
export async function jsxSettings(folder: string): Promise<JsxSettings> {
  for (let dir = folder; ; dir = dirname(dir)) {
    for (const name of NAMES) {
      const found = await read(join(dir, name));
      if (found) return asJsx(await withExtended(join(dir, name), found, MOST_FILES));
    }
    if (dir === dirname(dir)) return {};
  }
}

async function read(path: string): Promise<Settings | undefined> {
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    const parsed: unknown = Bun.JSONC.parse(text);
    return typeof parsed === "object" && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

type Options = Record<string, unknown>;

async function withExtended(path: string, settings: Settings, most: number): Promise<Options> {
  let options: Options = {};
  const names = Array.isArray(settings.extends) ? settings.extends : [settings.extends];
  for (const name of names.filter((one) => typeof one === "string")) {
    const base = resolved(name, dirname(path));
    const found = base === undefined || most === 0 ? undefined : await read(base);
    if (base !== undefined && found) options = { ...options, ...(await withExtended(base, found, most - 1)) };
  }
  return { ...options, ...settings.compilerOptions };
}

function resolved(name: string, from: string): string | undefined {
  if (/^\.{0,2}\//.test(name))
    return join(name.startsWith("/") ? "/" : from, name.endsWith(".json") ? name : `${name}.json`);
  try {
    return Bun.resolveSync(name, from);
  } catch {
    return undefined;
  }
}

function asJsx({ jsx, jsxFactory, jsxFragmentFactory, jsxImportSource }: Options): JsxSettings {
  const mode = typeof jsx === "string" ? jsx.toLowerCase() : "";
  return {
    ...(mode === "react" && { runtime: "classic" as const }),
    ...(mode.startsWith("react-jsx") && { runtime: "automatic" as const }),
    ...(typeof jsxFactory === "string" && { factory: jsxFactory }),
    ...(typeof jsxFragmentFactory === "string" && { fragment: jsxFragmentFactory }),
    ...(typeof jsxImportSource === "string" && { importSource: jsxImportSource }),
  };
}
