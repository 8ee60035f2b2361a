// Serves the pages of an integration (web_ui.static_dir) at /integrations/<id>/ui. Only files below that folder are ever
// read, and none whose name begins with a dot.

import { openAsBlob } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import type { SetupManifest } from "../../sdk/manifest.ts";
import { answerFile } from "./file-answer.ts";

const PREFIX = "/ui";

/** The part of a path below /integrations/<id> that belongs to the web UI; undefined for any other path. */
export function webUiPath(setup: SetupManifest | undefined, path: string): string | undefined {
  if (!setup?.web_ui) return undefined;
  return path === PREFIX || path.startsWith(`${PREFIX}/`) ? path.slice(PREFIX.length) : undefined;
}

const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".webmanifest": "application/manifest+json",
  ".txt": "text/plain; charset=utf-8",
  ".md": "text/markdown; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".avif": "image/avif",
  ".ico": "image/x-icon",
  ".woff": "font/woff",
  ".woff2": "font/woff2",
  ".ttf": "font/ttf",
  ".wasm": "application/wasm",
  ".mp3": "audio/mpeg",
  ".mp4": "video/mp4",
  ".webm": "video/webm",
};

/** Undefined for a file that must not be served. */
export type OpenFile = (file: string) => Promise<Blob | undefined>;

/** Reads a file of a page for a request with these headers. */
export type ReadPage = (asked?: Headers) => Promise<Response | undefined>;

export interface PageRequest {
  open?: OpenFile | undefined;
  /** The headers of the request, which may ask for a part of the file, or say what the browser has already. */
  asked?: Headers | undefined;
}

/**
 * The file that `path` (as in the URL, "/assets/a.js") names below the folder; index.html for a path without an
 * extension, which is a page of a single-page app. Undefined when there is no such file.
 */
export async function webUiFile(
  folder: string,
  staticDir: string,
  path: string,
  request: PageRequest = {},
): Promise<Response | undefined> {
  const name = decoded(path);
  if (name === undefined) return undefined;
  const root = await realpath(join(folder, staticDir)).catch(() => undefined);
  // A link must not lead elsewhere: the manifest promises a folder of its own.
  if (!root?.startsWith(folder + sep)) return undefined;
  return (
    (await read(root, name, request)) ??
    (extname(name) === "" ? await read(root, "/index.html", request) : undefined)
  );
}

function decoded(path: string): string | undefined {
  try {
    const name = decodeURIComponent(path);
    const isSafe = !/[\0\\]/.test(name) && !name.split("/").some((part) => part.startsWith("."));
    return isSafe ? name : undefined;
  } catch {
    return undefined;
  }
}

async function read(
  root: string,
  name: string,
  { open = openAsBlob, asked }: PageRequest,
): Promise<Response | undefined> {
  const file = await realpath(join(root, name)).catch(() => undefined);
  if (!file?.startsWith(root + sep)) return undefined;
  // A link may lead to a file whose own name would not be served.
  if (
    file
      .slice(root.length)
      .split(sep)
      .some((part) => part.startsWith("."))
  )
    return undefined;
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  const content = await open(file);
  if (!content) return undefined;
  return answerFile(content, {
    changedAt: found.mtime,
    asked,
    headers: {
      "content-type": TYPES[extname(file).toLowerCase()] ?? "application/octet-stream",
      "x-content-type-options": "nosniff",
      // The files are public; a page in an origin of its own needs CORS to load its own modules.
      "access-control-allow-origin": "*",
      // Built files may be replaced at any time, and revalidation is cheap.
      "cache-control": "no-cache",
    },
  });
}
