import { type InjectEvent, injectEvent } from "heddle/sdk";
import { shortened } from "../_keys/shortened.ts";
import type { Assigned, EventMessage } from "./event.ts";

type Taken<Run extends Assigned> = Omit<InjectEvent, "content" | "runAgent" | "notify"> & {
  message: EventMessage<Run>;
  fromBot: boolean;
};

/** Stores an event, with a run if it asks for one; returns what the webhook is answered. */
export async function takeEvent<Run extends Assigned>({ message, ...about }: Taken<Run>) {
  const { event, fromBot } = about;
  const isAnswered = message.run !== null;
  const { status, bound, results } = await injectEvent({
    ...about,
    // It has names of branches in it.
    ...(about.idempotencyKey !== undefined && { idempotencyKey: shortened(about.idempotencyKey) }),
    content: message.content,
    runAgent: isAnswered,
    // An answer also goes to the channels' chats; other events are stored as context and not posted.
    notify: isAnswered,
  });
  const isRun = results.some(({ task_id }) => task_id !== null);
  const facts = {
    ...{ status, event, run_agent: isRun },
    ...(fromBot && !isRun && isAnswered && { reason: "from_bot" }),
  };
  if (status === "filtered") return { ...facts, run_agent: false, channels: 0, results };
  if (bound) return { ...facts, channels: results.length, results };
  const [result] = results;
  return {
    ...facts,
    session_id: result?.session_id,
    task_id: result?.task_id,
    duplicate: result?.duplicate,
  };
}
