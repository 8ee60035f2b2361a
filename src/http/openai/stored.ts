// What was answered before, by its id: GET /v1/responses/{id} and its siblings. A response is a run, and kept as long as its conversation.

import type { Chat } from "../../chat/chat.ts";
import type { Outcome } from "../../chat/outcome.ts";
import { HeddleError } from "../../errors.ts";
import type { Ownership } from "../api/ownership.ts";
import type { Auth } from "../auth.ts";
import { storedResponse } from "./response-answer.ts";
import { taskOfResponse } from "./responses.ts";

export interface StoredOptions {
  chat: Pick<Chat, "outcome" | "follow">;
  tasks: { cancel(id: string): Promise<unknown> };
  ownership: Pick<Ownership, "task">;
  auth: Pick<Auth, "authorize">;
  signal: AbortSignal;
}

const RESPONSES = "/v1/responses/";
const COMPLETIONS = "/v1/chat/completions";

export const isStoredPath = (path: string): boolean =>
  path.startsWith(RESPONSES) || path.startsWith(`${COMPLETIONS}/`);

export function createStored({ chat, tasks, ownership, auth, signal }: StoredOptions) {
  return async (request: Request, path: string): Promise<Response> => {
    await auth.authorize(request, "chat:write");
    if (path.startsWith(COMPLETIONS)) throw notKept(path);
    const [id = "", what] = path.slice(RESPONSES.length).split("/");
    const outcome = await outcomeOf(request, id);
    switch (`${request.method} ${what ?? ""}`) {
      case "GET ":
        if (new URL(request.url).searchParams.get("stream") === "true") {
          const message = `stream must be left out; GET /api/v1/tasks/${outcome.task_id}/stream follows a run.`;
          throw new HeddleError("bad_request", message, { field: "stream" });
        }
        return answer(id, outcome);
      case "POST cancel":
        await tasks.cancel(outcome.task_id);
        return answer(id, await chat.outcome(outcome.task_id));
      case "DELETE ":
        throw new HeddleError(
          "method_not_allowed",
          "A response is part of its conversation and cannot be deleted alone. SESSION_RETENTION_DAYS says how long the server keeps conversations.",
        );
      case "GET input_items":
        throw new HeddleError(
          "not_found",
          `Input items are not listed; GET /api/v1/sessions/${outcome.session_id}/messages has the messages of the conversation.`,
        );
      default:
        throw new HeddleError("not_found", `There is no route ${request.method} ${path}.`);
    }
  };

  /** Of the run that answers, if the message was merged into another. */
  async function outcomeOf(request: Request, id: string): Promise<Outcome> {
    const task = taskOfResponse(id);
    const missing = new HeddleError("not_found", `There is no response "${id}".`, { field: "response_id" });
    if (task === undefined) throw missing;
    try {
      await ownership.task(request, task);
      const outcome = await chat.outcome(task);
      return outcome.merged_into === null ? outcome : await chat.outcome(outcome.merged_into);
    } catch (error) {
      throw error instanceof HeddleError && error.code === "not_found" ? missing : error;
    }
  }

  async function answer(id: string, outcome: Outcome): Promise<Response> {
    return Response.json(storedResponse(id, outcome, await textBeforeCalls(outcome)));
  }

  /** What the model said beside the calls that the run waits for. */
  async function textBeforeCalls({ task_id, status, client_calls }: Outcome): Promise<string> {
    let text = "";
    if (status !== "waiting" || client_calls.length === 0) return text;
    for await (const steps of chat.follow(task_id, { signal })) {
      for (const { event } of steps) if (event.type === "assistant_text") text = event.text;
    }
    return text;
  }
}

function notKept(path: string): HeddleError {
  const task = path
    .slice(COMPLETIONS.length)
    .split("/")[1]
    ?.replace(/^chatcmpl-/, "");
  return new HeddleError(
    "not_found",
    `Chat completions are not kept under their ids; GET /api/v1/tasks/${task || "{id}"} has the run and its answer.`,
  );
}
