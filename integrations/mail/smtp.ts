// Sends mail.

import { connectionError, Permanent, ReauthRequired, Retryable } from "heddle/sdk";
import { type Proof, signedIn } from "./account.ts";
import { settings, smtpServer } from "./config.ts";

async function open(proof: Proof) {
  const { createTransport } = await import("nodemailer");
  const { host, port } = smtpServer();
  const { MAIL_TLS: tls } = settings;
  return createTransport({
    ...{ host, port, secure: tls !== "off" && port === 465 },
    auth: "pass" in proof ? proof : { type: "OAuth2" as const, ...proof },
    // The password never goes over a connection without TLS, unless the operator says so.
    ...(tls === "off" ? { ignoreTLS: true } : { requireTLS: true }),
    ...(tls === "unverified" && { tls: { rejectUnauthorized: false } }),
    ...{ connectionTimeout: 15_000, greetingTimeout: 15_000, socketTimeout: 40_000 },
    // A mail contains what it was given. By default, the package would also read files of this machine and fetch URLs.
    ...{ disableFileAccess: true, disableUrlAccess: true },
  });
}

export async function checkSmtp(signal: AbortSignal): Promise<void> {
  await withTransport(signal, async (transport) => {
    await transport.verify();
  });
}

/** Sends a finished mail. Throws Permanent where the server will never take it, Retryable where it may take it later. */
export async function send(raw: Buffer, from: string, to: string[], signal: AbortSignal): Promise<void> {
  try {
    await withTransport(signal, (transport) => transport.sendMail({ raw, envelope: { from, to } }));
  } catch (error) {
    throw deliveryError(error);
  }
}

type Transport = Awaited<ReturnType<typeof open>>;

const withTransport = <Result>(
  signal: AbortSignal,
  work: (transport: Transport) => Promise<Result>,
): Promise<Result> =>
  signedIn(async (proof) => {
    try {
      return await within(await open(proof), signal, work);
    } catch (error) {
      const { host, port } = smtpServer();
      const where = { address: `${host}:${port}`, settings: ["MAIL_SMTP_HOST", "MAIL_SMTP_PORT"] };
      throw connectionError(error, { name: "The SMTP server", ...where });
    }
  }, isRefused);

/** A refused sign-in, after which nothing was sent. A server that could not look the password up answers with 454. */
function isRefused(error: unknown): boolean {
  const { code, responseCode = 535 } = (error ?? {}) as { code?: string; responseCode?: number };
  return code === "EAUTH" && responseCode >= 500;
}

async function within<Result>(
  transport: Transport,
  signal: AbortSignal,
  work: (transport: Transport) => Promise<Result>,
): Promise<Result> {
  signal.throwIfAborted();
  const aborting = Promise.withResolvers<never>();
  aborting.promise.catch(() => {});
  const onAbort = () => aborting.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([work(transport), aborting.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
    transport.close();
  }
}

function deliveryError(error: unknown): unknown {
  if (error instanceof Retryable || error instanceof ReauthRequired) return error;
  const { responseCode, message = String(error) } = error as {
    responseCode?: number;
    message?: string;
  };
  const text = `The mail server did not take the mail: ${message.slice(0, 500)}`;
  return responseCode !== undefined && responseCode >= 500
    ? new Permanent(text, { cause: error })
    : new Retryable(text, { cause: error });
}
