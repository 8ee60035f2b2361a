// The server on which fixtures run, over its own REST API.

import { setTimeout as pause } from "node:timers/promises";
import { BotFields } from "../../content/bots/bots.ts";
import { HeddleError } from "../../errors.ts";
import type { EvalServer } from "./eval.ts";
import type { Outcome } from "./expectations.ts";
import type { Fixture } from "./fixture-file.ts";
import type { Replay } from "./replay.ts";

interface Task {
  status: string;
  result: string | null;
  error: string | null;
  output: unknown;
}

export interface CopyOptions {
  adminKey: string;
  bots: Record<string, unknown>[];
  replay: Replay;
}

/** What a bot is made of; the rest of what the API answers belongs to one server. */
const BOT_FIELDS = ["id", ...Object.keys(BotFields.properties)];
/** Nothing leaves the copy, and nobody is there to ask: what a policy said to a call is in its recorded result. */
const ALLOW_ALL = { name: "Calls answer what was recorded", effect: "allow", tools: ["*", "mcp:*"] };
const SENDER = "eval";
const POLL_MS = 25;
const LONGEST_POLL_MS = 500;

/** A new session has found nothing; what its message names is shown as well. */
function optionsOf({ options, found_tools = [] }: Fixture) {
  const named = Array.isArray(options?.tools) ? options.tools : [];
  const tools = [...named, ...found_tools.filter((name) => !named.includes(name))];
  if (tools.length === 0) return options && { execution_config: options };
  return { execution_config: { ...options, tools } };
}

export async function openCopy(server: EvalServer, { adminKey, bots, replay }: CopyOptions) {
  const { url } = server;
  const senderKey = server.keyOf(SENDER);

  async function call<Answer>(key: string, method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as { error?: { message?: string } } | undefined;
    if (response.ok) return answer as Answer;
    throw new HeddleError(
      "upstream",
      answer?.error?.message ?? `${method} ${path} answered ${response.status}.`,
    );
  }

  const known = await call<{ bots: { id: string }[] }>(adminKey, "GET", "/api/v1/bots");
  for (const bot of bots) {
    const fields = Object.fromEntries(
      BOT_FIELDS.filter((field) => bot[field] !== undefined).map((field) => [field, bot[field]]),
    );
    const { id, ...others } = fields;
    if (known.bots.some((one) => one.id === id)) await call(adminKey, "PATCH", `/api/v1/bots/${id}`, others);
    else await call(adminKey, "POST", "/api/v1/bots", fields);
  }

  await call(adminKey, "POST", "/api/v1/policies", ALLOW_ALL);

  async function ended(taskId: string): Promise<Task> {
    for (let wait = POLL_MS; ; wait = Math.min(wait * 2, LONGEST_POLL_MS)) {
      const task = await call<Task>(adminKey, "GET", `/api/v1/tasks/${taskId}`);
      // One that waits would do so for somebody who is not there.
      if (["complete", "failed", "cancelled", "waiting"].includes(task.status)) return task;
      await pause(wait);
    }
  }

  return {
    async run(fixture: Fixture): Promise<Outcome> {
      const { bot, message, history = [] } = fixture;
      const key = message.from_person === true ? adminKey : senderKey;
      const { session_id } = await call<{ session_id: string }>(key, "POST", "/api/v1/sessions", {
        client_id: `${SENDER}:${crypto.randomUUID()}`,
        bot_id: bot,
      });
      const send = async (content: string, more: object = {}): Promise<Task> => {
        const { task_id } = await call<{ task_id: string }>(
          key,
          "POST",
          `/api/v1/sessions/${session_id}/messages`,
          { content, run_agent: true, notify: false, ...more },
        );
        return ended(task_id);
      };
      for (const turn of history) {
        replay.answerWith(turn.answer);
        await send(turn.message);
      }
      replay.answerWith(null);
      replay.begin(fixture);
      const task = await send(message.content, {
        ...(message.source !== undefined && { source: message.source }),
        ...optionsOf(fixture),
      });
      const { status, result, error, output } = task;
      return { status, text: result ?? "", error, output: output ?? undefined, ...replay.noted() };
    },
  };
}
