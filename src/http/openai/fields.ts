// Reads the fields that requests of both forms of the API have in common. Fields that are not known are ignored, because
// clients send many that only a model's own endpoint honours.

import type { ClientTool } from "../../chat/openai/conversation.ts";
import type { JsonObject } from "../../db/schema.ts";
import { HeddleError } from "../../errors.ts";

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const invalid = (field: string, rule: string): HeddleError =>
  new HeddleError("bad_request", `${field} must be ${rule}.`, { field });

export function objectIn(value: unknown): JsonObject {
  if (!isObject(value)) throw new HeddleError("bad_request", "The body must be a JSON object.");
  return value;
}

export function textIn(body: JsonObject, field: string): string {
  const value = body[field];
  if (typeof value !== "string" || value === "") throw invalid(field, "a text that is not empty");
  return value;
}

/** The text of a message, given as a text or as parts. */
export function contentIn(content: unknown, field: string): string {
  if (content === null || content === undefined) return "";
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) throw invalid(field, "a text or a list of parts");
  return content
    .map((part, at) => {
      const text = isObject(part) ? (part.text ?? part.refusal) : undefined;
      if (typeof text !== "string") {
        const kind = isObject(part) ? JSON.stringify(part.type) : "something else";
        throw invalid(`${field}.${at}`, `a part with text; this server does not take ${kind} here`);
      }
      return text;
    })
    .join("\n");
}

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
      parameters: isObject(parameters) ? parameters : { type: "object", properties: {} },
    };
  });
}
