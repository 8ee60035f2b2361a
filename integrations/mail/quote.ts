import type { Quoted } from "./compose.ts";
import { readMail } from "./mail.ts";

const MOST_QUOTED = 10_000;

/** What an answer quotes of a mail. */
export async function quoteOf(source: Buffer): Promise<Quoted> {
  const { from, date, text } = await readMail(source);
  return {
    from: from ? from.name || from.address : "Somebody",
    date: date && !Number.isNaN(date.getTime()) ? date.toISOString() : null,
    text: text.slice(0, MOST_QUOTED),
  };
}
