// Reads the fields that requests of both forms of the API have in common. Fields that are not known are ignored, because
// clients send many that only a model's own endpoint honours.

import type { ClientTool, Turn } from "../../chat/openai/conversation.ts";
import type { JsonObject } from "../../db/schema.ts";
import { HeddleError } from "../../errors.ts";
import type { MessageAttachment } from "../../sdk/types.ts";
import { fileIn } from "./file-parts.ts";
import { invalid, isObject } from "./invalid.ts";

export { invalid, isObject } from "./invalid.ts";

export function objectIn(value: unknown): JsonObject {
  if (!isObject(value)) throw new HeddleError("bad_request", "The body must be a JSON object.");
  return value;
}

export function textIn(body: JsonObject, field: string): string {
  const value = body[field];
  if (typeof value !== "string" || value === "") throw invalid(field, "a text that is not empty");
  return value;
}

export interface Content {
  text: string;
  files: MessageAttachment[];
}

/** The text of a message and its files, given as a text or as parts. */
export function contentIn(content: unknown, field: string): Content {
  if (content === null || content === undefined) return { text: "", files: [] };
  if (typeof content === "string") return { text: content, files: [] };
  if (!Array.isArray(content)) throw invalid(field, "a text or a list of parts");
  const texts: string[] = [];
  const files: MessageAttachment[] = [];
  for (const [at, part] of content.entries()) {
    const text = isObject(part) ? (part.text ?? part.refusal) : undefined;
    if (typeof text === "string") texts.push(text);
    else files.push(fileIn(part, `${field}.${at}`, files.length + 1));
  }
  return { text: texts.join("\n"), files };
}

export function userTurn({ text, files }: Content, field: string): Turn {
  if (text.trim() === "" && files.length === 0) throw invalid(field, "a text that is not empty");
  return { role: "user", content: text, ...(files.length > 0 && { files }) };
}

/** The text of a message that cannot have files. */
export function textOf(content: unknown, field: string): string {
  const { text, files } = contentIn(content, field);
  if (files.length > 0) throw invalid(field, "text; only messages of the user may have images and files");
  return text;
}

/** As OpenAI has it. */
const MOST_TOOLS = 128;

/** The client's tools; none if `tool_choice` is "none". */
export function toolsIn(
  body: JsonObject,
  read: (tool: JsonObject, field: string) => JsonObject,
): ClientTool[] {
  const { tools = [], tool_choice = "auto" } = body;
  if (tools !== null && !Array.isArray(tools)) throw invalid("tools", "a list");
  if (tool_choice === "none" || tools === null) return [];
  if (tool_choice !== "auto" && tool_choice !== null && tool_choice !== undefined) {
    throw invalid("tool_choice", '"auto" or "none": the bot decides which tools it calls');
  }
  if (tools.length > MOST_TOOLS) throw invalid("tools", `a list of at most ${MOST_TOOLS} tools`);
  return tools.map((tool, at) => {
    const field = `tools.${at}`;
    if (!isObject(tool) || tool.type !== "function") throw invalid(field, 'a tool of the type "function"');
    const { name, description, parameters } = read(tool, field);
    if (typeof name !== "string" || !/^[A-Za-z0-9_-]{1,64}$/.test(name)) {
      throw invalid(`${field}.name`, "1 to 64 letters, digits, _ or -");
    }
    return {
      name,
      description: typeof description === "string" ? description : "",
      parameters: schemaIn(parameters, `${field}.parameters`),
    };
  });
}

/** Endpoints refuse the whole request for a schema of anything but an object. */
function schemaIn(parameters: unknown, field: string): JsonObject {
  if (!isObject(parameters)) return { type: "object", properties: {} };
  const { type = "object" } = parameters;
  if (type !== "object") throw invalid(field, "JSON Schema of an object");
  return { ...parameters, type };
}
