import {
  checkHeaderName,
  generalOf,
  HEADER_NAME,
  ID_HEADER,
  idHeaders,
  type PlainWebhook,
  readPlain,
} from "../plain.ts";
import { proofHeader } from "../request.ts";
import type { SchemeKind } from "../scheme.ts";
import { sameText } from "../secrets.ts";

export interface PlainToken {
  /** The header with the token: "x-telegram-bot-api-secret-token". */
  header: string;
  /** The header with the sender's id of the event, if there is one. */
  id?: string;
}

export const token: SchemeKind<PlainToken, PlainWebhook> = {
  description: "The sender puts a shared token into a header of its choice, as Telegram does.",
  options: {
    header: { ...HEADER_NAME, description: "Name of the header that has the token." },
    id: ID_HEADER,
  },
  required: ["header"],
  create({ header, id }) {
    checkHeaderName("header", header);
    if (id !== undefined) checkHeaderName("id", id);
    return {
      proofHeaders: [header],
      prove(received, { secrets }) {
        const given = proofHeader(received, header);
        return secrets.some((secret) => sameText(given, secret));
      },
      read: (received) => readPlain(received, id, { mayBeEmpty: true }),
      sign: (_body, signing) => ({ [header]: signing.secret, ...idHeaders(id, signing) }),
    };
  },
  general: generalOf,
};
