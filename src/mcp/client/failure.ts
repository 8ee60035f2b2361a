// What went wrong between Heddle and an MCP server, in words for people and models.

import { errorMessage } from "../../errors.ts";
import { isNoToken, isRefusal } from "../../oauth/refusal.ts";
import { isPermanent } from "../../sdk/errors.ts";
import { protocol } from "../protocol.ts";

export interface Failure {
  /** "unauthorized": the server wants somebody to sign in, or another key. */
  kind: "unauthorized" | "lost" | "refused";
  reason: string;
}

const MOST = 500;

export function failureOf(error: unknown): Failure {
  const all = causesOf(error);
  const missing = all.find(isA("InsufficientScopeError"));
  if (missing) {
    const scope = missingScope(missing);
    const what = scope === undefined ? "more than Heddle may do there" : `the permission "${scope}"`;
    return { kind: "refused", reason: `It wants ${what}; a person grants it by signing in again.` };
  }
  const isUnauthorized = all.some(
    (one) =>
      isA("UnauthorizedError")(one) ||
      isRefusal(one) ||
      isA("OAuthClientFlowError")(one) ||
      (isA("SdkHttpError")(one) && one.status === 401),
  );
  if (isUnauthorized)
    return { kind: "unauthorized", reason: "The server does not accept Heddle's credentials." };
  const invalid = all.find(isA("SdkError"));
  if (invalid?.code === "INVALID_RESULT") return { kind: "lost", reason: invalidInWords(invalid.message) };
  const refusal = all.find(isPermanent);
  if (refusal) return { kind: "refused", reason: errorMessage(refusal) };
  const http = all.find(isA("SdkHttpError"));
  if (http) return { kind: "lost", reason: `The server answered with status ${http.status}.` };
  if (all.some((one) => one instanceof SyntaxError))
    return { kind: "lost", reason: "The server's answer is not JSON." };
  // The deepest cause is what the system said.
  const reason = errorMessage(all.at(-1)) || "It does not answer.";
  const what = all.some(isNoToken) ? "The token of the sign-in could not be renewed: " : "";
  return { kind: "lost", reason: `${what}${reason}`.slice(0, MOST) };
}

/** The library says it with a list of everything that is wrong, as JSON. */
function invalidInWords(message: string): string {
  const [, method = "a request", problems = ""] = INVALID.exec(message.slice(0, MOST_PROBLEMS)) ?? [];
  return `Its answer to ${method} is not in the form of the protocol: ${firstOf(problems)}`.slice(0, MOST);
}

const INVALID = /^Invalid result for ([a-z/]{1,100}): ([\s\S]*)$/;
/** There may be as many as what it answered has parts. */
const MOST_PROBLEMS = 100_000;

function firstOf(problems: string): string {
  try {
    const [{ path, message }] = JSON.parse(problems) as [{ path: unknown[]; message: string }];
    return [...(path.length > 0 ? [path.join(".")] : []), message].join(": ");
  } catch {
    return problems;
  }
}

/** What the server wants beyond what was granted, if it says so. */
export function missingScope(error: unknown): string | undefined {
  const missing = causesOf(error).find(isA("InsufficientScopeError"));
  return missing?.requiredScope?.replace(/[^!-~ ]/g, "").slice(0, MOST) || undefined;
}

/** Whether the connection ended, rather than the request failed. */
export const isClosed = (error: unknown): boolean =>
  causesOf(error).some((one) => isA("SdkError")(one) && CLOSED.has(one.code));

const CLOSED: ReadonlySet<string> = new Set(["CONNECTION_CLOSED", "NOT_CONNECTED", "SEND_FAILED"]);

/** What the server answered over HTTP, if it refused the request there. */
export const statusOf = (error: unknown): number | undefined =>
  causesOf(error).find(isA("SdkHttpError"))?.status;

/** Whether a call that failed may have taken effect: it was sent, and the server has not said that it refused it. */
export function mayHaveActed(error: unknown): boolean {
  const all = causesOf(error);
  const status = statusOf(error);
  const isAnswered = all.some(
    (one) => isA("ProtocolError")(one) || isA("UnauthorizedError")(one) || isPermanent(one) || isRefusal(one),
  );
  if (isAnswered || (status !== undefined && status < 500)) return false;
  const isUnsent = all.some(
    (one) =>
      isNoToken(one) ||
      (isA("SdkError")(one) && UNSENT.has(one.code)) ||
      UNREACHED.has(String((one as { code?: unknown }).code)),
  );
  return !isUnsent;
}

const UNSENT: ReadonlySet<string> = new Set(["NOT_CONNECTED", "SEND_FAILED"]);
const UNREACHED: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ConnectionRefused",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

/** Whether the server has refused the request itself: it does not know what the request is about. */
export const isGone = (error: unknown): boolean =>
  causesOf(error).some((one) => isA("ProtocolError")(one) && one.code === INVALID_PARAMS);

/** Whether the server is there and does not know the method: not every one answers the protocol's ping. */
export const isUnknownMethod = (error: unknown): boolean =>
  causesOf(error).some((one) => isA("ProtocolError")(one) && one.code === METHOD_NOT_FOUND);

/** What JSON-RPC says of parameters that are refused, and of a method that it does not know. */
const INVALID_PARAMS = -32602;
const METHOD_NOT_FOUND = -32601;

type Protocol = typeof import("@modelcontextprotocol/client");
type ErrorName =
  | "InsufficientScopeError"
  | "OAuthClientFlowError"
  | "ProtocolError"
  | "SdkError"
  | "SdkHttpError"
  | "UnauthorizedError";

/** Tells an error of the library by its class. */
const isA =
  <Name extends ErrorName>(name: Name) =>
  (error: unknown): error is InstanceType<Protocol[Name]> => {
    const library = protocol.loaded();
    return library !== undefined && error instanceof library[name];
  };

function causesOf(error: unknown): unknown[] {
  const all: unknown[] = [];
  for (let one = error; one !== undefined && one !== null && all.length < 10; ) {
    all.push(one);
    one = (one as { cause?: unknown; data?: { cause?: unknown } }).cause;
  }
  return all;
}
