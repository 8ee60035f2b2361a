// Which failures are the answer of an authorization server, and which may be temporary.

const NAME = "OAuthError";

/** An error that an authorization server answers with (RFC 6749, section 5.2); `code` is its word for it. */
export class OAuthError extends Error {
  override readonly name = NAME;
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

/** The token of a request could not be renewed, so that the request was not sent. */
export class NoToken extends Error {
  constructor(cause: unknown) {
    super("The token could not be renewed.", { cause });
  }
}

const PASSING: ReadonlySet<string> = new Set([
  // Also for an answer that is not JSON, such as that of a proxy in front of the server.
  "server_error",
  "temporarily_unavailable",
  "too_many_requests",
  "slow_down",
]);

export const isNoToken = (error: unknown): boolean => error instanceof NoToken;

/** What it answers when it does not know the client, or the client's secret, any more. */
const OF_CLIENT: ReadonlySet<string> = new Set(["invalid_client", "unauthorized_client"]);

/** By the name, because the MCP library has such a class of its own. */
export const isRefusal = (error: unknown): boolean =>
  error instanceof Error && error.name === NAME && !PASSING.has(String((error as OAuthError).code));

export const isRefusalOfClient = (error: unknown): boolean =>
  isRefusal(error) && OF_CLIENT.has(String((error as OAuthError).code));
