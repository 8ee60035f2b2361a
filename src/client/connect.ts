// The command line as a client of a running server.

import type { Config } from "../config.ts";
import { HeddleError, isErrorCode } from "../errors.ts";
import { findServer } from "../local-server.ts";

export interface ConnectFlags {
  url?: string | undefined;
  "api-key"?: string | undefined;
}

export interface Connection {
  /** Throws a HeddleError: the server's own, or "unavailable" when none answers. */
  post(path: string, body?: unknown): Promise<unknown>;
}

/**
 * The server that flags or HEDDLE_URL name, else the one that runs on this home. Throws "config" when there is none, or
 * no key for it.
 */
export function connect(flags: ConnectFlags, config: Pick<Config, "home" | "environment">): Connection {
  const { url, key, name } = choose(flags, config);
  return {
    async post(path, body) {
      let response: Response;
      try {
        response = await fetch(`${url}${path}`, {
          method: "POST",
          headers: {
            authorization: `Bearer ${key}`,
            ...(body !== undefined && { "content-type": "application/json" }),
          },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
      } catch (cause) {
        throw new HeddleError("unavailable", `No server answers at ${url}${name}.`, { cause });
      }
      const answer: unknown = await response.json().catch(() => undefined);
      if (response.ok) return answer;
      throw failure(response.status, answer);
    },
  };
}

function choose(flags: ConnectFlags, { home, environment }: Pick<Config, "home" | "environment">) {
  const url = flags.url ?? environment.HEDDLE_URL;
  const key = flags["api-key"] ?? environment.HEDDLE_API_KEY;
  if (url !== undefined) {
    if (key === undefined) {
      throw new HeddleError("config", `A key for ${url} is needed: set HEDDLE_API_KEY.`, {
        field: "HEDDLE_API_KEY",
      });
    }
    return { url: url.replace(/\/+$/, ""), key, name: "" };
  }
  const local = findServer(home);
  if (!local) {
    throw new HeddleError(
      "config",
      `No server runs on ${home}: start one with "heddle serve", or name another with --home, or with HEDDLE_URL and HEDDLE_API_KEY.`,
    );
  }
  return {
    url: local.url,
    key: key ?? local.key,
    name: `: the one that ran on ${home} (process ${local.pid}) is gone`,
  };
}

function failure(status: number, answer: unknown): HeddleError {
  const error = (answer as { error?: { code?: unknown; message?: unknown } } | undefined)?.error;
  const message = typeof error?.message === "string" ? error.message : `The server answered ${status}.`;
  return new HeddleError(isErrorCode(error?.code) ? error.code : "upstream", message);
}
