import { HeddleError } from "../../errors.ts";
import type { Inbox, InboxEvent } from "../../inbox/inbox.ts";
import { within } from "../../within.ts";

/** The outcome of a webhook that a person sent, or replayed, to test an integration. */
export interface TestDelivery {
  /** Null if there is no record: the webhook was not let in, or too many were refused within this minute. */
  event: InboxEvent | null;
  statusCode: number;
  /** The answer that the sender would have received: JSON, or text cut to a limit. */
  answer: unknown;
}

const ANSWER_LENGTH = 16_000;
const ANSWER_MS = 10_000;

/** Reads the answer and finds the webhook's record. */
export async function testDeliveryOf(
  id: string,
  answer: Response,
  inbox: Pick<Inbox, "get">,
  answerMs = ANSWER_MS,
): Promise<TestDelivery> {
  const isJson = answer.headers.get("content-type")?.startsWith("application/json") === true;
  const text = await beginningOf(answer, answerMs);
  return {
    event: await recorded(id, inbox),
    statusCode: answer.status,
    answer: isJson && text.length <= ANSWER_LENGTH ? parsed(text) : text.slice(0, ANSWER_LENGTH),
  };
}

/** What came until it was long enough, ended, broke off or took too long: an answer may go on for ever. */
async function beginningOf({ body }: Response, ms: number): Promise<string> {
  if (!body) return "";
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  const read = async () => {
    while (text.length <= ANSWER_LENGTH) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
    }
  };
  await within(ms, read()).catch(() => undefined);
  void reader.cancel().catch(() => undefined);
  return text;
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
