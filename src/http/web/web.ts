// Serves the admin UI: one page for every path that nothing else answers, and its files with hashed names.

import { randomBytes } from "node:crypto";
import { answerEncoded, type Bodies } from "../encoded.ts";
import type { Target } from "../target.ts";

export interface Web {
  /** Answers with the UI's page or one of its files; undefined if the request is not the UI's to answer. */
  answer(request: Request, target: Target): Promise<Response | undefined>;
}

export interface WebOptions {
  /** Resolves with undefined where the UI was not built. */
  files: () => Promise<
    { page: string; files: ReadonlyMap<string, { type: string; bodies: Bodies }> } | undefined
  >;
}

/** Where the bundle's files are, which are named after their content. */
const ASSETS = "/assets/";
/** Paths of programs. A browser that opens one of them gets what a program would get. */
const FOR_PROGRAMS = /^\/(?:api|v1|integrations|swagger|health|ready|metrics)(?:\/|$)/;

export const createWeb = ({ files }: WebOptions): Web => ({
  async answer(request, { path }) {
    if (request.method !== "GET" && request.method !== "HEAD") return undefined;
    const isFile = path.startsWith(ASSETS);
    if (!isFile && !isPage(request, path)) return undefined;
    const web = await files();
    const file = isFile ? web?.files.get(path.slice(ASSETS.length)) : undefined;
    if (isFile)
      return (
        file &&
        answerEncoded(request, file.bodies, {
          "content-type": file.type,
          "cache-control": "public, max-age=31536000, immutable",
        })
      );
    return web ? answerPage(web.page) : answerWithoutPage();
  },
});

/** Programs that ask for an unknown path get the API's 404, so only what browsers open is a page. */
const isPage = (request: Request, path: string): boolean =>
  path === "/" || (!FOR_PROGRAMS.test(path) && (request.headers.get("accept") ?? "").includes("text/html"));

/** Mantine's styles need a nonce, because it writes responsive ones into style elements. Scripts come from files only. */
const policy = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data: blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "media-src 'self' blob:",
    "frame-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

const PAGE_HEADERS = {
  "content-type": "text/html; charset=utf-8",
  // The page names the files of this version, and its nonce must be new each time.
  "cache-control": "no-store",
  vary: "accept",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
};

function answerPage(page: string): Response {
  const nonce = randomBytes(16).toString("base64url");
  return new Response(page.replace("{{nonce}}", nonce), {
    headers: { ...PAGE_HEADERS, "content-security-policy": policy(nonce) },
  });
}

const answerWithoutPage = (): Response =>
  new Response(
    "<!doctype html><title>Heddle</title><p>Heddle runs, but its admin UI was not built. Use the compiled binary, start Heddle with Bun (bun run start), or run bun run build once. The REST API works: see /swagger.",
    {
      status: 501,
      headers: { ...PAGE_HEADERS, "content-security-policy": "default-src 'none'; frame-ancestors 'none'" },
    },
  );
