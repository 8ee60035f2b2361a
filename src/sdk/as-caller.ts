// `asCaller`: a route reads the REST API with the rights of who calls it.

import { HeddleError } from "../errors.ts";
import { failureIn } from "./rest-failure.ts";
import type { CallerApi } from "./types.ts";

/** The header with what the server knows the caller by, while the route answers. */
export const CALLER_TICKET = "heddle-caller-ticket";

/** Asks the server; the path is below /api/v1. */
export type AskAsCaller = (
  ticket: string,
  path: string,
  signal: AbortSignal | undefined,
) => Promise<Response>;

export const createAsCaller =
  (ask: AskAsCaller) =>
  (request: Request): CallerApi => ({
    async get<Value>(path: string, { query = {}, signal }: Parameters<CallerApi["get"]>[1] = {}) {
      const parameters = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) {
        if (value !== undefined && value !== null) parameters.set(name, String(value));
      }
      if (!isPlain(path)) {
        throw new HeddleError(
          "validation",
          `The path must be one below /api/v1, such as "/channels"; got "${path}".`,
          {
            field: "path",
          },
        );
      }
      const search = parameters.size > 0 ? `?${parameters}` : "";
      const response = await ask(request.headers.get(CALLER_TICKET) ?? "", path + search, signal);
      if (!response.ok) throw failureIn(response.status, await response.text());
      if (!/^application\/json\b/.test(response.headers.get("content-type") ?? "")) {
        await response.body?.cancel();
        throw new HeddleError("validation", `${path} is not answered with JSON.`, { field: "path" });
      }
      return (await response.json()) as Value;
    },
  });

/** A URL reads "%2e" as a dot and "\\" as a slash, and leaves out tabs and line ends, so that such a path could lead elsewhere. */
const isPlain = (path: string): boolean =>
  path.startsWith("/") && !/[?#\\\p{Cc}]|\/\.{0,2}(?:\/|$)/u.test(path.replaceAll(/%2e/gi, "."));
