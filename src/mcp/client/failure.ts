// What went wrong between Heddle and an MCP server, in words for people and models.

import {
  InsufficientScopeError,
  OAuthClientFlowError,
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  SdkErrorCode,
  SdkHttpError,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { errorMessage } from "../../errors.ts";
import { isRefusal } from "../../oauth/refusal.ts";
import { isPermanent } from "../../sdk/errors.ts";

export interface Failure {
  /** "unauthorized": the server wants somebody to sign in, or another key. */
  kind: "unauthorized" | "lost" | "refused";
  reason: string;
}

const MOST = 500;

export function failureOf(error: unknown): Failure {
  const all = causesOf(error);
  const missing = all.find((one) => one instanceof InsufficientScopeError);
  if (missing) {
    const scope = missingScope(missing);
    const what = scope === undefined ? "more than Heddle may do there" : `the permission "${scope}"`;
    return { kind: "refused", reason: `It wants ${what}; a person grants it by signing in again.` };
  }
  const isUnauthorized = all.some(
    (one) =>
      one instanceof UnauthorizedError ||
      isRefusal(one) ||
      one instanceof OAuthClientFlowError ||
      (one instanceof SdkHttpError && one.status === 401),
  );
  if (isUnauthorized)
    return { kind: "unauthorized", reason: "The server does not accept Heddle's credentials." };
  const refusal = all.find(isPermanent);
  if (refusal) return { kind: "refused", reason: errorMessage(refusal) };
  const http = all.find((one) => one instanceof SdkHttpError);
  if (http) return { kind: "lost", reason: `The server answered with status ${http.status}.` };
  // The deepest cause is what the system said.
  const reason = errorMessage(all.at(-1)) || "It does not answer.";
  return { kind: "lost", reason: reason.slice(0, MOST) };
}

/** What the server wants beyond what was granted, if it says so. */
export function missingScope(error: unknown): string | undefined {
  const missing = causesOf(error).find((one) => one instanceof InsufficientScopeError);
  return missing?.requiredScope?.replace(/[^!-~ ]/g, "").slice(0, MOST) || undefined;
}

/** Whether the connection ended, rather than the request failed. */
export const isClosed = (error: unknown): boolean =>
  causesOf(error).some((one) => one instanceof SdkError && CLOSED.has(one.code));

const CLOSED: ReadonlySet<string> = new Set([
  SdkErrorCode.ConnectionClosed,
  SdkErrorCode.NotConnected,
  SdkErrorCode.SendFailed,
]);

/** Whether the server has forgotten the session, and so has done nothing. */
export const isForgotten = (error: unknown): boolean =>
  causesOf(error).some((one) => one instanceof SdkHttpError && one.status === 404);

/** Whether the server has refused the request itself: it does not know what the request is about. */
export const isGone = (error: unknown): boolean =>
  causesOf(error).some((one) => one instanceof ProtocolError && one.code === ProtocolErrorCode.InvalidParams);

function causesOf(error: unknown): unknown[] {
  const all: unknown[] = [];
  for (let one = error; one !== undefined && one !== null && all.length < 10; ) {
    all.push(one);
    one = (one as { cause?: unknown; data?: { cause?: unknown } }).cause;
  }
  return all;
}
