// Maps a request of the OpenAI-compatible API onto a session and a run.
//
// Clients send the whole conversation each time. The session that holds it is found by a hash of everything up to the bot's
// last answer; only what is new is stored. A conversation that no session holds, such as one that the client has edited, gets
// a session with the client's history. Results of the client's own tools let the run go on that asked for them.

import { storableJson } from "../../db/storable.ts";
import { HeddleError } from "../../errors.ts";
import { clientCallId, rowOfClientCall } from "../../sessions/call-names.ts";
import type { ClientsOptions, ClientTools } from "../../sessions/client-tools.ts";
import type { Sender } from "../../sessions/inject.ts";
import { mcpPlaceOf, openAiPlaceOf } from "../../sessions/own-places.ts";
import { checkOutputSchema } from "../../sessions/prepare.ts";
import type { Sessions } from "../../sessions/sessions.ts";
import type { Chat } from "../chat.ts";
import type { ChatPlace } from "../chat-event.ts";
import type { Outcome, Usage } from "../outcome.ts";
import { type Asked, newTurns, type Previous, type Turn, transcriptOf } from "./conversation.ts";
import type { OpenAiSessions } from "./openai-sessions.ts";

export interface OpenAiRun {
  taskId: string;
  /** Where the part of the run begins that this request is about. */
  from?: ChatPlace;
  /** What the run had used before. */
  usedBefore: Usage | null;
  /** Call it with what became of the run and the text that the client was sent, so that the next request finds the session. */
  ended(outcome: Outcome, said: string): Promise<void>;
}

export interface AskOptions {
  chat: Chat;
  sessions: Pick<Sessions, "getOrCreate">;
  openAiSessions: OpenAiSessions;
  clientTools: Pick<ClientTools, "taskOf" | "supply">;
  /** The place in the log before what happens next. */
  now(): Promise<ChatPlace["cursor"]>;
}

export interface Asking {
  sender: Sender;
  /** Of the caller's idempotency keys. */
  scope: string;
  /** Whether the caller may continue this session. */
  reaches(sessionId: string): Promise<boolean>;
  /** Throws if the caller may not use this client id. */
  mayUse(clientId: string): Promise<void>;
}

export function createAsk({ chat, sessions, openAiSessions, clientTools, now }: AskOptions) {
  return async (given: Asked, { sender, scope, reaches, mayUse }: Asking): Promise<OpenAiRun> => {
    const asked = storableJson(given);
    const owner = sender.owner ?? "operator";
    const { before, fresh } = newTurns(asked.turns);
    const keepAs = (sessionId: string) => async (outcome: Outcome, said: string) => {
      const answer = answerTurn(outcome, said);
      if (answer)
        await openAiSessions.keep(sessionId, transcriptOf(owner, asked.botId, [...asked.turns, answer]));
    };
    const resumed = await resume(asked, fresh, reaches);
    if (resumed) return { ...resumed, ended: keepAs(resumed.sessionId) };

    const { via = "openai" } = asked;
    const clientId = (via === "mcp" ? mcpPlaceOf : openAiPlaceOf)(sender.owner);
    await mayUse(clientId);
    const { channel_id: channelId } = await sessions.getOrCreate({
      clientId,
      botId: asked.botId,
      owner: sender.owner,
    });
    const place = { channelId, clientId, botId: asked.botId, fromPerson: sender.fromPerson };
    const sessionId = await sessionFor();
    const last = await storeButLast();
    const from = last.isOutside ? { ...sender, fromPerson: false } : sender;
    const { task_id } = await chat.send(
      {
        sessionId,
        content: last.content,
        ...(last.files && { attachments: last.files }),
        source: via,
        runAgent: true,
        executionConfig: optionsOf(asked),
        ...(asked.metadata && { metadata: asked.metadata }),
      },
      scope,
      from,
    );
    return { taskId: String(task_id), usedBefore: null, ended: keepAs(sessionId) };

    async function sessionFor(): Promise<string> {
      if (asked.previous) {
        const previous = await openAiSessions.previous(asked.previous);
        if (!previous || !(await reaches(previous.sessionId))) throw nothingBefore(asked.previous);
        // It went on otherwise from there, or with another bot, and this is another conversation.
        const isSame = previous.isLast && previous.botId === asked.botId;
        return isSame ? previous.sessionId : openAiSessions.fork(place, previous);
      }
      const known =
        before.length > 0 && isText(fresh)
          ? await openAiSessions.take(channelId, transcriptOf(owner, asked.botId, before))
          : undefined;
      if (known !== undefined) return known;
      const history = isText(fresh) ? before : asked.turns;
      return openAiSessions.make(place, history);
    }

    /** Stores new messages before the last one as context, and returns the last one. */
    async function storeButLast(): Promise<Last> {
      // The run that asked for these results is over, so a new one goes on from them.
      if (!isText(fresh)) {
        if (!asked.previous) return { content: "Go on with the results of the tools above." };
        return { content: `Go on with these results of tools:\n\n${textOf(fresh)}`, isOutside: true };
      }
      const said: Last[] = fresh.filter((turn) => turn.role === "user");
      for (const { content, files } of said.slice(0, -1)) {
        const attachments = files && { attachments: files };
        await chat.send({ sessionId, content, ...attachments, source: via, notify: false }, scope, sender);
      }
      return said.at(-1) ?? { content: "" };
    }
  };

  /** Hands the results of the client's tools to the run that waits for them, if there is one. */
  async function resume(
    asked: Asked,
    fresh: Turn[],
    reaches: Asking["reaches"],
  ): Promise<(Omit<OpenAiRun, "ended"> & { sessionId: string }) | undefined> {
    const results = fresh.flatMap((turn) => {
      const call = turn.role === "tool" ? rowOfClientCall(turn.tool_call_id) : undefined;
      return call !== undefined && turn.role === "tool" ? [{ call, content: turn.content }] : [];
    });
    if (results.length === 0 || results.length < fresh.length) return undefined;
    const task = await clientTools.taskOf(results.map(({ call }) => call));
    if (!task) return undefined;
    // The calls of others are as unknown as those of no run.
    if (!(await reaches(task.session_id))) return undefined;
    const { usage, client_calls } = await chat.outcome(task.id);
    const given = new Set(results.map(({ call }) => clientCallId(call)));
    const missing = client_calls.filter(({ id }) => !given.has(id));
    if (missing.length > 0) {
      throw new HeddleError(
        "bad_request",
        `messages must have a result for each tool call of the answer; missing: ${missing.map(({ id }) => id).join(", ")}.`,
        { field: "messages" },
      );
    }
    checkOutputSchema(asked.outputSchema);
    const cursor = await now();
    // What else the run waits for is not the client's.
    const own = new Set(client_calls.map(({ id }) => id));
    await clientTools.supply(
      task.id,
      results.filter(({ call }) => own.has(clientCallId(call))),
      { ...NOTHING, ...optionsOf(asked) },
    );
    const from = { task: task.id, cursor, part: "", offset: 0 };
    return { taskId: task.id, from, usedBefore: usage, sessionId: task.session_id };
  }
}

const optionsOf = ({ instructions, tools, mustCall, isOneCall, outputSchema }: Asked) => ({
  ...(instructions.length > 0 && { system_preamble: instructions.join("\n\n") }),
  ...(tools.length > 0 && { client_tools: tools }),
  ...(mustCall !== undefined && { must_call: mustCall }),
  ...(isOneCall && { one_call: true as const }),
  ...(outputSchema && { output_schema: outputSchema }),
});

const NOTHING: ClientsOptions = {
  system_preamble: undefined,
  client_tools: undefined,
  one_call: undefined,
  output_schema: undefined,
};

type Last = Pick<Extract<Turn, { role: "user" }>, "content" | "files"> & { isOutside?: boolean };

const textOf = (turns: Turn[]): string => turns.map(({ content }) => content).join("\n\n");

const nothingBefore = (previous: Previous): HeddleError =>
  new HeddleError("not_found", `There is no response that ${previous.field} names.`, {
    field: previous.field,
  });

const isText = (turns: Turn[]): boolean => turns.length > 0 && turns.every(({ role }) => role === "user");

/** The answer as the client will send it back; undefined if there is none. */
function answerTurn({ status, client_calls }: Outcome, said: string): Turn | undefined {
  if (status === "complete") return { role: "assistant", content: said };
  return status === "waiting" ? { role: "assistant", content: said, tool_calls: client_calls } : undefined;
}
