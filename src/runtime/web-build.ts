// Bundles the admin UI (src/web) for browsers: hashed files, and the page that names them.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { BuildArtifact, BuildConfig } from "bun";

export interface WebFile {
  type: string;
  /** The content, uncompressed and compressed. Small and already compressed files have only the first. */
  bodies: { identity: Uint8Array<ArrayBuffer>; gzip?: Uint8Array<ArrayBuffer>; br?: Uint8Array<ArrayBuffer> };
}

export interface WebFiles {
  /** The page, with {{nonce}} where each answer puts its own. */
  page: string;
  /** Hashed names, which are served below WEB_ASSETS and never change their content. */
  files: Map<string, WebFile>;
}

/** Where the files are served. */
const WEB_ASSETS = "/assets/";

const TYPES: Record<string, string> = {
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};

export const typeOf = (name: string): string =>
  TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream";

/** Throws an Error with the bundler's messages. `thorough` compresses as far as possible, which takes seconds. */
export async function buildWeb(folder: string, { thorough }: { thorough: boolean }): Promise<WebFiles> {
  const styles = join(folder, "style.css");
  const outputs = [
    ...(await bundle({
      entrypoints: [join(folder, "main.tsx"), join(folder, "scheme.ts")],
      splitting: true,
      // React and its libraries leave out their checks for developers.
      define: { "process.env.NODE_ENV": '"production"' },
    })),
    ...(await bundle({ entrypoints: [styles], files: { [styles]: allStyles(folder) } })),
  ];
  const files = new Map<string, WebFile>();
  for (const output of outputs) {
    const name = basename(output.path);
    // Styles of one page would not come with the page's code, so all of them are in one file.
    if (name.endsWith(".css") && !name.startsWith("style-")) continue;
    files.set(name, fileOf(name, new Uint8Array(await output.arrayBuffer()), thorough));
  }
  const iconName = hashedIcon(folder, files, thorough);
  const named = (pattern: RegExp): string => {
    const name = [...files.keys()].find((one) => pattern.test(one));
    if (name === undefined) throw new Error(`The admin UI's bundle has no file like ${pattern}.`);
    return `${WEB_ASSETS}${name}`;
  };
  const page = (await readFile(join(folder, "index.html"), "utf8"))
    .replace("{{script}}", named(/^main-\w+\.js$/))
    .replace("{{style}}", named(/^style-\w+\.css$/))
    .replace("{{scheme}}", named(/^scheme-\w+\.js$/))
    .replace("{{icon}}", `${WEB_ASSETS}${iconName}`);
  return { page, files };
}

async function bundle(
  options: Pick<BuildConfig, "entrypoints" | "splitting" | "define" | "files">,
): Promise<BuildArtifact[]> {
  const { success, logs, outputs } = await Bun.build({
    ...options,
    target: "browser",
    minify: true,
    publicPath: WEB_ASSETS,
    naming: { entry: "[name]-[hash].[ext]", chunk: "[name]-[hash].[ext]", asset: "[name]-[hash].[ext]" },
    throw: false,
  });
  if (!success) throw new Error(`The admin UI does not build:\n${logs.map(String).join("\n")}`);
  return outputs;
}

/** Later styles win over earlier ones of the same weight. */
const STYLE_ORDER = ["styles.css", "base.css", "parts/", "shell/", "pages/"];

function allStyles(folder: string): string {
  const rank = (name: string) => STYLE_ORDER.findIndex((start) => name.startsWith(start));
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".css"))
    .sort((one, other) => rank(one) - rank(other) || (one < other ? -1 : 1))
    .map((name) => `@import "./${name}";`)
    .join("\n");
}

function hashedIcon(folder: string, files: Map<string, WebFile>, thorough: boolean): string {
  const bytes = new Uint8Array(readFileSync(join(folder, "icon.svg")));
  const name = `icon-${createHash("sha256").update(bytes).digest("hex").slice(0, 8)}.svg`;
  files.set(name, fileOf(name, bytes, thorough));
  return name;
}

/** Smaller files fit into one packet anyway. */
const WORTH_COMPRESSING = 1_000;

function fileOf(name: string, identity: Uint8Array<ArrayBuffer>, thorough: boolean): WebFile {
  const type = typeOf(name);
  if (identity.length < WORTH_COMPRESSING) return { type, bodies: { identity } };
  const gzip = new Uint8Array(gzipSync(identity, { level: thorough ? 9 : 6 }));
  if (!thorough) return { type, bodies: { identity, gzip } };
  const br = new Uint8Array(
    brotliCompressSync(identity, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  );
  return { type, bodies: { identity, gzip, br } };
}
