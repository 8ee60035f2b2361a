import { HeddleError } from "../../errors.ts";
import type { Inbox, InboxEvent } from "../../inbox/inbox.ts";

/** What came of a webhook that somebody sent to try something. */
export interface Trial {
  /** Null when nothing of it is recorded: it was not let in, or too many were refused in this minute. */
  event: InboxEvent | null;
  statusCode: number;
  /** What the sender would have got: JSON, or text, cut. */
  answer: unknown;
}

const ANSWER_LENGTH = 16_000;

/** Reads the answer. */
export async function trialOf(id: string, answer: Response, inbox: Pick<Inbox, "get">): Promise<Trial> {
  const isJson = answer.headers.get("content-type")?.startsWith("application/json") === true;
  const text = await answer.text();
  return {
    event: await recorded(id, inbox),
    statusCode: answer.status,
    answer: isJson && text.length <= ANSWER_LENGTH ? parsed(text) : text.slice(0, ANSWER_LENGTH),
  };
}

async function recorded(id: string, inbox: Pick<Inbox, "get">): Promise<InboxEvent | null> {
  try {
    return await inbox.get(id);
  } catch (error) {
    if (error instanceof HeddleError && error.code === "not_found") return null;
    throw error;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
