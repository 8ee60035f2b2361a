// POST /v1/responses: https://platform.openai.com/docs/api-reference/responses

import type { Asked, Previous, Turn } from "../../chat/openai/conversation.ts";
import type { JsonObject } from "../../db/schema.ts";
import { HeddleError } from "../../errors.ts";
import {
  contentIn,
  flagIn,
  invalid,
  isObject,
  objectIn,
  refuseFields,
  textIn,
  textOf,
  toolsIn,
  userTurn,
} from "./fields.ts";
import { outputSchemaIn } from "./response-format.ts";

export interface ResponseRequest extends Asked {
  isStream: boolean;
  /** The response that it names as the one before. */
  previousResponse: string | null;
  /** Fields that the answer repeats. */
  echoed: JsonObject;
}

const NOT_TAKEN = {
  conversation: "`previous_response_id` continues a conversation",
  prompt: "a bot has its own prompt; `instructions` adds to it",
  background: "a request waits for its answer",
};

export function readResponseRequest(value: unknown): ResponseRequest {
  const body = objectIn(value);
  refuseFields(body, NOT_TAKEN);
  const { input, instructions, previous_response_id } = body;
  const turns: Turn[] = [];
  const given: string[] = typeof instructions === "string" && instructions !== "" ? [instructions] : [];
  const read: Read = { turns, given, previous: previousIn(previous_response_id) };
  if (typeof input === "string") turns.push({ role: "user", content: input });
  else if (Array.isArray(input))
    for (const [at, item] of input.entries()) readItem(item, `input.${at}`, read);
  else throw invalid("input", "a text or a list of items");
  const last = turns.at(-1);
  if (
    last === undefined ||
    last.role === "assistant" ||
    (last.role === "user" && last.content.trim() === "" && !last.files)
  ) {
    throw invalid("input", "a conversation that ends with the user or the result of a tool");
  }
  return {
    botId: textIn(body, "model"),
    instructions: given,
    turns,
    ...toolsIn(body, (tool) => tool),
    ...outputSchemaIn(isObject(body.text) ? body.text.format : undefined, "text.format"),
    isStream: flagIn(body, "stream"),
    previousResponse: typeof previous_response_id === "string" ? previous_response_id : null,
    ...(read.previous && { previous: read.previous }),
    echoed: {
      instructions: typeof instructions === "string" ? instructions : null,
      metadata: isObject(body.metadata) ? body.metadata : {},
      tools: Array.isArray(body.tools) ? body.tools : [],
      tool_choice: body.tool_choice ?? "auto",
    },
  };
}

interface Read {
  turns: Turn[];
  /** Texts of system messages. */
  given: string[];
  previous: Previous | undefined;
}

function previousIn(id: unknown): Previous | undefined {
  if (id === undefined || id === null) return undefined;
  const field = "previous_response_id";
  if (typeof id !== "string") throw invalid(field, "the id of a response");
  const task = taskOfResponse(id);
  if (task === undefined) throw new HeddleError("not_found", `There is no response "${id}".`, { field });
  return { task, field };
}

function readItem(item: unknown, field: string, read: Read): void {
  const { turns, given } = read;
  if (!isObject(item)) throw invalid(field, "an object");
  switch (item.type ?? "message") {
    case "message": {
      const of = `${field}.content`;
      if (item.role === "system" || item.role === "developer") given.push(textOf(item.content, of));
      else if (item.role === "user") turns.push(userTurn(contentIn(item.content, of), of));
      else if (item.role === "assistant")
        turns.push({ role: "assistant", content: textOf(item.content, of) });
      else throw invalid(`${field}.role`, '"user", "assistant", "system" or "developer"');
      return;
    }
    case "function_call": {
      const call = {
        id: textIn(item, "call_id", field),
        name: textIn(item, "name", field),
        arguments: typeof item.arguments === "string" ? item.arguments : "{}",
      };
      const last = turns.at(-1);
      // The calls of one answer come one after the other here.
      if (last?.role === "assistant") last.tool_calls = [...(last.tool_calls ?? []), call];
      else turns.push({ role: "assistant", content: "", tool_calls: [call] });
      return;
    }
    case "function_call_output":
      turns.push({
        role: "tool",
        content: textOf(item.output, `${field}.output`),
        tool_call_id: textIn(item, "call_id", field),
      });
      return;
    case "reasoning":
      return;
    case "item_reference":
      // The session has it, and what came before it.
      turns.length = 0;
      read.previous = referred(textIn(item, "id", field), `${field}.id`);
      return;
    default:
      throw invalid(`${field}.type`, '"message", "function_call" or "function_call_output"');
  }
}

export function taskOfResponse(id: string): string | undefined {
  const digits = /^resp_([0-9a-f]{32})(?:_\d{1,9})?$/.exec(id)?.[1];
  return digits?.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** An item of an earlier response, which clients name by its id instead of sending it again. */
function referred(id: string, field: string): Previous {
  const task = id.startsWith("msg_") ? taskOfResponse(id.slice("msg_".length)) : undefined;
  if (task !== undefined) return { task, field };
  if (id.startsWith("fc_")) return { call: `call_${id.slice("fc_".length)}`, field };
  throw new HeddleError("not_found", `There is no item "${id}".`, { field });
}
