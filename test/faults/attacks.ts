// Ways in which a client without a key might request a route that requires one, each as raw bytes on the wire.

import { connect } from "node:net";

export interface Shape {
  method: string;
  /** The request target in the request line. */
  target: string;
  /** Header lines; null for none. */
  hosts: string[] | null;
  headers: string[];
  version: "1.0" | "1.1";
}

type Attack = (shape: Shape) => Shape;

const hosts =
  (...hosts: string[]): Attack =>
  (shape) => ({ ...shape, hosts });
const headers =
  (...headers: string[]): Attack =>
  (shape) => ({ ...shape, headers: [...shape.headers, ...headers] });
const target =
  (change: (path: string) => string): Attack =>
  (shape) => ({ ...shape, target: change(shape.target) });
const method =
  (name: string): Attack =>
  (shape) => ({ ...shape, method: name });

const HOSTS = [
  "x",
  "xy",
  "xyz",
  "xyzw",
  "a:1",
  "app",
  "1",
  "1.1",
  "[::]",
  "::1",
  "[",
  "%",
  "",
  "a b",
  "a/b",
  "a/integrations/webhook",
  "x:99999",
  "x:",
  "a@b",
  "a#b",
  "a?b",
  "a\\b",
  "..",
  "a..b",
  "a,b",
  "localhost",
  "127.0.0.1",
  "x/webhook",
  "x\tx",
  "\u00fc",
];

/** `key` is valid, but must be accepted only in the Authorization header. */
export const attacks = (key: string): Record<string, Attack> => ({
  "as it is": (shape) => shape,
  ...Object.fromEntries(HOSTS.map((host) => [`Host: ${JSON.stringify(host)}`, hosts(host)])),
  "two Hosts": hosts("x", "localhost"),
  "no Host": (shape) => ({ ...shape, hosts: null }),
  "HTTP/1.0": (shape) => ({ ...shape, version: "1.0" }),
  "HTTP/1.0 without Host": (shape) => ({ ...shape, version: "1.0", hosts: null }),
  "HTTP/1.0, Host: x": (shape) => ({ ...shape, version: "1.0", hosts: ["x"] }),
  "absolute form": target((path) => `http://x${path}`),
  "absolute form, no host": target((path) => `http://${path}`),
  "absolute form, user": target((path) => `http://x:80@localhost${path}`),
  "key in the query": target(
    (path) => `${path}?api_key=${key}&key=${key}&access_token=${key}&authorization=Bearer%20${key}`,
  ),
  "key in X-Api-Key": headers(`X-Api-Key: ${key}`, `Api-Key: ${key}`),
  "key in a cookie": headers(`Cookie: authorization=Bearer ${key}; key=${key}; session=${key}`),
  Basic: headers(`Authorization: Basic ${btoa(`admin:${key}`)}`),
  "Bearer empty": headers("Authorization: Bearer "),
  "Bearer undefined": headers("Authorization: Bearer undefined"),
  "two Authorizations": headers("Authorization: Bearer nope", `Authorization: Bearer ${key}`),
  "another method in a header": headers(
    "X-HTTP-Method-Override: GET",
    "X-HTTP-Method: GET",
    "X-Method-Override: GET",
  ),
  forwarded: headers(
    "X-Forwarded-For: 127.0.0.1",
    "X-Real-IP: 127.0.0.1",
    "X-Forwarded-Host: localhost",
    "X-Forwarded-User: admin",
    "X-Forwarded-Prefix: /webhook",
    "X-Original-URL: /health",
    "X-Rewrite-URL: /health",
    "Forwarded: for=127.0.0.1;host=x",
  ),
  upgrade: headers(
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==",
    "Sec-WebSocket-Version: 13",
  ),
  h2c: headers("Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
  HEAD: method("HEAD"),
  OPTIONS: method("OPTIONS"),
  TRACE: method("TRACE"),
  CONNECT: method("CONNECT"),
  PROPFIND: method("PROPFIND"),
  "slash behind": target((path) => `${path}/`),
  "two slashes behind": target((path) => `${path}//`),
  "two slashes before": target((path) => `/${path}`),
  "two slashes within": target((path) => path.replace("/", "/").replace(/(?<=.)\//, "//")),
  capitals: target((path) => path.toUpperCase()),
  "first letter encoded": target((path) =>
    path.replace(/^\/./, (start) => `/%${start.charCodeAt(1).toString(16)}`),
  ),
  "last letter encoded": target((path) => path.replace(/.$/, (end) => `%${end.charCodeAt(0).toString(16)}`)),
  "encoded twice": target((path) => path.replace(/.$/, (end) => `%25${end.charCodeAt(0).toString(16)}`)),
  "encoded slash": target((path) => path.replace(/(?<=.)\//, "%2f")),
  "last slash encoded": target((path) => path.replace(/\/(?=[^/]*$)/, "%2F")),
  backslash: target((path) => path.replace(/\/(?=[^/]*$)/, "\\")),
  "encoded backslash": target((path) => path.replace(/\/(?=[^/]*$)/, "%5c")),
  "dot part": target((path) => path.replace(/(?<=.)\//, "/./")),
  "out and in": target((path) => `/health/..${path}`),
  "out of the pages": target((path) => `/swagger/..%2f..${path}`),
  "out of a webhook": target((path) => `/integrations/github/webhook/../../..${path}`),
  "encoded dots": target((path) => `/integrations/github/webhook/%2e%2e/%2e%2e/%2e%2e${path}`),
  parameters: target((path) => path.replace(/(?<=.)\//, ";a=b/")),
  "parameters behind": target((path) => `${path};/webhook`),
  "dot behind": target((path) => `${path}.`),
  "blank behind": target((path) => `${path}%20`),
  "NUL behind": target((path) => `${path}%00`),
  "line end behind": target((path) => `${path}%0a`),
  "bad UTF-8": target((path) => path.replace(/\/(?=[^/]*$)/, "%c0%af")),
  "question mark": target((path) => `/health?/../..${path}`),
  "encoded question mark": target((path) => `${path}%3f`),
  fragment: target((path) => `/health#/../..${path}`),
  "fragment behind": target((path) => `${path}#/webhook`),
  prefix: target((path) => `/zzz${path}`),
  "webhook before": target((path) => path.replace(/^(\/integrations\/[^/]+)?/, "$1/webhook")),
  "webhook before, Host: x": (shape) => ({
    ...shape,
    hosts: ["x"],
    target: shape.target.replace(/^(\/integrations\/[^/]+)?/, "$1/webhook"),
  }),
  "prefix, Host: x": (shape) => ({ ...shape, hosts: ["x"], target: `/zzz${shape.target}` }),
});

export const shapeOf = (method: string, path: string): Shape => ({
  method,
  target: path,
  hosts: ["localhost"],
  headers: [],
  version: "1.1",
});

/** The complete response; "" if the server closed the connection without one. */
export function ask(port: number, shape: Shape, body = "{}"): Promise<string> {
  const lines = [
    `${shape.method} ${shape.target} HTTP/${shape.version}`,
    ...(shape.hosts ?? []).map((host) => `Host: ${host}`),
    "Connection: close",
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...shape.headers,
  ];
  return sendRaw(port, `${lines.join("\r\n")}\r\n\r\n${body}`);
}

const LONGEST_WAIT_MS = 10_000;

/**
 * Sends raw bytes (one per character) and returns what is received until the connection is closed or a response has
 * started.
 */
export function sendRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(Buffer.from(text, "latin1")));
    socket.setTimeout(LONGEST_WAIT_MS, () => socket.destroy());
    socket.on("data", (data) => {
      answer += data.toString("latin1");
      // Some connections stay open in spite of "Connection: close".
      if (answer.includes("\r\n\r\n")) setTimeout(() => socket.destroy(), 100).unref();
    });
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(answer));
  });
}

/** The status of a response; 0 if there was none. */
export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
