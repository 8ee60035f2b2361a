// Messages that fail each time: they must not hold up those that come after them.

import type { MessageAttachment } from "heddle/sdk";

/** What would fail again: a field that does not fit, a file that is too large for its kind, or an event that is not what its service describes. */
export const isRefused = (error: unknown): boolean =>
  ["validation", "payload_too_large"].includes(String((error as { code?: unknown } | null)?.code)) ||
  isMisread(error);

/** What code throws at a value that it takes for another one. Errors of the network, which pass, have a code or a cause. */
const isMisread = (error: unknown): boolean =>
  (error instanceof TypeError || error instanceof RangeError) &&
  [undefined, "ERR_INVALID_ARG_TYPE"].includes((error as { code?: string }).code) &&
  error.cause === undefined;

/** Injects a message; without its files, if the server cannot read one of them. The text then names them, and says why. */
export async function injectReadable<
  Message extends { content: string; attachments?: readonly MessageAttachment[] },
  Result,
>(inject: (message: Message) => Promise<Result>, message: Message): Promise<Result> {
  try {
    return await inject(message);
  } catch (error) {
    const { message: reason, field } = error as { message: string; field?: unknown };
    const isFile = isRefused(error) && String(field).startsWith("attachments");
    if (!message.attachments || !isFile) throw error;
    const names = message.attachments.map(({ name }) => name).join(", ");
    const note = `(Files that cannot be read: ${names}. ${reason})`;
    const content = [message.content, note].filter(Boolean).join("\n\n");
    return inject({ ...message, content, attachments: [] });
  }
}
