// Turns anything that was thrown into the error format that callers see.

import { t, ValidationError } from "elysia";
import { isPassing } from "../db/failure.ts";
import { type ErrorCode, HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { named } from "../schema/openapi-schema.ts";
import { asHeddleError } from "../sdk/errors.ts";
import { explainInvalid } from "./explain-invalid.ts";

export const ErrorAnswer = named(
  "Error",
  t.Object({
    error: t.Object(
      {
        code: t.String({ description: "The error as a code for programs; see the table of codes." }),
        message: t.String({ description: "The error in words for people." }),
        field: t.Optional(t.String({ description: "The invalid field of the input, as a dotted path." })),
        request_id: t.Optional(
          t.String({
            description: "Set if the server failed; its log has the details under this id.",
          }),
        ),
      },
      { description: "The error." },
    ),
  }),
);

/** One sender has sent too much; it may retry after `retryAfterSeconds`. */
export class RateLimited extends HeddleError {
  readonly retryAfterSeconds: number;
  constructor(message: string, retryAfterSeconds: number) {
    super("rate_limited", message);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

/** The body is compressed in a way that is not accepted; the answer says which ways are. */
export class UnsupportedCoding extends HeddleError {
  constructor(message: string) {
    super("unsupported_media_type", message);
  }
}

/**
 * The integration is quarantined, disabled or waiting for approval. The log said so when its status changed, so the
 * individual requests are not logged.
 */
export class NotLive extends HeddleError {
  constructor(message: string) {
    super("unavailable", message);
  }
}

/** How many characters of a path are logged; senders can make paths of any length. */
const PATH_SHOWN = 300;

export interface ErrorFacts {
  requestId: string;
  method: string;
  path: string;
  /** The methods that the path takes, if it is known. */
  allowed?: string[];
  /** Set if the request was for an integration. */
  integrationId?: string;
}

/**
 * Returns the answer for an error. An unexpected error is logged with its cause; the caller gets only an id by which
 * the log line can be found.
 */
export function answerError(error: unknown, facts: ErrorFacts, log: Logger): Response {
  const known = knownError(error);
  if (error instanceof RateLimited) return respond(error, { retryAfterSeconds: error.retryAfterSeconds });
  if (error instanceof NotLive) return respond(error);
  const { allowed = [] } = facts;
  if (elysiaCode(error) === "NOT_FOUND" && allowed.length > 0)
    return respond(otherMethod(facts.method, allowed), { allowed });
  if (known && known.status < 500) return respond(withList(known));
  const properties = {
    request_id: facts.requestId,
    method: facts.method,
    path: facts.path.length > PATH_SHOWN ? `${facts.path.slice(0, PATH_SHOWN)}…` : facts.path,
    ...(facts.integrationId !== undefined && { integration_id: facts.integrationId }),
    code: known?.code ?? "internal",
    error,
  };
  if (known) log.warning("Request {request_id} could not be served: {method} {path}: {error}", properties);
  else log.error("Request {request_id} failed: {method} {path}: {error}", properties);
  const logged = { requestId: facts.requestId };
  if (known && !HIDDEN.includes(known.code)) return respond(known, logged);
  const message = `The request failed; the server's log has the details under ${facts.requestId}.`;
  return respond(new HeddleError("internal", message), logged);
}

/** Where the ids are listed that a body's field names. */
const LISTS: Record<string, string> = {
  bot_id: "/api/v1/bots",
  channel_id: "/api/v1/channels",
  target_channel_id: "/api/v1/channels",
  session_id: "/api/v1/sessions",
  "callback_config.parent_session_id": "/api/v1/sessions",
  "dispatch_config.session_id": "/api/v1/sessions",
};

/** Whoever sent an example, or an id of another server, is told where those of this server are listed. */
function withList(error: HeddleError): HeddleError {
  const { code, field, message } = error;
  const list = field === undefined ? undefined : LISTS[field];
  if (field === undefined || list === undefined || (code !== "not_found" && code !== "unknown_bot"))
    return error;
  return new HeddleError(code, `${message.replace(/\.$/, "")}; GET ${list} lists them.`, {
    field,
    cause: error,
  });
}

/** Codes whose messages may contain hosts, files or statements. */
const HIDDEN: ErrorCode[] = ["internal", "database", "config"];

function respond(
  error: HeddleError,
  {
    requestId,
    retryAfterSeconds = 1,
    allowed,
  }: { requestId?: string; retryAfterSeconds?: number; allowed?: string[] } = {},
): Response {
  const { code, message, field } = error;
  const body = {
    error: {
      code,
      message,
      ...(field !== undefined && { field }),
      ...(requestId !== undefined && { request_id: requestId }),
    },
  };
  const headers: Record<string, string> = {};
  if (code === "unauthorized") headers["www-authenticate"] = "Bearer";
  if (code === "rate_limited" || code === "unavailable") headers["retry-after"] = String(retryAfterSeconds);
  if (error instanceof UnsupportedCoding) headers["accept-encoding"] = "gzip, deflate, identity";
  if (allowed) headers.allow = allowed.join(", ");
  // A sender that was too slow would stay too slow on the same connection.
  if (code === "request_timeout") headers.connection = "close";
  return Response.json(body, { status: error.status, headers });
}

const otherMethod = (method: string, allowed: string[]): HeddleError =>
  new HeddleError("method_not_allowed", `This path takes ${allowed.join(", ")}; got ${method}.`);

function knownError(error: unknown): HeddleError | undefined {
  const own = asHeddleError(error);
  if (own) return own;
  if (isPassing(error)) {
    return new HeddleError("unavailable", "The database does not answer at the moment; try again.");
  }
  if (error instanceof ValidationError) {
    // The answer does not match its own schema, which is a bug of the server.
    if (error.type === "response") return undefined;
    return explainInvalid(error);
  }
  switch (elysiaCode(error)) {
    case "NOT_FOUND":
      return new HeddleError("not_found", "There is no such route.");
    case "PARSE":
      return (
        asHeddleError((error as Error).cause) ?? new HeddleError("bad_request", "The body could not be read.")
      );
    case "INVALID_COOKIE_SIGNATURE":
      return new HeddleError("bad_request", "A cookie has a wrong signature.");
    case "INVALID_FILE_TYPE":
      return new HeddleError("validation", "A file has the wrong type.");
  }
}

function elysiaCode(error: unknown): unknown {
  return error instanceof Error && "code" in error ? error.code : undefined;
}
