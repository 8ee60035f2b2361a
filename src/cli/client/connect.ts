// The command line as a client of a running server.

import { findServer } from "../../config/local-server.ts";
import { HeddleError, isErrorCode } from "../../errors.ts";
import { fetchOverSocket } from "../../runtime/serve.ts";

export interface ConnectFlags {
  url?: string | undefined;
  "api-key"?: string | undefined;
}

export interface Connection {
  /** Each throws a HeddleError: the server's own, or "unavailable" when none answers. */
  get(path: string): Promise<unknown>;
  post(path: string, body?: unknown): Promise<unknown>;
  delete(path: string): Promise<unknown>;
}

/**
 * The server that flags or HEDDLE_URL name, else the one that runs on this home, as its operator. Throws "config" when
 * there is none, or no key for it. `environment` is this process's own: a file beside other files is not to say where a
 * key goes.
 */
export function connect(flags: ConnectFlags, { home, environment }: ConnectOptions): Connection {
  const { send, key, gone } = choose(flags, home, environment);
  const ask = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    let response: Response;
    try {
      response = await send(path, {
        method,
        headers: {
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
    } catch (cause) {
      throw new HeddleError("unavailable", gone, { cause });
    }
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    throw failure(response.status, answer);
  };
  return {
    get: (path) => ask("GET", path),
    post: (path, body) => ask("POST", path, body),
    delete: (path) => ask("DELETE", path),
  };
}

export interface ConnectOptions {
  home: string;
  environment: Readonly<Record<string, string | undefined>>;
}

function choose(flags: ConnectFlags, home: string, environment: ConnectOptions["environment"]) {
  const key = flags["api-key"] ?? environment.HEDDLE_API_KEY;
  const given = flags.url ?? environment.HEDDLE_URL;
  if (given !== undefined) {
    const url = given.replace(/\/+$/, "");
    if (key === undefined) {
      throw new HeddleError("config", `A key for ${url} is needed: set HEDDLE_API_KEY.`, {
        field: "HEDDLE_API_KEY",
      });
    }
    const send = (path: string, init: RequestInit) => fetch(`${url}${path}`, init);
    return { send, key, gone: `No server answers at ${url}.` };
  }
  const local = findServer(home);
  if (!local) {
    throw new HeddleError(
      "config",
      `No server runs on ${home}: start one with "heddle serve", or name another with --home, or with HEDDLE_URL and HEDDLE_API_KEY.`,
    );
  }
  const { url, pid, socket } = local;
  if (socket === null) {
    throw new HeddleError(
      "config",
      `The server on ${home} could make no socket (its log says why): set HEDDLE_URL=${url} and HEDDLE_API_KEY.`,
    );
  }
  // The name is not looked up.
  const send = (path: string, init: RequestInit) => fetchOverSocket(socket, `http://localhost${path}`, init);
  return {
    send,
    key,
    gone: `No server answers at ${url}: the one that ran on ${home} (process ${pid}) is gone.`,
  };
}

function failure(status: number, answer: unknown): HeddleError {
  const error = (answer as { error?: { code?: unknown; message?: unknown } } | undefined)?.error;
  const message = typeof error?.message === "string" ? error.message : `The server answered ${status}.`;
  return new HeddleError(isErrorCode(error?.code) ? error.code : "upstream", message);
}
