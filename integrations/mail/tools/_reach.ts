// What a tool may show and change. A bot's answer goes to the one who wrote, and no policy looks at it: a stranger must not learn from it what else
// is in the mailbox.

import type { ToolContext } from "heddle/sdk";
import { isSetUp } from "../account.ts";
import { type FoundMail, mailBrowser } from "../browse/browser.ts";
import { NotPossible } from "../browse/not-possible.ts";
import { type Mail, readMail } from "../mail.ts";
import { isIn } from "../thread.ts";

const STRANGERS = "This conversation is with somebody who is not allowed, so that";

/** Runs a tool's work; what the model can do something about becomes `{ error }`. */
export async function inMailbox<Result>(work: () => Promise<Result>): Promise<Result | { error: string }> {
  if (!isSetUp()) return { error: "MAIL_ADDRESS and a sign-in for it are not set, so there is no mailbox." };
  try {
    return await work();
  } catch (error) {
    if (error instanceof NotPossible) return { error: error.message };
    throw error;
  }
}

export function refuseStrangers({ answers_stranger }: ToolContext, what: string): void {
  if (answers_stranger) throw new NotPossible(`${STRANGERS} ${what}.`);
}

/** The mail, if this run may know it. */
export async function reached(
  id: string,
  { answers_stranger, client_id, signal }: ToolContext,
): Promise<{ found: FoundMail; mail: Mail }> {
  const found = await mailBrowser().read(id, signal);
  const mail = await readMail(found.source);
  if (answers_stranger && !(await isIn(client_id, mail.id)))
    throw new NotPossible(`${STRANGERS} only its own mails are open to it.`);
  return { found, mail };
}
