// Senders without a scheme of their own: a signature over the body, or nothing but a shared token.

import { HeddleError } from "../../errors.ts";
import { bodyText, idHeader, proofHeader, type Received } from "./request.ts";
import type { Scheme } from "./scheme.ts";
import { type HmacAlgorithm, hmac, sameText } from "./secrets.ts";

export interface PlainHmac {
  /** The header with the signature: "x-signature". */
  header: string;
  /** Default "sha256". */
  algorithm?: HmacAlgorithm;
  /** Default "hex", in small letters. */
  encoding?: "hex" | "base64";
  /** What stands before the signature in the header, such as "sha256="; it must be there. */
  prefix?: string;
  /** The header with the sender's id of the event, if there is one. It is not signed. */
  id?: string;
}

export interface PlainBearer {
  /** The header with the sender's id of the event, if there is one. */
  id?: string;
}

export interface PlainWebhook {
  /** Of the header that was named for it; null without. */
  id: string | null;
  body: string;
}

export function plainHmac(options: PlainHmac): Scheme<PlainWebhook> {
  const { header, algorithm = "sha256", encoding = "hex", prefix = "", id } = options;
  // It may come from a manifest or an endpoint that somebody typed: a wrong word must not weaken the check.
  const ALGORITHMS: HmacAlgorithm[] = ["sha1", "sha256", "sha512"];
  if (!ALGORITHMS.includes(algorithm)) throw invalid("algorithm", "it is sha1, sha256 or sha512");
  if (encoding !== "hex" && encoding !== "base64") throw invalid("encoding", "it is hex or base64");
  checkHeader("header", header);
  if (id !== undefined) checkHeader("id", id);
  const signatureOf = (body: string | Uint8Array, secret: string) =>
    prefix + hmac(algorithm, secret, body).toString(encoding);
  return {
    proofHeaders: [header],
    prove(received, { secrets }) {
      const given = proofHeader(received, header);
      return secrets.some((secret) => sameText(given, signatureOf(received.bytes, secret)));
    },
    read: (received) => readPlain(received, id),
    sign: (body, signing) => ({
      [header]: signatureOf(body, signing.secret),
      ...(id !== undefined && { [id]: signing.id }),
    }),
  };
}

export function plainBearer({ id }: PlainBearer): Scheme<PlainWebhook> {
  if (id !== undefined) checkHeader("id", id);
  return {
    proofHeaders: ["authorization"],
    prove(received, { secrets }) {
      const token = /^Bearer (\S+)$/i.exec(proofHeader(received, "authorization"))?.[1];
      return token !== undefined && secrets.some((secret) => sameText(token, secret));
    },
    // A button somewhere may have nothing to say besides that it was pressed.
    read: (received) =>
      received.bytes.length === 0
        ? { id: id === undefined ? null : idHeader(received, id), body: "" }
        : readPlain(received, id),
    sign: (_body, signing) => ({
      authorization: `Bearer ${signing.secret}`,
      ...(id !== undefined && { [id]: signing.id }),
    }),
  };
}

const readPlain = (received: Received, id: string | undefined): PlainWebhook => ({
  id: id === undefined ? null : idHeader(received, id),
  body: bodyText(received),
});

function checkHeader(field: string, name: string): void {
  if (typeof name !== "string" || !/^[A-Za-z0-9_-]{1,100}$/.test(name)) {
    throw invalid(field, "it is the name of a header");
  }
}

const invalid = (field: string, what: string): HeddleError =>
  new HeddleError("validation", `The verifier's ${field} is wrong: ${what}.`, { field });
