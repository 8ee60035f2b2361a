import { checkHeaderName, generalOf, ID_HEADER, idHeaders, type PlainWebhook, readPlain } from "../plain.ts";
import { proofHeader } from "../request.ts";
import type { SchemeKind } from "../scheme.ts";
import { sameText } from "../secrets.ts";

export interface PlainBearer {
  /** The header with the sender's id of the event, if there is one. */
  id?: string;
}

export const bearer: SchemeKind<PlainBearer, PlainWebhook> = {
  description: 'The sender knows a shared token: "Authorization: Bearer <token>".',
  options: { id: ID_HEADER },
  required: [],
  create({ id }) {
    if (id !== undefined) checkHeaderName("id", id);
    return {
      proofHeaders: ["authorization"],
      prove(received, { secrets }) {
        const token = /^Bearer (\S+)$/i.exec(proofHeader(received, "authorization"))?.[1];
        return token !== undefined && secrets.some((secret) => sameText(token, secret));
      },
      read: (received) => readPlain(received, id, { mayBeEmpty: true }),
      sign: (_body, signing) => ({
        authorization: `Bearer ${signing.secret}`,
        ...idHeaders(id, signing),
      }),
    };
  },
  general: generalOf,
};
