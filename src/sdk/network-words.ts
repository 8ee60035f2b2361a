// Errors of the network in words: "connect ECONNREFUSED" says neither whose server it is nor what to look at.

/** What is known of an error of the network. */
export interface NetworkFailure {
  /** The technical code, which people search for. */
  code: string;
  /** Host and port, as far as they are known: "mqtt.example:1883". */
  at: string;
  /** A clause that follows "cannot be reached:". */
  clause: string;
  /** A question or a sentence about what to look at. */
  advice: string;
}

type Words = (at: string, host: string) => Pick<NetworkFailure, "clause" | "advice">;

const refused: Words = (at) => ({
  clause: `nothing answers at ${at}`,
  advice: "Is it running there, and is the port right?",
});
const unknown: Words = (_, host) => ({
  clause: `there is no host ${host}`,
  advice: "Is the name right?",
});
const unresolved: Words = (_, host) => ({
  clause: `the name ${host} could not be looked up`,
  advice: "Does DNS work on this machine?",
});
const late: Words = (at) => ({
  clause: `${at} did not answer in time`,
  advice: "Is it on, and does a firewall let this machine through?",
});
const noWay: Words = (_, host) => ({
  clause: `there is no way from this machine to ${host}`,
  advice: "Is it on, and do both have a network?",
});
const closed: Words = (at) => ({
  clause: `${at} closed the connection`,
  advice: "Its own log may say why.",
});
const distrusted: Words = (at) => ({
  clause: `the certificate of ${at} is not trusted`,
  advice:
    "Has it expired, is it for another name, or is its issuer unknown to this machine (NODE_EXTRA_CA_CERTS)?",
});
const noTls: Words = (at) => ({
  clause: `${at} does not speak TLS`,
  advice: "Are the port, and http:// or https://, right?",
});

/** By the codes of Node, of Bun's fetch and of OpenSSL. */
const WORDS: Record<string, Words> = {
  ...{ ECONNREFUSED: refused, ConnectionRefused: refused, FailedToOpenSocket: refused },
  ...{ ENOTFOUND: unknown, ENODATA: unknown, DNS_ENOTFOUND: unknown },
  ...{ EAI_AGAIN: unresolved, EAI_FAIL: unresolved, ESERVFAIL: unresolved, ETIMEOUT: unresolved },
  ...{ ETIMEDOUT: late, ConnectionTimeout: late, ESOCKETTIMEDOUT: late, UND_ERR_CONNECT_TIMEOUT: late },
  ...{ EHOSTUNREACH: noWay, ENETUNREACH: noWay, EHOSTDOWN: noWay, ENETDOWN: noWay },
  ...{ ECONNRESET: closed, ConnectionClosed: closed, EPIPE: closed, ECONNABORTED: closed },
  ...{ EPROTO: noTls, ERR_SSL_WRONG_VERSION_NUMBER: noTls },
  ...{ CERT_HAS_EXPIRED: distrusted, CERT_NOT_YET_VALID: distrusted, CERT_UNTRUSTED: distrusted },
  ...{ DEPTH_ZERO_SELF_SIGNED_CERT: distrusted, SELF_SIGNED_CERT_IN_CHAIN: distrusted },
  ...{ UNABLE_TO_VERIFY_LEAF_SIGNATURE: distrusted, UNABLE_TO_GET_ISSUER_CERT: distrusted },
  ...{ UNABLE_TO_GET_ISSUER_CERT_LOCALLY: distrusted, ERR_TLS_CERT_ALTNAME_INVALID: distrusted },
};

/** An error may be wrapped by each library that it goes through. */
const DEEPEST = 5;
const LONGEST_MESSAGE = 500;
const PORT = /:\d{1,5}$/;

/** Reads an error of the network, also one that is the cause of another; `place` says where it was, as people have set it. */
export function networkFailure(error: unknown, place?: string): NetworkFailure | undefined {
  const found = codedIn(error);
  if (!found) return undefined;
  const at = place ?? placeIn(found.error) ?? "the server";
  return { code: found.code, at, ...found.words(at, at.replace(PORT, "")) };
}

/** The error itself in words, if it is one of the network: "Nothing answers at db:5432 (ECONNREFUSED). Is it running …?" */
export function networkSentence(error: unknown): string | undefined {
  // One that wraps another has a message of its own, which says more.
  if (typeof error !== "object" || error === null) return undefined;
  const { errors, message } = error as { errors?: unknown; message?: unknown };
  const isBare = codeOf(error) !== undefined || Array.isArray(errors) || message === "fetch failed";
  const failure = isBare ? networkFailure(error) : undefined;
  if (!failure) return undefined;
  const { clause, advice, code: shown } = failure;
  return `${clause[0]?.toUpperCase()}${clause.slice(1)} (${shown}). ${advice}`;
}

const isKnown = (code: unknown): code is string => typeof code === "string" && Object.hasOwn(WORDS, code);

/** The innermost error with a code that is known. */
function codedIn(error: unknown): { error: object; code: string; words: Words } | undefined {
  for (const one of wrapped(error).toReversed()) {
    const code = codeOf(one);
    if (code !== undefined) return { error: one, code, words: WORDS[code] as Words };
  }
  return undefined;
}

/** Some libraries put a code of their own in the place of the system's, which then is only in the message. */
function codeOf(error: object): string | undefined {
  const { code, syscall, message } = error as { code?: unknown; syscall?: unknown; message?: unknown };
  if (isKnown(code)) return code;
  return typeof syscall === "string" && typeof message === "string"
    ? message.slice(0, LONGEST_MESSAGE).split(" ").find(isKnown)
    : undefined;
}

/** An error and those that it wraps, the outermost first; of the addresses of a name, the first one that was tried. */
export function wrapped(error: unknown): object[] {
  const found: object[] = [];
  let inner: unknown = error;
  while (typeof inner === "object" && inner !== null && found.length < DEEPEST) {
    found.push(inner);
    // As Node, Slack's client and Telegram's call it.
    const { cause, errors, original, error: own } = inner as Record<string, unknown>;
    inner = (Array.isArray(errors) ? errors[0] : undefined) ?? cause ?? original ?? own;
  }
  return found;
}

function placeIn(error: object): string | undefined {
  const { hostname, host, address, port, path } = error as Record<string, unknown>;
  if (typeof path === "string" && URL.canParse(path)) return new URL(path).host || undefined;
  const name = [hostname, host, address].find((one) => typeof one === "string" && one !== "");
  if (name === undefined) return undefined;
  return typeof port === "number" || typeof port === "string" ? `${name}:${port}` : String(name);
}
