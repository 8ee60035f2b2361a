// Answers mails, or puts answers among the drafts.

import { type DispatchContext, type DispatcherOf, registerDispatcher, t } from "heddle/sdk";
import { askByMail } from "./approvals.ts";
import { compose, type Reply } from "./compose.ts";
import { settings } from "./config.ts";
import { sendAs } from "./send-as.ts";
import { attachedFiles } from "./sent-files.ts";
import { mailService } from "./service.ts";
import { config, type Target } from "./target.ts";
import { rememberId } from "./thread.ts";

const receipt = t.Object({
  message_id: t.Optional(t.String()),
  mode: t.Optional(t.String()),
  skipped: t.Optional(t.String()),
});

/** What the bot answers to say that nothing is to be sent. */
const NO_REPLY = "NO_REPLY";
/** After so many attempts a mail that was sent counts as delivered, even if the mailbox cannot be tidied up. */
const TIDY_ATTEMPTS = 4;

export const dispatcher = {
  config,
  receipt,
  lane: ({ thread, to }) => thread ?? to,
  async deliver({ config: target, result, isError, clientActions, extraMetadata }, ctx) {
    const files = attachedFiles(clientActions);
    // What goes wrong inside is the operator's affair.
    if (isError && !target.is_trusted) return skipped("the run failed, and the mail is a stranger's");
    if (result.trim() === NO_REPLY && files.length === 0) {
      await tidy(ctx, "handled", () => mailService().markAnswered(target, false, ctx.signal));
      return skipped("no reply was needed");
    }
    const text = isError ? `This mail could not be answered: ${result}` : result;
    return answer(
      target,
      signed(text, extraMetadata.delegated_by ? extraMetadata.bot_display : undefined),
      files,
      ctx,
    );
  },
  postMessage({ config: target, text, username, clientActions }, ctx) {
    return answer(target, signed(text, username), attachedFiles(clientActions ?? []), ctx);
  },
  askApproval: askByMail,
} satisfies DispatcherOf<typeof config>;

registerDispatcher("mail", dispatcher);

const skipped = (why: string) => ({ receipt: { skipped: why } });
const signed = (text: string, name: string | undefined): string => (name ? `${name}:\n\n${text}` : text);

async function answer(target: Target, text: string, files: Reply["files"], ctx: DispatchContext) {
  if (text.trim() === "" && files.length === 0) return skipped("empty text");
  const mode = target.mode === "draft" || settings.MAIL_ANSWER === "draft" ? "draft" : "reply";
  const service = mailService();
  const made = await ctx.once("composed", async () => ({
    date: new Date().toISOString(),
    quoted: await service.quotedFrom(target, ctx.signal),
  }));
  const date = new Date(made.date);
  const reply = { target, text, files, quoted: made.quoted, date, deliveryId: ctx.delivery_id };
  const mail = await compose(reply);
  const remember = async (id: string) => {
    if (target.thread !== undefined) await rememberId(target.thread, id);
  };
  await remember(mail.id);
  const attempt = { mayBeDone: ctx.attempt > 1, signal: ctx.signal };
  const id =
    mode === "draft"
      ? await ctx.once("draft", () => service.putDraft(mail, target, attempt))
      : await ctx.once("sent", () => sendAs(mail, reply, attempt));
  // Gmail gives it another one, which answers refer to.
  if (id !== mail.id) await remember(id);
  if (mode === "reply") await tidy(ctx, "copy", () => service.keepCopy(mail, ctx.signal));
  await tidy(ctx, "handled", () => service.markAnswered(target, mode === "reply", ctx.signal));
  return { receipt: { message_id: id, mode } };
}

/** Updates the mailbox once the mail is sent. After several attempts this is left out, since the mail itself is on its way. */
async function tidy(ctx: DispatchContext, name: string, work: () => Promise<void>): Promise<void> {
  if (ctx.attempt > TIDY_ATTEMPTS) return;
  await ctx.once(name, async () => {
    await work();
    return true;
  });
}
