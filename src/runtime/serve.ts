// Listens for HTTP: `Bun.serve` under Bun, `Deno.serve` under Deno.

import { HeddleError, messageOf } from "../errors.ts";
import { isBun } from "./host.ts";
import { fetchOverSocketWithDeno, serveOnSocketWithDeno, serveWithDeno } from "./serve-deno.ts";

export interface Listener {
  hostname: string;
  /** The one the system chose when 0 was asked for. */
  port: number;
  /** Takes no new connections and resolves when the requests under way are answered. */
  close(): Promise<void>;
}

export interface ServeOptions {
  hostname: string;
  port: number;
  fetch: (request: Request, client: { address: string }) => Response | Promise<Response>;
  /** Bytes; larger bodies are refused before anybody reads them. */
  maxBodyBytes: number;
  /** Hears of an answer that could not be sent, such as one whose body was read already. */
  onError?: (error: unknown) => void;
}

/** Throws a HeddleError "config" when the address is taken or not this machine's. */
export function serve(options: ServeOptions): Listener {
  try {
    return isBun ? serveWithBun(options) : serveWithDeno(options, nothingMore);
  } catch (cause) {
    const { hostname, port } = options;
    throw new HeddleError(
      "config",
      `Cannot listen on ${hostname}, port ${port} (${messageOf(cause)}): set HOST to an address of this machine and PORT to a free port.`,
      { cause },
    );
  }
}

export interface SocketOptions extends Pick<ServeOptions, "maxBodyBytes"> {
  /** At most 103 bytes; nothing is to be there. */
  path: string;
  fetch: (request: Request) => Response | Promise<Response>;
}

/** The same over a socket of this machine. Who may connect is a matter of the file's mode and its folder's. */
export function serveOnSocket(options: SocketOptions): Pick<Listener, "close"> {
  const { path, fetch, maxBodyBytes } = options;
  if (isBun) {
    const server = Bun.serve({
      unix: path,
      maxRequestBodySize: maxBodyBytes,
      development: false,
      error: nothingMore,
      fetch: (request) => fetch(request),
    });
    return { close: () => server.stop() };
  }
  return serveOnSocketWithDeno(options, nothingMore);
}

/** `fetch`, of what listens on a socket. */
export const fetchOverSocket = (path: string, url: string, init: RequestInit = {}): Promise<Response> =>
  isBun ? fetch(url, { ...init, unix: path }) : fetchOverSocketWithDeno(path, url, init);

function serveWithBun({ hostname, port, fetch, maxBodyBytes, onError }: ServeOptions): Listener {
  const server = Bun.serve({
    hostname,
    port,
    maxRequestBodySize: maxBodyBytes,
    idleTimeout: IDLE_SECONDS,
    // Bun's own page shows folders and source.
    development: false,
    // Outside development Bun would share a port that is taken with whoever has it, and each would get some of the requests.
    reusePort: false,
    error(error) {
      onError?.(error);
      return nothingMore();
    },
    fetch: (request, self) =>
      patiently(request, self, () => fetch(request, { address: self.requestIP(request)?.address ?? "" })),
  });
  return {
    hostname,
    port: server.port ?? port,
    close: () => server.stop(),
  };
}

/**
 * A connection on which nothing comes or goes is closed: whoever opens many, and says nothing or no more, must not use up
 * the process's descriptors. Bun tells nobody how many there are, so their number itself cannot be bounded here.
 */
const IDLE_SECONDS = 30;
/** Long answers (streams, slow tools) are ended by whoever makes them, not by the socket. The most that Bun takes. */
const BUSY_SECONDS = 255;

interface Connections {
  timeout(request: Request, seconds: number): void;
}

/** Of answers that may say nothing for a while and go on. */
const STREAMS =
  /^(?:text\/event-stream|application\/(?:x-)?(?:ndjson|jsonl|json-seq)|multipart\/x-mixed-replace)\b/i;

/** Whoever waits for an answer is not idle; from the answer on, unless that is a stream, it is again. */
export async function patiently(
  request: Request,
  connections: Connections,
  handle: () => Response | Promise<Response>,
): Promise<Response> {
  connections.timeout(request, BUSY_SECONDS);
  const answer = await handle();
  if (!STREAMS.test(answer.headers.get("content-type") ?? "")) connections.timeout(request, IDLE_SECONDS);
  return answer;
}

/** `fetch` answers its own errors; whatever comes here nobody foresaw, and a stranger is told nothing of it. */
const nothingMore = (): Response =>
  Response.json({ error: { code: "internal", message: "Something went wrong." } }, { status: 500 });
