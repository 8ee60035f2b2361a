// Interprets database errors: whether they are temporary and, while connecting, what a person can do about them.

import { errorMessage, HeddleError } from "../errors.ts";
import { MARKER } from "../redact.ts";

/** Neither the message nor the cause contains the URL's password. */
export function explainPostgresError(error: unknown, databaseUrl: string): HeddleError {
  if (error instanceof HeddleError) return error;
  const target = describe(databaseUrl);
  const message = hidePassword(errorMessage(error), target.password);
  return new HeddleError("database", explanation(codeOf(error), message, target), {
    cause: new Error(message),
  });
}

/** Codes from the socket and the driver when the server is unreachable or does not answer. */
const CONNECTION_CODES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EAI_AGAIN",
  "CONNECT_TIMEOUT",
  "ANSWER_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
]);

/** SQLSTATE classes (PostgreSQL's appendix A): connection, resources (connections, memory, disk), operator, system. */
const PASSING_CLASSES = ["08", "53", "57", "58"];

const PASSING_STATES = new Set([
  "25006", // The node is read-only: a failover is under way.
  "25P03", // The server ended an idle transaction.
  "40001", // Two transactions could not be serialised.
  "40003", // It is unknown whether the statement completed.
  "40P01", // This transaction was chosen as a deadlock's victim.
  "55P03", // A lock was not available in time.
]);

/** In a temporary class, but permanent: the database was dropped. */
const DROPPED = "57P04";

/**
 * True for errors that go away without a change to data or program, so the same work may succeed a moment later. Both
 * databases use the same SQLSTATEs.
 */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  if (code === DROPPED) return false;
  return (
    CONNECTION_CODES.has(code) || PASSING_STATES.has(code) || (code.length === 5 && isPassingClass(code))
  );
}

const isPassingClass = (state: string): boolean => PASSING_CLASSES.includes(state.slice(0, 2));

/** True if the database rolled back the whole transaction and it may be retried. */
export function isRolledBack(error: unknown): boolean {
  return ["40001", "40P01"].includes(codeOf(error));
}

/**
 * True for trouble that another process would have as well: the server is unreachable, refuses the user, is read-only,
 * or out of disk, memory or connections; or someone else holds the row.
 */
export function isOutsideTrouble(error: unknown): boolean {
  const code = codeOf(error);
  // Class 58 is temporary as well, but with the embedded database it may be caused by this process's own view of its
  // files.
  return (isPassing(error) && !code.startsWith("58")) || code.startsWith("28") || code === "42501";
}

/** True for the error of a query that violates a unique key. Both databases use this code. */
export function isUniqueViolation(error: unknown): boolean {
  return codeOf(error) === "23505";
}

interface Target {
  server: string;
  user: string;
  database: string;
  password: string;
  wantsTls: boolean;
}

function explanation(code: string, message: string, { server, user, database, wantsTls }: Target): string {
  if (wantsTls && ["ECONNRESET", "CONNECTION_CLOSED"].includes(code)) {
    return `PostgreSQL at ${server} closed the connection when TLS was requested (${code}): enable TLS on the server (ssl = on), or remove sslmode from DATABASE_URL.`;
  }
  switch (code) {
    case "ECONNREFUSED":
    case "ENOTFOUND":
    case "EAI_AGAIN":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
    case "ETIMEDOUT":
    case "ENOENT":
    case "ECONNRESET":
    case "CONNECT_TIMEOUT":
    case "CONNECTION_CLOSED":
    case "CONNECTION_ENDED":
    case "CONNECTION_DESTROYED":
      return `PostgreSQL at ${server} cannot be reached (${code}): start it, or correct DATABASE_URL.`;
    case "28P01":
      return `PostgreSQL at ${server} refuses the password of the user ${user}: correct it in DATABASE_URL.`;
    case "28000":
      return `PostgreSQL at ${server} refuses the user ${user} (${message}): correct DATABASE_URL or the server's pg_hba.conf; a server that requires TLS needs ?sslmode=require.`;
    case "3D000":
      return `PostgreSQL at ${server} has no database ${database}: create it (createdb ${database}) or correct DATABASE_URL.`;
    case "42501":
      return `The user ${user} may not create tables in the database ${database} (${message}): make the user its owner (ALTER DATABASE ${database} OWNER TO ${user};).`;
    case "53300":
      return `PostgreSQL at ${server} has no free connection (${message}): raise its max_connections or the role's limit, or lower DATABASE_POOL_SIZE.`;
    case "57P03":
      return `PostgreSQL at ${server} is starting up or shutting down (${message}): try again in a moment.`;
    default:
      return `The database at ${server} cannot be used: ${message}`;
  }
}

function describe(databaseUrl: string): Target {
  let url: URL;
  try {
    url = new URL(databaseUrl);
  } catch {
    return { server: "DATABASE_URL", user: "?", database: "?", password: databaseUrl, wantsTls: false };
  }
  return {
    server: `${url.hostname || "localhost"}:${url.port || "5432"}`,
    user: decodeURIComponent(url.username) || "?",
    database: decodeURIComponent(url.pathname.slice(1)) || "?",
    password: url.password,
    wantsTls: !["disable", "prefer", "allow", null].includes(url.searchParams.get("sslmode")),
  };
}

function hidePassword(text: string, password: string): string {
  if (password === "") return text;
  return text.replaceAll(decodeURIComponent(password), MARKER).replaceAll(password, MARKER);
}

/**
 * Returns the innermost error code: drizzle wraps driver errors, and SQLSTATE and socket codes are on the original one.
 */
function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown };
    if (typeof code === "string") return code;
  }
  return "";
}
