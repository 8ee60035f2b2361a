// The command line as a client of a running server.

import { findServer } from "../../config/local-server.ts";
import { HeddleError, isErrorCode } from "../../errors.ts";
import { fetchOverSocket } from "../../runtime/serve.ts";

export interface ConnectFlags {
  url?: string | undefined;
  "api-key"?: string | undefined;
}

/** Each method throws a HeddleError: the server's, or "unavailable" if none answers or `signal` is aborted. */
export interface Connection {
  get(path: string, signal?: AbortSignal): Promise<unknown>;
  post(path: string, body?: unknown, signal?: AbortSignal): Promise<unknown>;
  patch(path: string, body: unknown): Promise<unknown>;
  delete(path: string): Promise<unknown>;
}

export interface StreamingConnection extends Connection {
  /** Resolves with an answer that streams. */
  stream(
    path: string,
    body: unknown,
    options: { signal: AbortSignal; headers?: Record<string, string> },
  ): Promise<Response>;
}

/** Every answer of Heddle has it. */
const REQUEST_ID = "x-request-id";
/** Longer than the server's time limit for a webhook handler, which `replay` and `receive` wait for. */
const ANSWER_MS = 90_000;

/**
 * Connects to the server that the flags or HEDDLE_URL name, otherwise, as its operator, to the server that runs on this
 * home. Throws "config" if there is none, or no key for it. `environment` must be this process's own and not that of an
 * .env file, which must not decide where a key is sent.
 */
export function connect(
  flags: ConnectFlags,
  { home, environment, answerMs = ANSWER_MS }: ConnectOptions,
): StreamingConnection {
  const { send, key, name, gone } = choose(flags, home, environment);
  const ask = async (method: string, path: string, body?: unknown, end?: AbortSignal): Promise<unknown> => {
    const limit = AbortSignal.timeout(answerMs);
    let response: Response;
    let answer: string;
    try {
      response = await send(path, {
        method,
        signal: end ? AbortSignal.any([end, limit]) : limit,
        headers: {
          ...(key !== undefined && { authorization: `Bearer ${key}` }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      answer = await response.text();
    } catch (cause) {
      const isMute = limit.aborted || end?.aborted === true;
      throw new HeddleError("unavailable", isMute ? mute(name, method, path, answerMs) : gone, { cause });
    }
    refuseRedirect(name, response);
    const value = jsonIn(answer);
    if (!response.ok) throw failure(name, response.status, value);
    if (!isOfHeddle(response) || (answer !== "" && value === undefined)) throw notHeddle(name);
    return value;
  };
  return {
    get: (path, signal) => ask("GET", path, undefined, signal),
    post: (path, body, signal) => ask("POST", path, body, signal),
    patch: (path, body) => ask("PATCH", path, body),
    delete: (path) => ask("DELETE", path),
    async stream(path, body, { signal, headers = {} }) {
      let response: Response;
      try {
        response = await send(path, {
          method: "POST",
          signal,
          headers: {
            ...headers,
            "content-type": "application/json",
            ...(key !== undefined && { authorization: `Bearer ${key}` }),
          },
          body: JSON.stringify(body),
        });
      } catch (cause) {
        throw new HeddleError("unavailable", gone, { cause });
      }
      refuseRedirect(name, response);
      if (!response.ok) throw failure(name, response.status, jsonIn(await response.text()));
      if (!isOfHeddle(response)) throw notHeddle(name);
      return response;
    },
  };
}

export interface ConnectOptions {
  home: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** How long a request may take until its whole answer has arrived. */
  answerMs?: number;
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
    const send = (path: string, init: RequestInit) => fetch(`${url}${path}`, { ...init, redirect: "manual" });
    return { send, key, name: `The server at ${url}`, gone: `No server answers at ${url}.` };
  }
  const local = findServer(home);
  if (!local) {
    throw new HeddleError(
      "config",
      `No server runs on ${home}, or it is still starting. Start one with "heddle serve"; or pass a running server's home with --home, as its ` +
        "user or as root (under the systemd unit: sudo heddle … --home /var/lib/heddle); or set HEDDLE_URL and HEDDLE_API_KEY.",
    );
  }
  const { url, pid, socket } = local;
  if (socket === null) {
    throw new HeddleError(
      "config",
      `The server on ${home} could not create its socket (its log says why): set HEDDLE_URL=${url} and HEDDLE_API_KEY.`,
    );
  }
  // The host name is a placeholder: the request goes over the socket.
  const send = (path: string, init: RequestInit) => fetchOverSocket(socket, `http://localhost${path}`, init);
  return {
    send,
    key,
    name: `The server on ${home} (process ${pid})`,
    gone: `No server answers at ${url}: the server that ran on ${home} (process ${pid}) is gone.`,
  };
}

const mute = (name: string, method: string, path: string, answerMs: number): string =>
  `${name} took ${method} ${path} and did not answer within ${answerMs / 1000} seconds: look into its log, and restart it if the log is silent.`;

/** A redirect followed would lose the key, and of some the body: proxies send http:// to https:// so. */
function refuseRedirect(name: string, { status, headers }: Response): void {
  const location = headers.get("location");
  if (status < 300 || status > 399 || location === null) return;
  throw new HeddleError(
    "config",
    `${name} redirects to ${location}: HEDDLE_URL must be the address of that server.`,
  );
}

/** What another program answers may be JSON as well, and nothing of it would be where it is looked for. */
const isOfHeddle = ({ headers }: Response): boolean => headers.has(REQUEST_ID);

const notHeddle = (name: string): HeddleError =>
  new HeddleError(
    "upstream",
    `${name} did not answer as Heddle does: check that the address is that of a Heddle server.`,
  );

function failure(name: string, status: number, answer: unknown): HeddleError {
  const error = (answer as { error?: { code?: unknown; message?: unknown; field?: unknown } } | undefined)
    ?.error;
  const message = typeof error?.message === "string" ? error.message : `${name} answered ${status}.`;
  return new HeddleError(isErrorCode(error?.code) ? error.code : "upstream", message, {
    ...(typeof error?.field === "string" && { field: error.field }),
  });
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
