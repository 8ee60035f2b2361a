// What a database error means: whether it passes, and, while connecting, what a person can do about it.

import { HeddleError, messageOf } from "../errors.ts";
import { MARKER } from "../redact.ts";

/** The password of the URL is in none of the messages, nor in the cause. */
export function explainPostgresError(error: unknown, databaseUrl: string): HeddleError {
  if (error instanceof HeddleError) return error;
  const target = describe(databaseUrl);
  const said = hidePassword(messageOf(error), target.password);
  return new HeddleError("database", explanation(codeOf(error), said, target), {
    cause: new Error(said),
  });
}

/** What the socket and the driver say when the server is away, or does not answer. */
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
  "25006", // The node only reads: a failover is under way.
  "25P03", // The server ended a transaction that stood idle.
  "40001", // Two transactions could not be put in an order.
  "40003", // Whether the statement was completed is unknown.
  "40P01", // A deadlock was resolved against this transaction.
  "55P03", // A lock could not be had in time.
]);

/** Within a passing class, but for good: the database was dropped. */
const DROPPED = "57P04";

/**
 * True for what passes without anybody changing the data or the program: the same work may succeed in a moment. Both
 * databases give the same SQLSTATEs.
 */
export function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  if (code === DROPPED) return false;
  return (
    CONNECTION_CODES.has(code) || PASSING_STATES.has(code) || (code.length === 5 && isPassingClass(code))
  );
}

const isPassingClass = (state: string): boolean => PASSING_CLASSES.includes(state.slice(0, 2));

/** True when the database has undone the whole transaction and asks for it once more. */
export function isRolledBack(error: unknown): boolean {
  return ["40001", "40P01"].includes(codeOf(error));
}

/**
 * True for what another process would meet as well: the server is away, refuses, is read-only, or has no disk, memory or
 * connections left; somebody else holds the row.
 */
export function isOutsideTrouble(error: unknown): boolean {
  const code = codeOf(error);
  // Class 58 passes as well, but on the embedded database it may be this process's own idea of its files.
  return (isPassing(error) && !code.startsWith("58")) || code.startsWith("28") || code === "42501";
}

/** True for what a query throws when a row with the same key is there. Both databases say it with this code. */
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

function explanation(code: string, said: string, { server, user, database, wantsTls }: Target): string {
  if (wantsTls && ["ECONNRESET", "CONNECTION_CLOSED"].includes(code)) {
    return `PostgreSQL at ${server} closed the connection when TLS was to begin (${code}): turn TLS on there (ssl = on), or remove sslmode from DATABASE_URL.`;
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
      return `PostgreSQL at ${server} refuses the user ${user} (${said}): correct DATABASE_URL or the server's pg_hba.conf; a server that wants TLS needs ?sslmode=require.`;
    case "3D000":
      return `PostgreSQL at ${server} has no database ${database}: make it (createdb ${database}) or correct DATABASE_URL.`;
    case "42501":
      return `The user ${user} may not make tables in the database ${database} (${said}): make the user its owner (ALTER DATABASE ${database} OWNER TO ${user};).`;
    case "53300":
      return `PostgreSQL at ${server} has no connection left (${said}): raise its max_connections or the role's limit, or lower DATABASE_POOL_SIZE.`;
    case "57P03":
      return `PostgreSQL at ${server} is starting up or shutting down (${said}): try again in a moment.`;
    default:
      return `The database at ${server} cannot be used: ${said}`;
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

/** drizzle wraps what the driver threw; SQLSTATE and socket codes stand on the innermost error. */
function codeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown };
    if (typeof code === "string") return code;
  }
  return "";
}
