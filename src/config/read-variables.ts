// Reads variables and flags, and checks their form. What a secret or a URL holds never appears in an error.

import { isIP } from "node:net";
import { join, resolve } from "node:path";
import { HeddleError } from "../errors.ts";
import { urlSecrets } from "../secrets/urls.ts";
import { userFolder } from "./default-home.ts";

/** What people copy together with an endpoint's address. */
const ROUTE = /\/(?:chat\/completions|responses|messages|embeddings|audio\/transcriptions)\/?$/;

export type Environment = Record<string, string | undefined>;

/** Command-line flags; they win over the environment. */
export interface Flags {
  home?: string;
  host?: string;
  port?: string;
  "database-url"?: string;
}

export type VariableReader = ReturnType<typeof createVariableReader>;

/** An empty value is the same as none: `PORT= heddle serve` uses the default. */
export const blankToUndefined = (value: string | undefined) => (value?.trim() ? value.trim() : undefined);

const FLAG_OF: Record<string, keyof Flags> = {
  HOST: "host",
  PORT: "port",
  DATABASE_URL: "database-url",
};

const LINE_BREAK = /[\r\n]/;

export function createVariableReader(flags: Flags, environment: Environment) {
  /** Every variable that was read, and so the list of Heddle's own. */
  const names = new Set<string>();
  const secretNames = new Set<string>();
  const databaseUrlNames = new Set<string>();
  /** Variables whose URL holds a password or a token. */
  const secretUrlNames = new Set<string>();

  const invalid = (name: string, wanted: string, got: string): HeddleError =>
    new HeddleError("config", `${name} must be ${wanted}; got ${got}.`, { field: name });
  const quoted = (value: string) => JSON.stringify(value);

  const text = (name: string): string | undefined => {
    names.add(name);
    const flag = FLAG_OF[name];
    return (flag && blankToUndefined(flags[flag])) ?? blankToUndefined(environment[name]);
  };
  const secret = (name: string): string | undefined => {
    secretNames.add(name);
    const got = text(name);
    // A header cannot carry a line break: every request with this secret would fail without saying why.
    if (got && LINE_BREAK.test(got)) throw invalid(name, "a single line", "a value with a line break");
    return got;
  };
  const list = (name: string, separator = ","): string[] =>
    (text(name) ?? "")
      .split(separator)
      .map((part) => part.trim())
      .filter((part) => part !== "");
  const checkUrl = (name: string, got: string, protocols: string[]): string => {
    const wanted = `a URL that begins with ${protocols.map((p) => `${p}//`).join(" or ")}`;
    // The value may hold a password or a token, so it is not repeated, not even when it is malformed.
    if (!URL.canParse(got)) throw invalid(name, wanted, "something that is not a URL");
    const url = new URL(got);
    if (!protocols.includes(url.protocol)) throw invalid(name, wanted, `a ${url.protocol} URL`);
    if (urlSecrets(got).length > 0) secretUrlNames.add(name);
    return got;
  };
  const checkKey = (name: string, got: string): void => {
    if (/^[0-9a-fA-F]{64}$/.test(got)) return;
    throw invalid(
      name,
      "64 hexadecimal digits (openssl rand -hex 32)",
      `${got.length} characters of another form`,
    );
  };

  const within = (name: string, fallback: number, min: number, max: number, wanted: string): number => {
    const got = text(name);
    if (got === undefined) return fallback;
    const value = Number(got);
    if (!/^\d+$/.test(got) || value < min || value > max) throw invalid(name, wanted, quoted(got));
    return value;
  };

  return {
    names,
    /** Whether the value comes from the command line. */
    isFlag: (name: string): boolean => {
      const flag = FLAG_OF[name];
      return flag !== undefined && blankToUndefined(flags[flag]) !== undefined;
    },
    secretNames,
    databaseUrlNames,
    secretUrlNames,
    text,
    secret,
    list,
    integer: (name: string, fallback: number, min: number, max: number): number =>
      within(name, fallback, min, max, `a whole number from ${min} to ${max}`),
    optionalInteger(name: string, min: number, max: number): number | undefined {
      return text(name) === undefined ? undefined : this.integer(name, min, min, max);
    },
    /** 0: never, which is the default. */
    daysOrNever(name: string, min: number, max: number): number {
      if (text(name) === "0") return 0;
      return within(name, 0, min, max, `0 or a whole number from ${min} to ${max}`);
    },
    choice<T extends string>(name: string, choices: readonly T[], fallback: T): T {
      const got = text(name);
      if (got === undefined) return fallback;
      const found = choices.find((choice) => choice === got.toLowerCase());
      if (!found) throw invalid(name, `one of ${choices.join(", ")}`, quoted(got));
      return found;
    },
    url(name: string, protocols: string[]): string | undefined {
      const got = text(name);
      return got === undefined ? undefined : withoutTrailingSlashes(checkUrl(name, got, protocols));
    },
    /** The address of a model's endpoint, to which Heddle adds the route itself. */
    endpointUrl(name: string): string | undefined {
      const got = this.url(name, ["http:", "https:"]);
      const [route] = (got !== undefined && ROUTE.exec(new URL(got).pathname)) || [];
      if (route === undefined) return got;
      throw invalid(name, `an address that ends before "${route}", which Heddle adds itself`, "one with it");
    },
    databaseUrl(name: string): string | undefined {
      const got = secret(name);
      if (got === undefined) return undefined;
      databaseUrlNames.add(name);
      const url = new URL(checkUrl(name, got, ["postgres:", "postgresql:"]));
      for (const [part, value] of [
        ["user", url.username],
        ["password", url.password],
        ["database", url.pathname],
      ] as const) {
        if (!isDecodable(value))
          throw invalid(name, 'a URL with "%25" for each "%"', `a URL with a lone "%" in its ${part}`);
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
        throw invalid(
          name,
          'base64 of at least 16 bytes (openssl rand -base64 32), with or without "whsec_"',
          "a value of another form",
        );
      }
      return got;
    },
    apiKey(name: string): string | undefined {
      const got = secret(name);
      if (got !== undefined && got.length < 16) {
        throw invalid(name, "at least 16 characters long", `${got.length} characters`);
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
    /** Addresses, with or without a prefix length. */
    networks(name: string): string[] {
      return list(name).map((one) => {
        if (isNetwork(one)) return one;
        throw invalid(name, "addresses and networks such as 10.0.0.0/8, separated by commas", quoted(one));
      });
    },
    directories(name: string): string[] {
      return list(name, ":").map((part) => {
        if (!/^~(\/|$)/.test(part)) return resolve(part);
        const user = userFolder(environment);
        if (!user)
          throw invalid(name, "absolute paths, because HOME does not say what ~ stands for", quoted(part));
        return join(user, part.slice(1));
      });
    },
    timezone(name: string): string {
      const got = text(name) ?? "UTC";
      try {
        return new Intl.DateTimeFormat("en", { timeZone: got }).resolvedOptions().timeZone;
      } catch {
        throw invalid(name, "an IANA time zone such as Europe/Berlin", quoted(got));
      }
    },
  };
}

function withoutTrailingSlashes(url: string): string {
  let end = url.length;
  while (url[end - 1] === "/") end--;
  return url.slice(0, end);
}

function isNetwork(text: string): boolean {
  const [address = "", length = "0", ...more] = text.split("/");
  const longest = isIP(address) === 4 ? 32 : 128;
  return isIP(address) !== 0 && more.length === 0 && /^\d{1,3}$/.test(length) && Number(length) <= longest;
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
