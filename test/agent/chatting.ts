// A chat over many turns, and how much of each request a cache could serve.

import { eq } from "drizzle-orm";
import { saveFinalStep } from "../../src/agent/turn.ts";
import type { Database } from "../../src/db/database.ts";
import { tasks } from "../../src/db/schema.ts";
import { toRequest as toMessages } from "../../src/llm/anthropic/request.ts";
import { toRequest as toChatCompletion } from "../../src/llm/chat-completions/request.ts";
import type { LlmRequest } from "../../src/llm/llm.ts";
import { toRequest as toResponse } from "../../src/llm/responses/request.ts";
import { type addSession, addTask, type agentOver } from "./fixture.ts";

type Session = Awaited<ReturnType<typeof addSession>>;
type Agent = ReturnType<typeof agentOver>["agent"];

/** Runs one turn and stores its answer, as a worker would. */
export async function say(
  { db, session, agent }: { db: Database; session: Session; agent: Agent },
  text: string,
  options: Parameters<typeof addTask>[3] = {},
): Promise<string> {
  const task = await addTask(db, session, text, options);
  const outcome = await agent.runTurn(task, new AbortController().signal);
  await db.query.transaction(async (tx) => {
    await tx.update(tasks).set({ status: "complete" }).where(eq(tasks.id, task.id));
    await saveFinalStep(tx, task, outcome.final);
  });
  return outcome.text;
}

const sending = ({ model }: LlmRequest) => ({ model, origin: model, quirks: {} });

/** The bodies of a request. Marks for a cache are left out, because they are not part of the prompt. */
export const BODIES: Record<string, (request: LlmRequest) => string> = {
  "chat completions": (request) => JSON.stringify(toChatCompletion(request, sending(request))),
  responses: (request) => JSON.stringify(toResponse(request, sending(request))),
  anthropic: (request) =>
    JSON.stringify(toMessages(request, sending(request)), (key, value) =>
      key === "cache_control" ? undefined : value,
    ),
};

/** How many characters two texts have in common at their beginning. */
export function shared(first: string, second: string): number {
  let at = 0;
  while (at < first.length && first[at] === second[at]) at++;
  return at;
}

/** The share of all characters that a request has in common with the beginning of an earlier one. */
export function cacheable(bodies: string[]): number {
  let [common, all] = [0, 0];
  for (const [at, body] of bodies.entries()) {
    common += Math.max(0, ...bodies.slice(Math.max(0, at - 10), at).map((earlier) => shared(earlier, body)));
    all += body.length;
  }
  return common / all;
}
