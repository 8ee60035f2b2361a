// Checks the options of a client for a service, and of its requests.

import { HeddleError } from "../../errors.ts";
import { checkOptions } from "../options.ts";
import type { HttpOptions, HttpRequestOptions } from "./types.ts";

export const DEFAULT_TRIES = 3;

/** Of the client and of each request. */
const SHARED = ["timeoutSeconds", "idleSeconds", "rateLimit", "rateTarget", "headers"];
const OF_CLIENT = ["baseUrl", "account", "retry", "service", ...SHARED];
const OF_RETRY = ["tries", "on", "retryAfter", "maxWaitSeconds"];
const OF_REQUEST = ["json", "body", "query", "signal", ...SHARED];

/** Throws `validation` for what `http` does not take. */
export function checkClient(options: HttpOptions): void {
  checkOptions("http", options, OF_CLIENT);
  const { baseUrl, retry } = options;
  if (typeof baseUrl !== "string" && typeof baseUrl !== "function") {
    throw invalid("baseUrl", "baseUrl of http() must be a URL or a function that returns one.");
  }
  if (retry !== undefined) checkOptions("http", retry, OF_RETRY);
  const { tries = DEFAULT_TRIES } = retry ?? {};
  if (Number.isInteger(tries) && tries >= 1 && tries <= 20) return;
  throw invalid("retry.tries", `retry.tries must be a whole number from 1 to 20; got ${String(tries)}.`);
}

/** Throws `validation` for what a request does not take. */
export function checkRequest(path: string, options: HttpRequestOptions): void {
  if (typeof path !== "string")
    throw invalid("path", `The path of a request must be a text; got ${typeof path}.`);
  checkOptions("http.request", options, OF_REQUEST);
}

/** Throws `validation` for options where the JSON belongs: they would be sent as the body, and not be followed. */
export function checkJson(json: unknown): void {
  const isOptions =
    typeof json === "object" && json !== null && "signal" in json && json.signal instanceof AbortSignal;
  if (!isOptions) return;
  throw invalid(
    "json",
    "The second argument of post(), put() and patch() must be the JSON to send, with options such as signal in the third; got options.",
  );
}

/** Not shown in the error, because it may contain a password. Without this check it would be taken for a failure of the network. */
export function urlOfService(baseUrl: string): URL {
  const url = URL.parse(baseUrl);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw invalid("baseUrl", "baseUrl of http() must be a URL that begins with http:// or https://.");
}

const invalid = (field: string, message: string) => new HeddleError("validation", message, { field });
