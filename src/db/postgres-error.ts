// Turns what goes wrong while connecting into one line that says what to do.

import { HeddleError, messageOf } from "../errors.ts";

const MARKER = "[redacted]";

/** The password of the URL is in none of the messages, nor in the cause. */
export function explainPostgresError(error: unknown, databaseUrl: string): HeddleError {
  if (error instanceof HeddleError) return error;
  const target = describe(databaseUrl);
  const said = hidePassword(messageOf(error), target.password);
  return new HeddleError("database", explanation(codeOf(error), said, target), {
    cause: new Error(said),
  });
}

const CONNECTION_LOSSES = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "CONNECT_TIMEOUT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  // The server is shutting down, has crashed, or is starting up.
  "57P01",
  "57P02",
  "57P03",
]);

/** True for what a query throws when the server went away under it: the same may work in a moment. */
export function isConnectionLoss(error: unknown): boolean {
  return CONNECTION_LOSSES.has(codeOf(error));
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
}

function explanation(code: string, said: string, { server, user, database }: Target): string {
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
      return `PostgreSQL at ${server} has no connection left (${said}): raise its max_connections.`;
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
    return { server: "DATABASE_URL", user: "?", database: "?", password: databaseUrl };
  }
  return {
    server: `${url.hostname || "localhost"}:${url.port || "5432"}`,
    user: decodeURIComponent(url.username) || "?",
    database: decodeURIComponent(url.pathname.slice(1)) || "?",
    password: url.password,
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
