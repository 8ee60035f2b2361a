// Every error that a caller can see: its code, its HTTP status and whether a retry may help.
// Heddle's code branches on these codes, never on a message.

const TABLE = {
  bad_request: { status: 400, retryable: false },
  unknown_bot: { status: 400, retryable: false },
  unauthorized: { status: 401, retryable: false },
  forbidden: { status: 403, retryable: false },
  // The browser's sign-in is too old for what it wants to do.
  sign_in_again: { status: 403, retryable: false },
  invalid_signature: { status: 403, retryable: false },
  not_found: { status: 404, retryable: false },
  method_not_allowed: { status: 405, retryable: false },
  request_timeout: { status: 408, retryable: true },
  conflict: { status: 409, retryable: false },
  // Somebody else has changed the object since the caller read it.
  changed_meanwhile: { status: 412, retryable: false },
  payload_too_large: { status: 413, retryable: false },
  unsupported_media_type: { status: 415, retryable: false },
  validation: { status: 422, retryable: false },
  rate_limited: { status: 429, retryable: true },
  internal: { status: 500, retryable: true },
  not_supported: { status: 501, retryable: false },
  upstream: { status: 502, retryable: true },
  unavailable: { status: 503, retryable: true },
  // Outcomes of a task; a caller sees them as the task's `error_code`.
  cancelled: { status: 409, retryable: false },
  timeout: { status: 504, retryable: true },
  worker_lost: { status: 500, retryable: false },
  model_failed: { status: 502, retryable: true },
  invalid_output: { status: 502, retryable: false },
  context_length_exceeded: { status: 502, retryable: false },
  // A budget is used up. Trying again helps only when somebody has raised it, or in its next period.
  usage_limit_exceeded: { status: 402, retryable: false },
  loop_detected: { status: 508, retryable: false },
  // Start-up: the process prints the message and exits with 1.
  config: { status: 500, retryable: false },
  database: { status: 500, retryable: false },
} as const;

export type ErrorCode = keyof typeof TABLE;

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === "string" && Object.hasOwn(TABLE, code);

export class HeddleError extends Error {
  readonly code: ErrorCode;
  /** The invalid field of the input, as a dotted path ("dispatch_config.url"). */
  readonly field: string | undefined;

  constructor(code: ErrorCode, message: string, options: { field?: string; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = "HeddleError";
    this.code = code;
    this.field = options.field;
  }

  get status(): number {
    return TABLE[this.code].status;
  }

  get retryable(): boolean {
    return TABLE[this.code].retryable;
  }
}

/** The error for what does not exist or is out of the caller's reach. `field` names the field with the id, if any. */
export const notFound = (kind: string, id: string, field?: string): HeddleError =>
  new HeddleError("not_found", `There is no ${kind} "${id}".`, field === undefined ? {} : { field });

/**
 * Returns the message of anything that was thrown, and never throws itself. A failed statement's message is given without
 * parameter values.
 */
export function errorMessage(error: unknown): string {
  try {
    return messageOf(error);
  } catch {
    return "something was thrown that cannot be read";
  }
}

function messageOf(error: unknown): string {
  // Libraries report errors as plain objects, too.
  if (!hasMessage(error)) return thrownValue(error);
  const { query, code, cause } = error as { query?: unknown; code?: unknown; cause?: unknown };
  if (typeof query === "string" && "params" in error && code === undefined) {
    // drizzle's own message contains all parameters; the driver's error contains the reason.
    return `A statement failed: ${query.slice(0, STATEMENT_LENGTH)}${cause === undefined ? "" : `: ${errorMessage(cause)}`}`;
  }
  if (error.message === "") return withoutMessage(error);
  return isDataFault(code) ? withoutValue(error.message) : withoutAdvice(error.message);
}

/** Bun advises whoever wrote the call, whom the reader of the message is not. */
const withoutAdvice = (message: string): string => {
  const at = message.indexOf(" For more information, pass `verbose: true`");
  return at < 0 ? message : message.slice(0, at);
};

const hasMessage = (error: unknown): error is { message: string } =>
  typeof error === "object" && error !== null && typeof (error as { message?: unknown }).message === "string";

/** What an error says that has no message of its own: its errors, its cause, or at least its name. */
function withoutMessage(error: object): string {
  const { errors, cause, name } = error as { errors?: unknown; cause?: unknown; name?: unknown };
  if (Array.isArray(errors) && errors.length > 0)
    return errors.slice(0, MOST_ERRORS).map(errorMessage).join("; ");
  if (cause !== undefined && cause !== null && cause !== error) return errorMessage(cause);
  return `${typeof name === "string" && name !== "" ? name : "an error"} without a message`;
}

function thrownValue(value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  if (typeof value === "function") return "a function was thrown";
  const text = typeof value === "object" || typeof value === "string" ? JSON.stringify(value) : String(value);
  return `${text.length > LONGEST_VALUE ? `${text.slice(0, LONGEST_VALUE)}…` : text} was thrown`;
}

const MOST_ERRORS = 5;
const LONGEST_VALUE = 200;
const STATEMENT_LENGTH = 200;

/** SQLSTATE class 22, "data exception": its messages repeat the value. */
const isDataFault = (code: unknown): boolean => typeof code === "string" && /^22[0-9A-Z]{3}$/.test(code);

function withoutValue(message: string): string {
  const at = message.search(/[:"]/);
  return at < 0 ? message : message.slice(0, at).trimEnd();
}
