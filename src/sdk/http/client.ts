// A client for one service: its address, its headers, and when a request is sent again.

import { atOnce } from "../arguments.ts";
import { connectionError, refusal } from "../connection-error.ts";
import type { FetchLimits } from "../fetch-limits.ts";
import { retryAfterSeconds } from "../retry-after.ts";
import type { RateLimitedRequest } from "../types.ts";
import { checkClient, checkJson, checkRequest, DEFAULT_TRIES, urlOfService } from "./check-client.ts";
import { failureOf } from "./fail-delivery.ts";
import type {
  HttpAnswer,
  HttpClient,
  HttpOptions,
  HttpRequestOptions,
  HttpRetry,
  HttpService,
} from "./types.ts";

type Fetch = (input: string, init?: RequestInit & FetchLimits & RateLimitedRequest) => Promise<Response>;

export interface HttpDeps {
  fetch: Fetch;
  /** Rejects with the signal's reason. */
  sleep: (seconds: number, signal: AbortSignal | undefined) => Promise<void>;
  /** From 0 to 1. */
  random: () => number;
}

const MAX_WAIT_SECONDS = 30;
const FIRST_WAIT_SECONDS = 0.5;
const MANY_TIMES = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"];

export function createHttp(deps: HttpDeps, options: HttpOptions): HttpClient {
  checkClient(options);
  const request: HttpClient["request"] = (method, path, own = {}) => {
    checkRequest(path, own);
    const sending = () => send(deps, options, { method: method.toUpperCase(), path, own });
    const { service } = options;
    if (!service) return answerOf(sending());
    return answerOf(inWords(sending, options, own.signal), () => lookedUp("service", service).name);
  };
  return {
    request,
    get: (path, own) => request("GET", path, own),
    delete: (path, own) => request("DELETE", path, own),
    post: (path, json, own) => request("POST", path, withJson(json, own)),
    put: (path, json, own) => request("PUT", path, withJson(json, own)),
    patch: (path, json, own) => request("PATCH", path, withJson(json, own)),
  };
}

/** The value of an option that may be a function. */
const lookedUp = <Value>(field: keyof HttpOptions, given: Value | (() => Value)): Value =>
  typeof given === "function" ? atOnce(`The ${field} of http()`, (given as () => Value)()) : given;

function withJson(json: unknown, own: HttpRequestOptions = {}): HttpRequestOptions {
  checkJson(json);
  return json === undefined ? own : { ...own, json };
}

/** What goes wrong on the way to the service, and credentials that it refuses, in words for people. */
async function inWords(
  sending: () => Promise<Response>,
  { service, baseUrl }: HttpOptions,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const facts = lookedUp("service", service) as HttpService;
  let response: Response;
  try {
    response = await sending();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw connectionError(error, { ...facts, address: lookedUp("baseUrl", baseUrl) });
  }
  if (response.status !== 401 || !facts.credentials) return response;
  await discard(response);
  throw refusal(facts);
}

interface Sent {
  method: string;
  path: string;
  own: HttpRequestOptions;
}

async function send({ fetch, sleep, random }: HttpDeps, options: HttpOptions, sent: Sent): Promise<Response> {
  const { method, own } = sent;
  const {
    tries = DEFAULT_TRIES,
    on = defaultsFor(method),
    maxWaitSeconds = MAX_WAIT_SECONDS,
  } = options.retry ?? {};
  const most = own.body instanceof ReadableStream ? 1 : tries;
  for (let number = 1; ; number++) {
    const backoff = FIRST_WAIT_SECONDS * 2 ** (number - 1) * (1 + random());
    let response: Response;
    try {
      response = await asAccount(options.account, own, (token) =>
        fetch(urlOf(options, sent), initOf(options, sent, token)),
      );
    } catch (error) {
      if (number >= most || !on.includes("network") || !isNetwork(error, own.signal)) throw error;
      await sleep(backoff, own.signal);
      continue;
    }
    if (number >= most || !isListed(response.status, on)) return response;
    const asked = await waitAskedBy(response, options.retry?.retryAfter);
    if (asked !== undefined && asked > maxWaitSeconds) return response;
    await discard(response);
    await sleep(Math.max(asked ?? 0, backoff), own.signal);
  }
}

/** After a 401 once more with a fresh token; a stream cannot be sent again. */
async function asAccount(
  given: HttpOptions["account"],
  { body }: HttpRequestOptions,
  fetchWith: (token: string | undefined) => Promise<Response>,
): Promise<Response> {
  const account = lookedUp("account", given);
  if (!account) return fetchWith(undefined);
  const token = await account.token();
  const response = await fetchWith(token);
  if (response.status !== 401 || body instanceof ReadableStream) return response;
  await discard(response);
  await account.refused(token);
  return fetchWith(await account.token());
}

/**
 * The caller's function may read the body, so it gets a copy: without a retry, the answer itself goes to the caller.
 */
async function waitAskedBy(response: Response, own: HttpRetry["retryAfter"]): Promise<number | undefined> {
  if (!own) return retryAfterSeconds(response.headers);
  const copy = response.clone() as Response;
  const asked = await own(copy);
  // An unread copy would buffer everything that arrives for the original. Not awaited: it resolves only when both
  // have ended.
  if (!copy.bodyUsed) void discard(copy);
  // NaN would make the next request follow at once.
  return typeof asked === "number" && !Number.isNaN(asked) ? asked : undefined;
}

/** Frees the connection of an unread answer. */
const discard = async (response: Response): Promise<void> => response.body?.cancel().catch(() => {});

const defaultsFor = (method: string): NonNullable<HttpRetry["on"]> =>
  MANY_TIMES.includes(method) ? [408, 429, "5xx", "network"] : [429];

const isListed = (status: number, on: NonNullable<HttpRetry["on"]>): boolean =>
  on.includes(status) || (status >= 500 && on.includes("5xx"));

/** False for a request that the caller ended, that cannot be sent, has no turn, or whose address is not allowed. */
function isNetwork(error: unknown, signal: AbortSignal | undefined): boolean {
  if (signal?.aborted || !(error instanceof Error)) return false;
  return !["Permanent", "Retryable", "ReauthRequired", "HeddleError", "AbortError"].includes(error.name);
}

/** Keeps the path below the base: a path must not choose another host, which would receive the headers. */
function urlOf({ baseUrl }: HttpOptions, { path, own }: Sent): string {
  const base = urlOfService(lookedUp("baseUrl", baseUrl));
  const [pathname = "", search = ""] = splitAt(path, "?");
  const below = base.pathname.endsWith("/") ? base.pathname.slice(0, -1) : base.pathname;
  base.pathname = `${below}${pathname === "" || pathname.startsWith("/") ? "" : "/"}${pathname}`;
  const query = new URLSearchParams(base.search);
  for (const [name, value] of new URLSearchParams(search)) query.append(name, value);
  for (const [name, value] of Object.entries(own.query ?? {})) {
    if (value !== undefined && value !== null) query.set(name, String(value));
  }
  base.search = query.toString();
  return base.href;
}

function splitAt(text: string, mark: string): string[] {
  const at = text.indexOf(mark);
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)];
}

function initOf(
  options: HttpOptions,
  { method, own }: Sent,
  token: string | undefined,
): RequestInit & FetchLimits & RateLimitedRequest {
  const headers = new Headers(lookedUp("headers", options.headers));
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  if (own.json !== undefined) headers.set("content-type", "application/json");
  for (const [name, value] of Object.entries(own.headers ?? {})) headers.set(name, value);
  const body = own.json === undefined ? own.body : JSON.stringify(own.json);
  const timeoutSeconds = own.timeoutSeconds ?? options.timeoutSeconds;
  const idleSeconds = own.idleSeconds ?? options.idleSeconds;
  const rateLimit = own.rateLimit ?? options.rateLimit;
  const rateTarget = own.rateTarget ?? options.rateTarget;
  return {
    method,
    headers,
    ...(body !== undefined && { body }),
    ...(own.signal && { signal: own.signal }),
    ...(timeoutSeconds !== undefined && { timeoutSeconds }),
    ...(idleSeconds !== undefined && { idleSeconds }),
    ...(rateLimit && { rateLimit, ...(rateTarget !== undefined && { rateTarget }) }),
  };
}

/** How many characters of a failed answer the error quotes. */
const QUOTED = 300;

function answerOf(
  response: Promise<Response>,
  nameOf: () => string | undefined = () => undefined,
): HttpAnswer {
  const successful = async (): Promise<Response> => {
    const got = await response;
    if (got.ok) return got;
    throw failureOf(got, (await beginningOf(got)).trim(), nameOf());
  };
  return Object.assign(response, {
    json: async () => (await successful()).json(),
    text: async () => (await successful()).text(),
  }) as HttpAnswer;
}

/** Returns the first characters of a body without reading all of it; empty if it cannot be read. */
async function beginningOf(response: Response): Promise<string> {
  let text = "";
  try {
    if (!response.body) return text;
    const decoder = new TextDecoder();
    for await (const bytes of response.body) {
      text += decoder.decode(bytes, { stream: true });
      if (text.length >= QUOTED) break;
    }
  } catch {
    // The connection failed; the part that has arrived is quoted.
  }
  return text.slice(0, QUOTED);
}

/** The longest delay of a timer; a longer one would fire at once. */
const LONGEST_TIMER_SECONDS = 2_147_483;

/** The `sleep` of `HttpDeps`. */
export function sleepFor(seconds: number, signal: AbortSignal | undefined): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  if (signal?.aborted) return Promise.reject(signal.reason);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const onAbort = () => {
    clearTimeout(timer);
    reject(signal?.reason);
  };
  const wait = (left: number): void => {
    const next = Math.min(left, LONGEST_TIMER_SECONDS);
    timer = setTimeout(() => {
      if (left > next) return wait(left - next);
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, next * 1000);
  };
  wait(seconds);
  signal?.addEventListener("abort", onAbort, { once: true });
  return promise;
}
