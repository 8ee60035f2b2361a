// Serves HTTP under Deno, which limits neither body sizes nor idle connections by itself.

import type { Listener, ServeOptions, SocketOptions } from "./serve.ts";

interface DenoHttp {
  serve(
    options: ({ hostname: string; port: number } | { path: string }) & {
      onListen: () => void;
      onError: (error: unknown) => Response;
    },
    handler: (request: Request, info: { remoteAddr: { hostname: string } }) => Response | Promise<Response>,
  ): { addr: { port: number }; shutdown(): Promise<void> };
  createHttpClient(options: { proxy: { transport: "unix"; path: string } }): { close(): void };
}

const deno = () => (globalThis as unknown as { Deno: DenoHttp }).Deno;

export function serveWithDeno(
  { hostname, port, fetch, maxBodyBytes, onError }: ServeOptions,
  failed: () => Response,
): Listener {
  const report = (error: unknown) => {
    onError?.(error);
    return failed();
  };
  const server = deno().serve({ hostname, port, onListen: () => {}, onError: report }, (request, info) =>
    limited(request, maxBodyBytes, (checked) => fetch(checked, { address: info.remoteAddr.hostname })),
  );
  return { hostname, port: server.addr.port, close: () => server.shutdown() };
}

export function serveOnSocketWithDeno(
  { path, fetch, maxBodyBytes }: SocketOptions,
  failed: () => Response,
): Pick<Listener, "close"> {
  const server = deno().serve({ path, onListen: () => {}, onError: failed }, (request) =>
    limited(request, maxBodyBytes, fetch),
  );
  return { close: () => server.shutdown() };
}

export async function fetchOverSocketWithDeno(
  path: string,
  url: string,
  init: RequestInit,
): Promise<Response> {
  const client = deno().createHttpClient({ proxy: { transport: "unix", path } });
  return fetch(url, { ...init, client } as RequestInit);
}

/** Refuses a body with a too large content-length unread, and fails any other body once it exceeds the limit. */
function limited(
  request: Request,
  maxBytes: number,
  handle: (request: Request) => Response | Promise<Response>,
): Response | Promise<Response> {
  const length = request.headers.get("content-length");
  if (Number(length ?? 0) > maxBytes) return new Response(null, { status: 413 });
  // A copy: the headers of Deno's own cannot be changed, as those of a request over the local socket are.
  if (!request.body || length !== null) return handle(new Request(request));
  let bytes = 0;
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) controller.error(new Error(`The request body is larger than ${maxBytes} bytes.`));
      else controller.enqueue(chunk);
    },
  });
  return handle(new Request(request, { body: request.body.pipeThrough(counted) }));
}
