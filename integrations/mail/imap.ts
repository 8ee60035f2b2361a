// Connections to the mailbox.

import { connectionError, ReauthRequired, Retryable } from "heddle/sdk";
import type { ImapFlow } from "imapflow";
import { type Proof, signedIn } from "./account.ts";
import { imapServer, settings } from "./config.ts";

export interface OpenMailbox {
  client: ImapFlow;
  /** Rejects when the connection ends. */
  lost: Promise<never>;
  close(): void;
}

/** A listener's own limit for silence is shorter. */
const LISTENING_MS = 120_000;
/** Half of what an attempt to deliver has, so that one whose connection is cut says so and is made again. */
const WORKING_MS = 30_000;

/** Connects and signs in. Throws ReauthRequired if the server refuses the password or the token. */
export const openMailbox = (signal: AbortSignal, silenceMs = LISTENING_MS): Promise<OpenMailbox> =>
  signedIn((proof) => connect(proof, signal, silenceMs), isRefused).catch(inWords);

async function connect(auth: Proof, signal: AbortSignal, silenceMs: number): Promise<OpenMailbox> {
  // Only where there is a mailbox, since it is large.
  const { ImapFlow } = await import("imapflow");
  signal.throwIfAborted();
  const { host, port } = imapServer();
  const { MAIL_TLS: tls } = settings;
  const secure = tls !== "off" && port === 993;
  const client = new ImapFlow({
    ...{ host, port, secure, auth, logger: false },
    // Without TLS from the beginning, the password is sent only after STARTTLS.
    ...(!secure && { doSTARTTLS: tls !== "off" }),
    ...(tls === "unverified" && { tls: { rejectUnauthorized: false } }),
    // IDLE begins at once, and is interrupted by the regular check that the server is still there.
    ...{ autoIdleDelay: 100, connectionTimeout: 20_000, greetingTimeout: 16_000, socketTimeout: silenceMs },
    // What a hostile or broken server may make this one hold in memory.
    ...{ maxLiteralSize: settings.MAIL_MAX_BYTES + 1_000_000, maxLineLength: 10_000_000 },
    clientInfo: { name: "Heddle" },
  });
  const losing = Promise.withResolvers<never>();
  losing.promise.catch(() => {});
  client.on("error", (error) => losing.reject(error));
  client.on("close", () => losing.reject(new Error("The mail server closed the connection.")));
  const onAbort = () => {
    losing.reject(signal.reason);
    client.close();
  };
  signal.addEventListener("abort", onAbort, { once: true });
  const close = (): void => {
    signal.removeEventListener("abort", onAbort);
    client.close();
  };
  try {
    await Promise.race([client.connect(), losing.promise]);
  } catch (error) {
    close();
    // An error of the network or of TLS has a code, and comes before the server has said all that it takes.
    const hasCode = (error as { code?: unknown } | undefined)?.code !== undefined;
    if ("accessToken" in auth && !hasCode && takesNoTokens(client))
      throw new ReauthRequired(
        `The IMAP server ${host}:${port} takes no sign-in with a token. Set MAIL_AUTH to "password", or MAIL_IMAP_HOST to the server of the provider where you signed in.`,
      );
    const where = { address: `${host}:${port}`, settings: ["MAIL_IMAP_HOST", "MAIL_IMAP_PORT"] };
    throw connectionError(error, { name: "The IMAP server", ...where });
  }
  return { client, lost: losing.promise, close };
}

/** Whether the server has said how it lets people sign in, and not by a token. */
function takesNoTokens({ capabilities }: ImapFlow): boolean {
  const mechanisms = [...capabilities.keys()].filter((name) => name.startsWith("AUTH="));
  return capabilities.size > 0 && !mechanisms.some((name) => TOKENS.includes(name));
}

const TOKENS = ["AUTH=OAUTHBEARER", "AUTH=XOAUTH2", "AUTH=XOAUTH"];

/** What the server has answered, instead of "Command failed". */
export function inWords(error: unknown): never {
  const { responseText } = (error ?? {}) as { responseText?: unknown };
  if (typeof responseText !== "string" || responseText === "") throw error;
  throw new Retryable(`The mail server answered: ${responseText.slice(0, 500).toWellFormed()}`, {
    cause: error,
  });
}

/** Codes of refusals that are temporary. */
const PASSING = ["UNAVAILABLE", "LIMIT", "INUSE", "SERVERBUG"];
/** Gmail gives its limits no code of their own: "[ALERT] Too many simultaneous connections", "[ALERT] Account exceeded … limits". */
const LIMIT = /too many|exceeded/i;

function isRefused(error: unknown): boolean {
  const {
    authenticationFailed,
    serverResponseCode = "",
    responseText = "",
  } = (error ?? {}) as { authenticationFailed?: boolean; serverResponseCode?: string; responseText?: string };
  if (authenticationFailed !== true || PASSING.includes(serverResponseCode)) return false;
  return !(serverResponseCode === "ALERT" && LIMIT.test(responseText.slice(0, 500)));
}

/** Runs work on a connection of its own; it fails if the server says nothing for `silenceMs`. */
export async function withMailbox<Result>(
  signal: AbortSignal,
  work: (client: ImapFlow) => Promise<Result>,
  silenceMs = WORKING_MS,
): Promise<Result> {
  const { client, lost, close } = await openMailbox(signal, silenceMs);
  try {
    return await Promise.race([work(client).catch(inWords), lost]);
  } finally {
    close();
  }
}

/** Runs work in a folder; the folder is released afterwards, also if it throws. */
export async function inFolder<Result>(
  client: ImapFlow,
  folder: string,
  work: () => Promise<Result>,
): Promise<Result> {
  const lock = await client.getMailboxLock(folder);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** The path of the folder with this special use, such as "\\Sent". */
export async function folderFor(client: ImapFlow, use: string): Promise<string | undefined> {
  return (await client.list()).find(({ specialUse }) => specialUse === use)?.path;
}
