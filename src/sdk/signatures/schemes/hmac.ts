// For senders without a scheme of their own: a signature over the body in a header of their choice.

import {
  checkHeaderName,
  generalOf,
  HEADER_NAME,
  ID_HEADER,
  idHeaders,
  invalidOption,
  type PlainWebhook,
  readPlain,
} from "../plain.ts";
import { proofHeader } from "../request.ts";
import type { SchemeKind } from "../scheme.ts";
import { type HmacAlgorithm, hmac as hmacOf, sameText } from "../secrets.ts";

export interface PlainHmac {
  /** The header with the signature: "x-signature". */
  header: string;
  /** The hash of the HMAC: "sha1", "sha256" or "sha512". Default "sha256". */
  algorithm?: HmacAlgorithm;
  /** How the signature is written: "hex", in lower case, or "base64". Default "hex". */
  encoding?: "hex" | "base64";
  /** The required text before the signature in the header, such as "sha256=". */
  prefix?: string;
  /** The header with the sender's id of the event, if there is one. It is not signed. */
  id?: string;
}

const ALGORITHMS: readonly HmacAlgorithm[] = ["sha1", "sha256", "sha512"];
const ENCODINGS: readonly ("hex" | "base64")[] = ["hex", "base64"];

export const hmac: SchemeKind<PlainHmac, PlainWebhook> = {
  description: "The sender puts an HMAC of the raw body into a header.",
  options: {
    id: ID_HEADER,
    header: { ...HEADER_NAME, description: "Name of the header that has the signature." },
    algorithm: { type: "string", enum: ALGORITHMS, description: "The hash of the HMAC. Default: sha256." },
    encoding: { type: "string", enum: ENCODINGS, description: "How the signature is written. Default: hex." },
    prefix: { type: "string", description: 'The required text before the signature, such as "sha256=".' },
  },
  required: ["header"],
  create({ header, algorithm = "sha256", encoding = "hex", prefix = "", id }) {
    // An unknown word must not weaken the check.
    if (!ALGORITHMS.includes(algorithm)) {
      throw invalidOption("algorithm", "sha1, sha256 or sha512", algorithm);
    }
    if (!ENCODINGS.includes(encoding)) throw invalidOption("encoding", "hex or base64", encoding);
    checkHeaderName("header", header);
    if (id !== undefined) checkHeaderName("id", id);
    const signatureOf = (body: string | Uint8Array, secret: string) =>
      prefix + hmacOf(algorithm, secret, body).toString(encoding);
    return {
      proofHeaders: [header],
      prove(received, { secrets }) {
        const given = proofHeader(received, header);
        return secrets.some((secret) => sameText(given, signatureOf(received.bytes, secret)));
      },
      read: (received) => readPlain(received, id, { mayBeEmpty: false }),
      sign: (body, signing) => ({
        [header]: signatureOf(body, signing.secret),
        ...idHeaders(id, signing),
      }),
    };
  },
  general: generalOf,
};
