// A client for one service, as authors see it.

import type { FetchLimits } from "../fetch-limits.ts";
import type { OAuthAccount } from "../types/oauth.ts";
import type { RateLimitedRequest, ServiceFacts } from "../types.ts";

/** When the client sends a request again. */
export interface HttpRetry {
  /** The most requests, including the first. Default 3; 1 disables retries. */
  tries?: number;
  /**
   * Statuses, "5xx" for all of those, and "network" for a connection that failed. Default: 408, 429, "5xx" and
   * "network"; for POST and PATCH, which the service may have carried out, only 429.
   */
  on?: readonly (number | "5xx" | "network")[];
  /**
   * How many seconds an answer asks to wait. Default: its Retry-After header. Undefined leaves the pause to the
   * client.
   */
  retryAfter?: (response: Response) => number | undefined | Promise<number | undefined>;
  /** An answer that asks for a longer pause is returned instead of retried. In seconds; default 30. */
  maxWaitSeconds?: number;
}

/** Options of `http`. Functions are called for each request, so that a changed setting takes effect at once. */
export interface HttpOptions extends FetchLimits, RateLimitedRequest {
  /** The URL that all paths are relative to: "https://api.example/v2". */
  baseUrl: string | (() => string);
  /** Headers of every request. */
  headers?: Record<string, string> | (() => Record<string, string>);
  /**
   * The account of `defineOAuth` in whose name requests are made: its token is sent as "Authorization: Bearer …", and after a 401 the request
   * is sent once more with a fresh one. Requests throw what `token()` throws.
   */
  account?: OAuthAccount | (() => OAuthAccount | undefined);
  /** When a request is sent again. */
  retry?: HttpRetry;
  /**
   * The service as people know it. Requests that do not reach it then say so in words, and a 401 throws `ReauthRequired`, which names the settings in
   * `credentials`; without these, a 401 is returned. The address is that of `baseUrl`. What `json()` and `text()` throw begins with its name.
   */
  service?: HttpService | (() => HttpService);
}

/** A service as people know it, for `http`. */
export type HttpService = Omit<ServiceFacts, "address" | "isRefused">;

/** Options of one request. */
export interface HttpRequestOptions extends FetchLimits, RateLimitedRequest {
  /** Sent as JSON, with its content type. */
  json?: unknown;
  /** Sent unchanged. A stream is never sent a second time. */
  body?: RequestInit["body"];
  /** Query parameters; undefined and null are left out. */
  query?: Record<string, string | number | boolean | null | undefined>;
  /** Headers in addition to the client's. */
  headers?: Record<string, string>;
  /** Ends the request, or the pause before the next one. */
  signal?: AbortSignal;
}

/** The answer, whatever its status; its methods read the body of a successful one. */
export interface HttpAnswer extends Promise<Response> {
  /** The parsed body. Throws `Permanent` or `Retryable` for an unsuccessful answer, as `failDelivery` does. */
  json<Value = unknown>(): Promise<Value>;
  /** The body as text. Throws as `json` does. */
  text(): Promise<string>;
}

/** A client for one service. */
export interface HttpClient {
  /** Fetches a path. */
  get(path: string, options?: HttpRequestOptions): HttpAnswer;
  /** Posts JSON, or the body in `options`. */
  post(path: string, json?: unknown, options?: HttpRequestOptions): HttpAnswer;
  /** Puts JSON, or the body in `options`. */
  put(path: string, json?: unknown, options?: HttpRequestOptions): HttpAnswer;
  /** Patches with JSON, or the body in `options`. */
  patch(path: string, json?: unknown, options?: HttpRequestOptions): HttpAnswer;
  /** Deletes a path. */
  delete(path: string, options?: HttpRequestOptions): HttpAnswer;
  /** Sends any method. */
  request(method: string, path: string, options?: HttpRequestOptions): HttpAnswer;
}
