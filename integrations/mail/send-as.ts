// Sends an answer under the address that was written to, or under the mailbox's main one where the server lets it write under no other.

import { Permanent } from "heddle/sdk";
import { type ComposedMail, compose, type Reply } from "./compose.ts";
import { ownAddress } from "./config.ts";
import { type Attempt, mailService } from "./service.ts";

/** Resolves with the Message-ID under which it went out. */
export async function sendAs(mail: ComposedMail, reply: Reply, attempt: Attempt): Promise<string> {
  const { send } = mailService();
  try {
    return await send(mail, reply.target, attempt);
  } catch (error) {
    if (!(error instanceof Permanent) || mail.from === ownAddress()) throw error;
    return send(await compose({ ...reply, from: ownAddress() }), reply.target, attempt);
  }
}
