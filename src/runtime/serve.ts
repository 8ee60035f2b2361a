// Serves HTTP with `Bun.serve` under Bun and `Deno.serve` under Deno.

import { errorMessage, HeddleError } from "../errors.ts";
import { isBun } from "./host.ts";
import { fetchOverSocketWithDeno, serveOnSocketWithDeno, serveWithDeno } from "./serve-deno.ts";

export interface Listener {
  hostname: string;
  /** The actual port; chosen by the system if 0 was requested. */
  port: number;
  /** Stops accepting connections and resolves when the requests in flight are answered. */
  close(): Promise<void>;
}

export interface ServeOptions {
  hostname: string;
  port: number;
  fetch: (request: Request, client: { address: string }) => Response | Promise<Response>;
  /** Larger bodies are refused before they are read. */
  maxBodyBytes: number;
  /** Called when a response cannot be sent, for example because its body was already read. */
  onError?: (error: unknown) => void;
}

/** Throws a HeddleError "config" if the address is in use or does not belong to this machine. */
export function serve(options: ServeOptions): Listener {
  try {
    return isBun ? serveWithBun(options) : serveWithDeno(options, internalErrorResponse);
  } catch (cause) {
    const { hostname, port } = options;
    throw new HeddleError(
      "config",
      `Cannot listen on ${hostname}, port ${port} (${errorMessage(cause)}): set HOST to an address of this machine and PORT to a free port.`,
      { cause },
    );
  }
}

export interface SocketOptions extends Pick<ServeOptions, "maxBodyBytes"> {
  /** At most 103 bytes; no file may exist there. */
  path: string;
  fetch: (request: Request) => Response | Promise<Response>;
}

/** Serves HTTP on a Unix socket. The modes of the file and its folder decide who may connect. */
export function serveOnSocket(options: SocketOptions): Pick<Listener, "close"> {
  const { path, fetch, maxBodyBytes } = options;
  if (isBun) {
    const server = Bun.serve({
      unix: path,
      maxRequestBodySize: maxBodyBytes,
      development: false,
      error: internalErrorResponse,
      fetch: (request) => fetch(request),
    });
    return { close: () => server.stop() };
  }
  return serveOnSocketWithDeno(options, internalErrorResponse);
}

/** `fetch` over a Unix socket. */
export const fetchOverSocket = (path: string, url: string, init: RequestInit = {}): Promise<Response> =>
  isBun ? fetch(url, { ...init, unix: path }) : fetchOverSocketWithDeno(path, url, init);

function serveWithBun({ hostname, port, fetch, maxBodyBytes, onError }: ServeOptions): Listener {
  const server = Bun.serve({
    hostname,
    port,
    maxRequestBodySize: maxBodyBytes,
    idleTimeout: IDLE_SECONDS,
    // Bun's development error page shows paths and source code.
    development: false,
    // Outside development mode Bun would share an already used port with its owner, and each would get some of the
    // requests.
    reusePort: false,
    error(error) {
      onError?.(error);
      return internalErrorResponse();
    },
    fetch: (request, self) =>
      withBusyTimeout(request, self, () =>
        fetch(request, { address: self.requestIP(request)?.address ?? "" }),
      ),
  });
  return {
    hostname,
    port: server.port ?? port,
    close: () => server.stop(),
  };
}

/**
 * Idle connections are closed, so that clients that open many and stay silent do not use up the process's file
 * descriptors. Bun does not expose the number of connections, so it cannot be limited here.
 */
const IDLE_SECONDS = 30;
/** Long responses (streams, slow tools) are ended by their producer, not by the socket. This is Bun's maximum. */
const BUSY_SECONDS = 255;

interface Connections {
  timeout(request: Request, seconds: number): void;
}

/** Content types of responses that may pause for a while. */
const STREAMS =
  /^(?:text\/event-stream|application\/(?:x-)?(?:ndjson|jsonl|json-seq)|multipart\/x-mixed-replace)\b/i;

/**
 * Extends the idle timeout while a request is being handled, and restores it afterwards unless the response is a
 * stream.
 */
export async function withBusyTimeout(
  request: Request,
  connections: Connections,
  handle: () => Response | Promise<Response>,
): Promise<Response> {
  connections.timeout(request, BUSY_SECONDS);
  const answer = await handle();
  if (!STREAMS.test(answer.headers.get("content-type") ?? "")) connections.timeout(request, IDLE_SECONDS);
  return answer;
}

/** `fetch` handles its own errors. Anything that arrives here is unexpected, and must not be revealed to a stranger. */
const internalErrorResponse = (): Response =>
  Response.json({ error: { code: "internal", message: "Something went wrong." } }, { status: 500 });
