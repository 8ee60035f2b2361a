// Reads the fields that requests of both forms of the API have in common. Fields that are not known are ignored, because
// clients send many that only a model's own endpoint honours.

import type { Asked, ClientTool, Turn } from "../../chat/openai/conversation.ts";
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

/** `within`: where the object is in the body. */
export function textIn(object: JsonObject, name: string, within?: string): string {
  const value = object[name];
  const field = within === undefined ? name : `${within}.${name}`;
  if (typeof value !== "string" || value === "") throw invalid(field, "a text that is not empty");
  return value;
}

export function flagIn(body: JsonObject, field: string, usual = false): boolean {
  const value = body[field] ?? usual;
  if (typeof value !== "boolean") throw invalid(field, "true or false");
  return value;
}

/** Refuses fields that would change what is answered or continued, and that this server does not have; `instead` by the field. */
export function refuseFields(body: JsonObject, instead: Record<string, string>): void {
  for (const [field, rule] of Object.entries(instead)) {
    if (!asksNothing(body[field])) throw invalid(field, `left out: ${rule}`);
  }
}

/** Some clients send each field that they know. */
const asksNothing = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  [false, "auto", "none"].includes(value as string) ||
  (Array.isArray(value) && value.length === 0);

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

/** The client's tools, and whether the answer must be a call of one. None if `tool_choice` is "none". */
export function toolsIn(
  body: JsonObject,
  read: (tool: JsonObject, field: string) => JsonObject,
): Pick<Asked, "tools" | "mustCall" | "isOneCall"> {
  return { ...chosenTools(body, read), isOneCall: !flagIn(body, "parallel_tool_calls", true) };
}

function chosenTools(
  body: JsonObject,
  read: (tool: JsonObject, field: string) => JsonObject,
): Pick<Asked, "tools" | "mustCall"> {
  const { tools: given } = body;
  if (given !== undefined && given !== null && !Array.isArray(given)) throw invalid("tools", "a list");
  if (given && given.length > MOST_TOOLS) throw invalid("tools", `a list of at most ${MOST_TOOLS} tools`);
  const tools = (given ?? []).map((tool, at) => toolIn(tool, `tools.${at}`, read));
  const choice = choiceIn(body.tool_choice);
  if (choice.mode === "none") return { tools: [] };
  for (const name of choice.names ?? []) {
    if (tools.some((tool) => tool.name === name)) continue;
    throw invalid("tool_choice", `about one of the tools; there is no tool "${name}"`);
  }
  const { names } = choice;
  const allowed = names && choice.isOnly ? tools.filter(({ name }) => names.includes(name)) : tools;
  if (choice.mode === "auto") return { tools: allowed };
  if (allowed.length === 0) throw invalid("tool_choice", '"auto" or "none" in a request without tools');
  return { tools: allowed, mustCall: (!choice.isOnly && names?.[0]) || true };
}

function toolIn(
  tool: unknown,
  field: string,
  read: (tool: JsonObject, field: string) => JsonObject,
): ClientTool {
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
}

interface Choice {
  mode: "auto" | "none" | "required";
  names?: string[];
  /** The other tools must not be called. */
  isOnly?: boolean;
}

const FORMS =
  '"auto", "none", "required", the name of a function ({"type": "function", …}) or a list of allowed ones ({"type": "allowed_tools", …})';

/** Both forms of the API; they differ in where the names are. */
function choiceIn(choice: unknown): Choice {
  if (choice === undefined || choice === null) return { mode: "auto" };
  if (choice === "auto" || choice === "none" || choice === "required") return { mode: choice };
  if (!isObject(choice)) throw invalid("tool_choice", FORMS);
  if (choice.type === "function") return { mode: "required", names: [functionName(choice)] };
  if (choice.type !== "allowed_tools") throw invalid("tool_choice", FORMS);
  const { mode, tools } = isObject(choice.allowed_tools) ? choice.allowed_tools : choice;
  if (mode !== "auto" && mode !== "required") throw invalid("tool_choice.mode", '"auto" or "required"');
  if (!Array.isArray(tools)) throw invalid("tool_choice.tools", "a list of functions");
  return { mode, names: tools.map(functionName), isOnly: true };
}

function functionName(tool: unknown): string {
  const { name } = isObject(tool) && isObject(tool.function) ? tool.function : isObject(tool) ? tool : {};
  if (typeof name !== "string" || name === "") throw invalid("tool_choice", "about functions with a name");
  return name;
}

/** Endpoints refuse the whole request for a schema of anything but an object. */
function schemaIn(parameters: unknown, field: string): JsonObject {
  if (!isObject(parameters)) return { type: "object", properties: {} };
  const { type = "object" } = parameters;
  if (type !== "object") throw invalid(field, "JSON Schema of an object");
  return { ...parameters, type };
}
