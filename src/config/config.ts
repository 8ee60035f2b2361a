// The only reader of the environment: flags, variables and `$HEDDLE_HOME/.env` → one frozen Config.

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { HeddleError } from "../errors.ts";
import { LOG_LEVELS, type LogFormat, type LogLevel } from "../log.ts";
import { withoutUrlSecrets } from "../secrets/urls.ts";
import { defaultHome } from "./default-home.ts";
import { type EmbeddingSettings, embeddingSettings } from "./embedding-settings.ts";
import { type ModelEndpoint, modelEndpoint, usualModel } from "./model-endpoint.ts";
import {
  blankToUndefined,
  createVariableReader,
  type Environment,
  type Flags,
  type VariableReader,
} from "./read-variables.ts";
import { type VariableWords, wordsOf } from "./variable-words.ts";

export interface Config {
  /** Absolute path of the folder that holds everything this server keeps. */
  readonly home: string;
  /** A remark for the log about how the home was chosen. */
  readonly homeNote: string | undefined;
  /** Whether a flag, a variable or systemd names the home, so that commands in another terminal have to name it, too. */
  readonly isHomeGiven: boolean;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** How the outside reaches this server, without a trailing slash; undefined: http://host:port. */
  readonly baseUrl: string | undefined;
  /** A postgres:// URL; undefined: the embedded database. */
  readonly databaseUrl: string | undefined;
  /** The database server itself, for when databaseUrl leads to a transaction pooler. */
  readonly databaseDirectUrl: string | undefined;
  /** Connections that one process opens for queries; two more are for notifications and locks. */
  readonly databasePoolSize: number;
  /** A connection is given up when a statement has had no answer for this many seconds. */
  readonly databaseAnswerSeconds: number;
  /** A password was given on the command line, where every user of the machine can read it. */
  readonly hasPasswordInArguments: boolean;
  readonly apiKey: string | undefined;
  readonly encryptionKey: string | undefined;
  /** Keys that older secrets may still be sealed with. */
  readonly previousEncryptionKeys: readonly string[];
  readonly integrationDirs: readonly string[];
  readonly toolDirs: readonly string[];
  /** Undefined: the offline provider answers. */
  readonly modelEndpoint: ModelEndpoint | undefined;
  readonly defaultModel: string;
  /** Tokens; undefined: what is known of the model, or a default. */
  readonly contextWindow: number | undefined;
  /** What Heddle does not know of the endpoint's models, as JSON. */
  readonly modelSettings: string | undefined;
  /** How long a model may send nothing. */
  readonly modelTimeoutSeconds: number;
  readonly fallbackModels: readonly string[];
  /** Undefined: the embedder inside Heddle. */
  readonly embeddings: EmbeddingSettings | undefined;
  /** Undefined: only integrations transcribe recordings. */
  readonly transcription: TranscriptionConfig | undefined;
  readonly timezone: string;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
  readonly workerConcurrency: number;
  readonly taskMaxRunSeconds: number;
  readonly unattendedRunsPerHour: number;
  /** Names, addresses and CIDR ranges inside private networks that outgoing webhooks may reach. */
  readonly allowPrivateHosts: readonly string[];
  /** Every hook event is POSTed to each of these. */
  readonly hookWebhookUrls: readonly string[];
  /** Signs those requests: base64, with or without "whsec_". */
  readonly hookWebhookSecret: string | undefined;
  /** Requests per second that one address may send to the public routes of one integration. */
  readonly webhookRateLimit: number;
  readonly signIn: SignInConfig;
  /** Addresses and networks of proxies whose X-Forwarded-For names the sender. */
  readonly trustedProxies: readonly string[];
  /** Bytes of request bodies on public routes that may wait in memory at one time. */
  readonly webhookBytesInFlight: number;
  /** A server that has made no progress for this long ends itself; 0: never. */
  readonly watchdogSeconds: number;
  /** Conversations in which nothing has happened for this long are deleted; 0: none. */
  readonly sessionRetentionDays: number;
  /** How long the inbox keeps records of webhooks. */
  readonly inboxRetentionDays: number;
  /** How much of a webhook's body is kept; 0: nothing. */
  readonly inboxMaxBodyBytes: number;
  /** Values that must not appear in a log, an error or an answer. */
  readonly secrets: readonly string[];
  /** Every variable, for the settings of integrations: process environment over .env. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Integrations that may read any variable they name: those that `heddle dev` serves. */
  readonly favouredIntegrations: readonly string[];
  /** What is set, for people; without values of secrets. */
  readonly variables: readonly ConfigVariable[];
  /** Whether Heddle itself reads a variable of this name, so that no integration can claim it. */
  isOwnVariable(name: string): boolean;
  /** Names of the variables that hold secrets. */
  readonly secretVariables: readonly string[];
  /** How background processes are confined: see runtime/confine.ts. */
  readonly processConfinement: (typeof PROCESS_CONFINEMENTS)[number];
  /** Files and folders that background processes may read and write besides their own. */
  readonly processPaths: readonly string[];
}

/** One of Heddle's own variables. */
export interface ConfigVariable extends Readonly<VariableWords> {
  readonly name: string;
  /** Null if it is not set, or is a secret. */
  readonly value: string | null;
  readonly is_set: boolean;
  readonly secret: boolean;
  readonly source: "flag" | "environment" | "file" | null;
}

const PROCESS_CONFINEMENTS = ["auto", "bubblewrap", "landlock", "none"] as const;

export interface TranscriptionConfig {
  readonly apiKey: string | undefined;
  readonly baseUrl: string | undefined;
  readonly model: string;
}

/** How long a browser may do what. */
export interface SignInConfig {
  /** For using a sign-in link. */
  readonly linkMinutes: number;
  /** For staying signed in without use. */
  readonly idleHours: number;
  /** For staying signed in at all. */
  readonly maxDays: number;
  /** For making keys and approving code after signing in. */
  readonly freshMinutes: number;
}

const MB = 1024 * 1024;

/** A copy of this process's environment. */
export const processEnvironment = (): Environment => ({ ...process.env });

/** Throws a HeddleError("config") whose one line names the variable, what it must be and what it got. */
export function loadConfig(flags: Flags = {}, variables: Environment = processEnvironment()): Config {
  const given =
    blankToUndefined(flags.home) ?? blankToUndefined(variables.HEDDLE_HOME) ?? stateDirectory(variables);
  const { path: home, note: homeNote } = given
    ? { path: resolve(given), note: undefined }
    : defaultHome(variables, process.cwd());
  const environment: Environment = {
    ...readEnvFile(join(home, ".env")),
    ...withoutBlanks(variables),
  };
  const read = createVariableReader(flags, environment);
  const endpoint = modelEndpoint(read);
  return Object.freeze({
    home,
    homeNote,
    isHomeGiven: given !== undefined,
    // "[::]" is how a URL spells "::".
    host: (read.text("HOST") ?? "127.0.0.1").replace(/^\[([^\]]*)\]$/, "$1"),
    port: read.integer("PORT", 8000, 0, 65_535),
    baseUrl: read.url("BASE_URL", ["http:", "https:"]),
    databaseUrl: read.databaseUrl("DATABASE_URL"),
    databaseDirectUrl: read.databaseUrl("DATABASE_DIRECT_URL"),
    databasePoolSize: read.integer("DATABASE_POOL_SIZE", 16, 2, 500),
    databaseAnswerSeconds: read.integer("DATABASE_ANSWER_SECONDS", 20, 5, 3600),
    hasPasswordInArguments: hasPassword(blankToUndefined(flags["database-url"])),
    apiKey: read.apiKey("API_KEY"),
    encryptionKey: read.encryptionKey("ENCRYPTION_KEY"),
    previousEncryptionKeys: read.encryptionKeys("ENCRYPTION_KEY_PREVIOUS"),
    integrationDirs: read.directories("INTEGRATION_DIRS"),
    toolDirs: read.directories("TOOL_DIRS"),
    modelEndpoint: endpoint && Object.freeze(endpoint),
    defaultModel: read.text("DEFAULT_MODEL") ?? usualModel(endpoint),
    contextWindow: read.optionalInteger("CONTEXT_WINDOW", 2_000, 100_000_000),
    modelSettings: read.text("MODEL_SETTINGS"),
    modelTimeoutSeconds: read.integer("MODEL_TIMEOUT_SECONDS", 120, 1, 3_600),
    fallbackModels: read.list("FALLBACK_MODELS"),
    embeddings: embeddingSettings(read),
    transcription: transcriptionConfig(read),
    timezone: read.timezone("TIMEZONE"),
    logLevel: read.choice("LOG_LEVEL", LOG_LEVELS, "info"),
    logFormat: read.choice("LOG_FORMAT", ["json", "pretty"] as const, "pretty"),
    workerConcurrency: read.integer("WORKER_CONCURRENCY", 16, 1, 4096),
    taskMaxRunSeconds: read.integer("TASK_MAX_RUN_SECONDS", 1200, 1, 86_400),
    unattendedRunsPerHour: read.integer("UNATTENDED_RUNS_PER_HOUR", 30, 0, 1_000_000),
    allowPrivateHosts: read.list("ALLOW_PRIVATE_HOSTS"),
    hookWebhookUrls: read.urls("HOOK_WEBHOOK_URLS", ["http:", "https:"]),
    hookWebhookSecret: read.signingSecret("HOOK_WEBHOOK_SECRET"),
    signIn: Object.freeze({
      linkMinutes: read.integer("SIGN_IN_LINK_MINUTES", 15, 1, 1_440),
      idleHours: read.integer("SIGN_IN_IDLE_HOURS", 168, 1, 8_760),
      maxDays: read.integer("SIGN_IN_MAX_DAYS", 30, 1, 365),
      freshMinutes: read.integer("SIGN_IN_FRESH_MINUTES", 15, 1, 1_440),
    }),
    trustedProxies: read.networks("TRUSTED_PROXIES"),
    webhookRateLimit: read.integer("WEBHOOK_RATE_LIMIT", 2000, 1, 1_000_000),
    webhookBytesInFlight: read.integer("WEBHOOK_BYTES_IN_FLIGHT", 128 * MB, MB, 64 * 1024 * MB),
    watchdogSeconds: read.integer("WATCHDOG_SECONDS", 60, 0, 86_400),
    // A service may send what is 30 days old again, and what was deleted is not recognised.
    sessionRetentionDays: read.daysOrNever("SESSION_RETENTION_DAYS", 31, 3650),
    inboxRetentionDays: read.integer("INBOX_RETENTION_DAYS", 30, 1, 3650),
    inboxMaxBodyBytes: read.integer("INBOX_MAX_BODY_BYTES", 256 * 1024, 0, 25 * 1024 * 1024),
    processConfinement: read.choice("PROCESS_CONFINEMENT", PROCESS_CONFINEMENTS, "auto"),
    processPaths: read.directories("PROCESS_PATHS"),
    secrets: secretsOf(read),
    environment: Object.freeze(environment),
    favouredIntegrations: [],
    variables: variablesIn(read, withoutBlanks(variables)),
    secretVariables: [...new Set([...read.secretNames, ...read.secretUrlNames, "HEDDLE_API_KEY"])],
    isOwnVariable: (name: string) => read.names.has(name) || READ_ELSEWHERE.test(name),
  });
}

/** Receivers of webhooks often have their secret in the path. */
const shownUrl = (name: string) => (text: string) =>
  name.includes("WEBHOOK") && URL.canParse(text) ? `${new URL(text).origin}/…` : withoutUrlSecrets(text);

function variablesIn(read: VariableReader, given: Environment): ConfigVariable[] {
  return [...read.names].sort().map((name) => {
    const value = read.text(name);
    const secret = read.secretNames.has(name);
    const elsewhere = name in given ? ("environment" as const) : ("file" as const);
    return {
      name,
      ...wordsOf(name),
      value: value === undefined || secret ? null : value.split(",").map(shownUrl(name)).join(","),
      is_set: value !== undefined,
      secret,
      source: value === undefined ? null : read.isFlag(name) ? ("flag" as const) : elsewhere,
    };
  });
}

/** OpenAI's key is sent only to OpenAI's own address or to OPENAI_BASE_URL. */
function transcriptionConfig(read: VariableReader): TranscriptionConfig | undefined {
  const ownUrl = read.endpointUrl("TRANSCRIPTION_BASE_URL");
  const baseUrl = ownUrl ?? read.endpointUrl("OPENAI_BASE_URL");
  const ownKey = read.secret("TRANSCRIPTION_API_KEY");
  const apiKey = ownKey ?? (ownUrl ? undefined : read.secret("OPENAI_API_KEY"));
  const model = read.text("TRANSCRIPTION_MODEL") ?? "whisper-1";
  return apiKey || baseUrl ? Object.freeze({ apiKey, baseUrl, model }) : undefined;
}

const hasPassword = (url: string | undefined): boolean =>
  url !== undefined && (URL.parse(url)?.password ?? "") !== "";

/** Variables of the command line and of PostgreSQL's libraries, which loadConfig itself does not read. */
const READ_ELSEWHERE = /^(HEDDLE_\w+|STATE_DIRECTORY|PG[A-Z]+)$/;

/** Heddle's own secrets; those of integrations become known when they are declared. */
function secretsOf({ secretNames, databaseUrlNames, text }: VariableReader): string[] {
  return [...secretNames].flatMap((name) => {
    const value = text(name);
    if (value === undefined) return [];
    // A key may look like a URL as well: "prod:0123".
    if (!databaseUrlNames.has(name)) return [value, ...value.split(",").map((one) => one.trim())];
    // Only the password of a database's URL is secret.
    const { password } = new URL(value);
    return [password, decodeURIComponent(password)];
  });
}

function stateDirectory(environment: Environment): string | undefined {
  // systemd passes several directories joined by colons; ours is the first.
  return blankToUndefined(environment.STATE_DIRECTORY)?.split(":")[0];
}

function readEnvFile(path: string): Environment {
  if (!existsSync(path)) return {};
  try {
    return withoutBlanks(parseEnv(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new HeddleError("config", `${path} cannot be read: make it readable to this user.`, { cause });
  }
}

function withoutBlanks(environment: Environment): Environment {
  return Object.fromEntries(
    Object.entries(environment).filter(([, value]) => blankToUndefined(value) !== undefined),
  );
}
