import { Octokit } from "@octokit/core";
import { connectionError, fetch, retryAfterSeconds } from "heddle/sdk";
import { UnexpectedAnswer } from "./answer.ts";
import { authenticateAsApp, isApp } from "./app.ts";
import { settings } from "./config.ts";

/** A client for GitHub's REST API, with the App or token and the server from the settings; the signal aborts its requests. */
export function connectGitHub(signal: AbortSignal): Octokit {
  const github = new Octokit({
    auth: isApp() ? undefined : settings.GITHUB_TOKEN || undefined,
    baseUrl: settings.GITHUB_API_URL.replace(/\/+$/, ""),
    userAgent: "heddle",
    // Gives up when the network has vanished, so that a delivery is tried again before its time is over.
    request: { signal, fetch },
  });
  if (isApp()) authenticateAsApp(github);
  return github;
}

/** Says in words that GitHub cannot be reached, or does not accept the credentials; any other error is returned as it is. */
export const serviceError = (error: unknown): unknown =>
  connectionError(error, {
    ...{ name: "GitHub", address: settings.GITHUB_API_URL, settings: ["GITHUB_API_URL"] },
    credentials: isApp() ? ["GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY"] : ["GITHUB_TOKEN"],
    isRefused: (thrown) => isRefused(thrown),
  });

/** GitHub does not know an App whose number is wrong. */
function isRefused(error: unknown): boolean {
  const { status, request } = (error ?? {}) as { status?: unknown; request?: { url?: unknown } };
  return status === 401 || (status === 404 && isApp() && String(request?.url ?? "").endsWith("/app"));
}

/** Why a request failed. */
interface RequestFailure {
  /** GitHub's status, or null if there was no answer. */
  status: number | null;
  /** Whether GitHub asks to try again later. */
  rateLimited: boolean;
  /** Seconds to wait, if GitHub says so. */
  retryAfterSeconds: number | null;
  text: string;
}

/** Interprets what Octokit or `answer.ts` throws; null for anything that is not a failed request. */
export function readFailure(error: unknown): RequestFailure | null {
  if (error instanceof UnexpectedAnswer) {
    return { status: null, rateLimited: false, retryAfterSeconds: null, text: error.message };
  }
  if (!(error instanceof Error) || !("status" in error) || typeof error.status !== "number") return null;
  const response = "response" in error ? (error.response as ErrorResponse | undefined) : undefined;
  // Octokit reports a broken connection as a 500 without a response.
  if (!response) {
    return { status: null, rateLimited: false, retryAfterSeconds: null, text: `no answer: ${error.message}` };
  }
  const retryAfter = waitSeconds(response.headers);
  return {
    status: error.status,
    rateLimited: isRateLimit(error.status, error.message, response.headers),
    retryAfterSeconds: retryAfter,
    text: `${error.status} ${error.message}`,
  };
}

interface ErrorResponse {
  headers: Record<string, string | number | undefined>;
}

// GitHub answers 403 both to forbidden requests and to requests that come too fast; a secondary limit may differ from a
// refusal only in its message.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
function isRateLimit(status: number, text: string, headers: ErrorResponse["headers"]): boolean {
  if (status === 429) return true;
  if (status !== 403) return false;
  return (
    headers["retry-after"] !== undefined ||
    String(headers["x-ratelimit-remaining"]) === "0" ||
    /rate limit/i.test(text)
  );
}

function waitSeconds(headers: ErrorResponse["headers"]): number | null {
  const get = (name: string) => (headers[name] === undefined ? null : String(headers[name]));
  const asked = retryAfterSeconds({ get });
  if (asked !== undefined) return asked;
  if (get("x-ratelimit-remaining") !== "0") return null;
  // Use GitHub's clock, because the time at which the limit is lifted is GitHub's.
  const sent = Date.parse(get("date") ?? "");
  const reset =
    Number(get("x-ratelimit-reset") ?? Number.NaN) - (Number.isNaN(sent) ? Date.now() : sent) / 1000;
  return Number.isFinite(reset) ? Math.max(0, Math.ceil(reset)) : null;
}
