// The only reader of the environment: flags, variables and `$HEDDLE_HOME/.env` → one frozen Config.

import { existsSync, readFileSync } from "node:fs";
import { isIP } from "node:net";
import { join, resolve } from "node:path";
import { parseEnv } from "node:util";
import { HeddleError } from "../errors.ts";
import { LOG_LEVELS, type LogFormat, type LogLevel } from "../log.ts";
import { urlSecrets } from "../secrets/urls.ts";
import { defaultHome, userFolder } from "./default-home.ts";

export interface Config {
  /** Absolute path of the folder that holds everything this server keeps. */
  readonly home: string;
  /** What is to be said of how the home was chosen. */
  readonly homeNote: string | undefined;
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** How the outside reaches this server, without a trailing slash; undefined: http://host:port. */
  readonly baseUrl: string | undefined;
  /** A postgres:// URL; undefined: the embedded database. */
  readonly databaseUrl: string | undefined;
  /** The server itself, where databaseUrl leads to a pooler by the transaction. */
  readonly databaseDirectUrl: string | undefined;
  /** Connections for queries that one process opens; two more are for notifications and locks. */
  readonly databasePoolSize: number;
  /** Seconds without an answer after which a statement's connection is given up. */
  readonly databaseAnswerSeconds: number;
  /** A password stands on the command line, where every user of the machine may read it. */
  readonly hasPasswordInArguments: boolean;
  readonly apiKey: string | undefined;
  readonly encryptionKey: string | undefined;
  /** Keys that older secrets may be sealed with. */
  readonly previousEncryptionKeys: readonly string[];
  readonly integrationDirs: readonly string[];
  readonly toolDirs: readonly string[];
  readonly openaiApiKey: string | undefined;
  readonly openaiBaseUrl: string | undefined;
  readonly defaultModel: string;
  /** Tokens. */
  readonly contextWindow: number;
  readonly fallbackModels: readonly string[];
  readonly embeddingModel: string;
  /** Undefined: recordings are transcribed by integrations only. */
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
  /** Addresses and networks of proxies whose X-Forwarded-For names the sender. */
  readonly trustedProxies: readonly string[];
  /** Bytes of bodies on public routes that may wait in memory at a time. */
  readonly webhookBytesInFlight: number;
  /** A process that has not worked for so long ends itself; 0: never. */
  readonly watchdogSeconds: number;
  /** How long records of webhooks are kept. */
  readonly inboxRetentionDays: number;
  /** How much of a webhook's body is kept; 0: nothing. */
  readonly inboxMaxBodyBytes: number;
  /** Values that must not appear in a log, an error or an answer. */
  readonly secrets: readonly string[];
  /** Every variable, for the settings of integrations: process environment over .env. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Integrations that get whatever variables they name: those that `heddle dev` serves. */
  readonly favouredIntegrations: readonly string[];
  /** Whether a variable of this name is Heddle's own, and so no integration's. */
  isOwnVariable(name: string): boolean;
  /** The names of those that hold secrets. */
  readonly secretVariables: readonly string[];
  /** What is confined how: see runtime/confine.ts. */
  readonly processConfinement: (typeof PROCESS_CONFINEMENTS)[number];
  /** Files and folders that background processes may read and write besides their own. */
  readonly processPaths: readonly string[];
}

const PROCESS_CONFINEMENTS = ["auto", "bubblewrap", "landlock", "none"] as const;

export interface TranscriptionConfig {
  readonly apiKey: string | undefined;
  readonly baseUrl: string | undefined;
  readonly model: string;
}

/** Command-line flags; they win over the environment. */
export interface Flags {
  home?: string;
  host?: string;
  port?: string;
  "database-url"?: string;
}

const MB = 1024 * 1024;

type Environment = Record<string, string | undefined>;

/** Of this process, as it is now. */
export const processEnvironment = (): Environment => ({ ...process.env });

/** Throws a HeddleError("config") of one line that names the variable, what it got and what it takes. */
export function loadConfig(flags: Flags = {}, variables: Environment = processEnvironment()): Config {
  const given = blank(flags.home) ?? blank(variables.HEDDLE_HOME) ?? stateDirectory(variables);
  const { path: home, note: homeNote } = given
    ? { path: resolve(given), note: undefined }
    : defaultHome(variables, process.cwd());
  const environment: Environment = {
    ...readEnvFile(join(home, ".env")),
    ...withoutBlanks(variables),
  };
  const read = reader(flags, environment);
  return Object.freeze({
    home,
    homeNote,
    // "[::]" is "::" as it stands in a URL.
    host: (read.text("HOST") ?? "127.0.0.1").replace(/^\[([^\]]*)\]$/, "$1"),
    port: read.integer("PORT", 8000, 0, 65_535),
    baseUrl: read.url("BASE_URL", ["http:", "https:"]),
    databaseUrl: read.databaseUrl("DATABASE_URL"),
    databaseDirectUrl: read.databaseUrl("DATABASE_DIRECT_URL"),
    databasePoolSize: read.integer("DATABASE_POOL_SIZE", 16, 2, 500),
    databaseAnswerSeconds: read.integer("DATABASE_ANSWER_SECONDS", 20, 5, 3600),
    hasPasswordInArguments: hasPassword(blank(flags["database-url"])),
    apiKey: read.apiKey("API_KEY"),
    encryptionKey: read.encryptionKey("ENCRYPTION_KEY"),
    previousEncryptionKeys: read.encryptionKeys("ENCRYPTION_KEY_PREVIOUS"),
    integrationDirs: read.directories("INTEGRATION_DIRS"),
    toolDirs: read.directories("TOOL_DIRS"),
    openaiApiKey: read.secret("OPENAI_API_KEY"),
    openaiBaseUrl: read.url("OPENAI_BASE_URL", ["http:", "https:"]),
    defaultModel: read.text("DEFAULT_MODEL") ?? "gpt-4.1-mini",
    contextWindow: read.integer("CONTEXT_WINDOW", 128_000, 2_000, 100_000_000),
    fallbackModels: read.list("FALLBACK_MODELS"),
    embeddingModel: read.text("EMBEDDING_MODEL") ?? "text-embedding-3-small",
    transcription: transcriptionConfig(read),
    timezone: read.timezone("TIMEZONE"),
    logLevel: read.choice("LOG_LEVEL", LOG_LEVELS, "info"),
    logFormat: read.choice("LOG_FORMAT", ["json", "pretty"] as const, "pretty"),
    workerConcurrency: read.integer("WORKER_CONCURRENCY", 16, 1, 256),
    taskMaxRunSeconds: read.integer("TASK_MAX_RUN_SECONDS", 1200, 1, 86_400),
    unattendedRunsPerHour: read.integer("UNATTENDED_RUNS_PER_HOUR", 30, 0, 1_000_000),
    allowPrivateHosts: read.list("ALLOW_PRIVATE_HOSTS"),
    hookWebhookUrls: read.urls("HOOK_WEBHOOK_URLS", ["http:", "https:"]),
    hookWebhookSecret: read.signingSecret("HOOK_WEBHOOK_SECRET"),
    trustedProxies: read.networks("TRUSTED_PROXIES"),
    webhookRateLimit: read.integer("WEBHOOK_RATE_LIMIT", 2000, 1, 1_000_000),
    webhookBytesInFlight: read.integer("WEBHOOK_BYTES_IN_FLIGHT", 128 * MB, MB, 64 * 1024 * MB),
    watchdogSeconds: read.integer("WATCHDOG_SECONDS", 60, 0, 86_400),
    inboxRetentionDays: read.integer("INBOX_RETENTION_DAYS", 30, 1, 3650),
    inboxMaxBodyBytes: read.integer("INBOX_MAX_BODY_BYTES", 256 * 1024, 0, 25 * 1024 * 1024),
    processConfinement: read.choice("PROCESS_CONFINEMENT", PROCESS_CONFINEMENTS, "auto"),
    processPaths: read.directories("PROCESS_PATHS"),
    secrets: secretsOf(read),
    environment: Object.freeze(environment),
    favouredIntegrations: [],
    secretVariables: [...new Set([...read.secretNames, ...read.telling, "HEDDLE_API_KEY"])],
    isOwnVariable: (name: string) => read.names.has(name) || FOR_EVERY_COMMAND.test(name),
  });
}

/** OpenAI's key goes along only to OpenAI's own address, or the one that was given for it. */
function transcriptionConfig(read: ReturnType<typeof reader>): TranscriptionConfig | undefined {
  const ownUrl = read.url("TRANSCRIPTION_BASE_URL", ["http:", "https:"]);
  const baseUrl = ownUrl ?? read.url("OPENAI_BASE_URL", ["http:", "https:"]);
  const ownKey = read.secret("TRANSCRIPTION_API_KEY");
  const apiKey = ownKey ?? (ownUrl ? undefined : read.secret("OPENAI_API_KEY"));
  const model = read.text("TRANSCRIPTION_MODEL") ?? "whisper-1";
  return apiKey || baseUrl ? Object.freeze({ apiKey, baseUrl, model }) : undefined;
}

const hasPassword = (url: string | undefined): boolean =>
  url !== undefined && (URL.parse(url)?.password ?? "") !== "";

/** How to reach a server, where its home is, and what PostgreSQL's libraries read by themselves. */
const FOR_EVERY_COMMAND = /^(HEDDLE_\w+|STATE_DIRECTORY|PG[A-Z]+)$/;

/** Those of Heddle itself; an integration's become known when it declares them. */
function secretsOf({ secretNames, text }: ReturnType<typeof reader>): string[] {
  const values = [...secretNames].flatMap((name) => text(name) ?? []);
  // Of an address the password alone.
  return values.flatMap((value) => {
    const password = URL.canParse(value) ? new URL(value).password : undefined;
    return password === undefined
      ? value.split(",").map((one) => one.trim())
      : [password, decodeURIComponent(password)];
  });
}

function stateDirectory(environment: Environment): string | undefined {
  // systemd passes several directories joined by colons; ours is the first.
  return blank(environment.STATE_DIRECTORY)?.split(":")[0];
}

function readEnvFile(path: string): Environment {
  if (!existsSync(path)) return {};
  try {
    return withoutBlanks(parseEnv(readFileSync(path, "utf8")));
  } catch (cause) {
    throw new HeddleError("config", `${path} cannot be read: make it readable to this user.`, { cause });
  }
}

/** An empty value is the same as none: `PORT= heddle serve` uses the default. */
const blank = (value: string | undefined) => (value?.trim() ? value.trim() : undefined);

function withoutBlanks(environment: Environment): Environment {
  return Object.fromEntries(Object.entries(environment).filter(([, value]) => blank(value) !== undefined));
}

const FLAG_OF: Record<string, keyof Flags> = {
  HOST: "host",
  PORT: "port",
  DATABASE_URL: "database-url",
};

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function reader(flags: Flags, environment: Environment) {
  /** All that it was asked for: the one list of what Heddle reads. */
  const names = new Set<string>();
  const secretNames = new Set<string>();
  /** URLs that have a password or the like in them. */
  const telling = new Set<string>();
  const text = (name: string): string | undefined => {
    names.add(name);
    const flag = FLAG_OF[name];
    return (flag && blank(flags[flag])) ?? blank(environment[name]);
  };
  const secret = (name: string): string | undefined => {
    secretNames.add(name);
    const got = text(name);
    // It would be no header's value: each request with it would fail, and none would say why.
    if (got && /[\r\n]/.test(got)) throw wrong(name, "a text with a line break in it", "a single line");
    return got;
  };
  /** Values of secrets are never repeated. */
  const wrong = (name: string, got: string, takes: string): HeddleError =>
    new HeddleError("config", `${name} is ${got}, but takes ${takes}.`, { field: name });
  const list = (name: string, separator = ","): string[] =>
    (text(name) ?? "")
      .split(separator)
      .map((part) => part.trim())
      .filter((part) => part !== "");
  const checkUrl = (name: string, got: string, protocols: string[]): string => {
    const takes = `a URL that begins with ${protocols.map((p) => `${p}//`).join(" or ")}`;
    // It may hold a password or a token: it is not repeated, not even when it is malformed.
    if (!URL.canParse(got)) throw wrong(name, "not a URL", takes);
    const url = new URL(got);
    if (!protocols.includes(url.protocol)) throw wrong(name, `a ${url.protocol} URL`, takes);
    if (urlSecrets(got).length > 0) telling.add(name);
    return got;
  };

  const checkKey = (name: string, got: string): void => {
    if (/^[0-9a-fA-F]{64}$/.test(got)) return;
    throw wrong(
      name,
      `${got.length} characters of another form`,
      "64 hexadecimal digits (openssl rand -hex 32)",
    );
  };

  return {
    names,
    secretNames,
    telling,
    text,
    secret,
    list,
    integer(name: string, fallback: number, min: number, max: number): number {
      const got = text(name);
      if (got === undefined) return fallback;
      const value = Number(got);
      if (!/^\d+$/.test(got) || value < min || value > max) {
        throw wrong(name, JSON.stringify(got), `a whole number from ${min} to ${max}`);
      }
      return value;
    },
    choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
      const got = text(name);
      if (got === undefined) return fallback;
      const found = choices.find((choice) => choice === got.toLowerCase());
      if (!found) throw wrong(name, JSON.stringify(got), `one of ${choices.join(", ")}`);
      return found;
    },
    url(name: string, protocols: string[]): string | undefined {
      const got = text(name);
      return got === undefined ? undefined : checkUrl(name, got, protocols).replace(/\/+$/, "");
    },
    databaseUrl(name: string): string | undefined {
      const got = secret(name);
      if (got === undefined) return undefined;
      const url = new URL(checkUrl(name, got, ["postgres:", "postgresql:"]));
      for (const [part, value] of [
        ["user", url.username],
        ["password", url.password],
        ["database", url.pathname],
      ] as const) {
        if (!isDecodable(value))
          throw wrong(name, `a URL with a lone "%" in its ${part}`, '"%25" for each "%"');
      }
      return got;
    },
    urls(name: string, protocols: string[]): string[] {
      return [...new Set(list(name).map((one) => checkUrl(name, one, protocols)))];
    },
    signingSecret(name: string): string | undefined {
      const got = secret(name);
      const base64 = got?.replace(/^whsec_/, "");
      if (base64 !== undefined && !/^[A-Za-z0-9+/]{22,}={0,2}$/.test(base64)) {
        throw wrong(
          name,
          "of another form",
          'base64 of at least 16 bytes (openssl rand -base64 32), with or without "whsec_"',
        );
      }
      return got;
    },
    apiKey(name: string): string | undefined {
      const got = secret(name);
      if (got !== undefined && got.length < 16) {
        throw wrong(name, `${got.length} characters long`, "at least 16 characters");
      }
      return got;
    },
    encryptionKey(name: string): string | undefined {
      const got = secret(name);
      if (got !== undefined) checkKey(name, got);
      return got;
    },
    encryptionKeys(name: string): string[] {
      secret(name);
      const got = list(name);
      for (const one of got) checkKey(name, one);
      return got;
    },
    /** Addresses, with or without the length of a prefix. */
    networks(name: string): string[] {
      return list(name).map((one) => {
        const [address = "", length = "0", ...more] = one.split("/");
        const most = isIP(address) === 4 ? 32 : 128;
        const isNetwork =
          isIP(address) !== 0 && more.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= most;
        if (!isNetwork)
          throw wrong(name, JSON.stringify(one), "addresses and networks such as 10.0.0.0/8, with commas");
        return one;
      });
    },
    directories(name: string): string[] {
      return list(name, ":").map((part) => {
        if (!/^~(\/|$)/.test(part)) return resolve(part);
        const user = userFolder(environment);
        if (!user)
          throw wrong(name, JSON.stringify(part), "absolute paths where HOME does not say what ~ is");
        return join(user, part.slice(1));
      });
    },
    timezone(name: string): string {
      const got = text(name) ?? "UTC";
      try {
        return new Intl.DateTimeFormat("en", { timeZone: got }).resolvedOptions().timeZone;
      } catch {
        throw wrong(name, JSON.stringify(got), "an IANA time zone such as Europe/Berlin");
      }
    },
  };
}
