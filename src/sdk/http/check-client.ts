// Checks the options of a client for a service, and of its requests.

import { HeddleError } from "../../errors.ts";
import { shown } from "../arguments.ts";
import { checkOptions } from "../options.ts";
import type { HttpOptions, HttpRequestOptions, HttpRetry } from "./types.ts";

export const DEFAULT_TRIES = 3;

/** Of the client and of each request. */
const SHARED = ["timeoutSeconds", "idleSeconds", "rateLimit", "rateTarget", "headers"];
const OF_CLIENT = ["baseUrl", "account", "retry", "service", ...SHARED];
const OF_RETRY = ["tries", "on", "retryAfter", "maxWaitSeconds"];
const ON: readonly unknown[] = ["5xx", "network"];
const OF_REQUEST = ["json", "body", "query", "signal", ...SHARED];

/** Throws `validation` for what `http` does not take. */
export function checkClient(options: HttpOptions): void {
  checkOptions("http", options, OF_CLIENT);
  const { baseUrl, retry } = options;
  if (typeof baseUrl !== "string" && typeof baseUrl !== "function") {
    throw invalid("baseUrl", "baseUrl of http() must be a URL or a function that returns one.");
  }
  if (retry !== undefined) checkRetry(retry);
}

function checkRetry(retry: HttpRetry): void {
  checkOptions("http", retry, OF_RETRY);
  const { tries = DEFAULT_TRIES, on = [], retryAfter, maxWaitSeconds = 0 } = retry;
  if (!(Number.isInteger(tries) && tries >= 1 && tries <= 20))
    throw invalid("retry.tries", `retry.tries must be a whole number from 1 to 20; got ${shown(tries)}.`);
  // A single word or number would be searched for the status, and a text finds parts of itself.
  if (!Array.isArray(on) || !on.every((one) => typeof one === "number" || ON.includes(one)))
    throw invalid("retry.on", `retry.on must be a list of statuses, "5xx" and "network"; got ${shown(on)}.`);
  if (retryAfter !== undefined && typeof retryAfter !== "function")
    throw invalid("retry.retryAfter", `retry.retryAfter must be a function; got ${shown(retryAfter)}.`);
  if (!(typeof maxWaitSeconds === "number" && maxWaitSeconds >= 0))
    throw invalid(
      "retry.maxWaitSeconds",
      `retry.maxWaitSeconds must be a number of seconds; got ${shown(maxWaitSeconds)}.`,
    );
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
