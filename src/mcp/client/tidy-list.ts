// One tool that breaks the protocol's rules must not take the others of its server away. The library takes a list whole or not at all, so
// each tool is brought into the form that it expects before it sees the list, or left out.

import type { JSONRPCMessage, Transport } from "@modelcontextprotocol/client";

type Fields = Record<string, unknown>;

/** Call it once the library has begun to listen. */
export function tidyLists(transport: Transport): void {
  const { onmessage } = transport;
  transport.onmessage = (message, extra) => onmessage?.(withTidyTools(message), extra);
}

function withTidyTools<Message extends JSONRPCMessage>(message: Message): Message {
  if (!("result" in message) || !isObject(message.result) || !Array.isArray(message.result.tools))
    return message;
  const tools = message.result.tools.flatMap(tidyTool);
  return { ...message, result: { ...message.result, tools } };
}

/** What is used of a tool; empty if it is none. */
function tidyTool(tool: unknown): Fields[] {
  if (!isObject(tool) || typeof tool.name !== "string") return [];
  const inputSchema = tidySchema(tool.inputSchema ?? {});
  if (!inputSchema) return [];
  const { title, description, annotations, execution, outputSchema } = tool;
  const output = outputSchema === undefined ? undefined : tidySchema(outputSchema);
  return [
    {
      name: tool.name,
      inputSchema,
      ...(typeof title === "string" && { title }),
      ...(typeof description === "string" && { description }),
      ...(isObject(annotations) && { annotations: hintsOf(annotations) }),
      ...(isObject(execution) &&
        TASK_SUPPORT.includes(execution.taskSupport) && {
          execution: { taskSupport: execution.taskSupport },
        }),
      // Without it, results are not checked.
      ...(output && { outputSchema: output }),
    },
  ];
}

const isObject = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const TASK_SUPPORT: readonly unknown[] = ["forbidden", "optional", "required"];

const hintsOf = (annotations: Fields): Fields =>
  Object.fromEntries(Object.entries(annotations).filter(([, hint]) => typeof hint === "boolean"));

/** Undefined: it describes no object, so that nobody could call the tool. Servers often leave out the type. */
function tidySchema(schema: unknown): Fields | undefined {
  if (!isObject(schema) || (schema.type !== undefined && schema.type !== "object")) return undefined;
  const { properties, required, ...others } = schema;
  return {
    ...others,
    type: "object",
    ...(isObject(properties) && { properties: propertiesOf(properties) }),
    ...(Array.isArray(required) && { required: required.filter((name) => typeof name === "string") }),
  };
}

/** `true` is a schema that everything fits. */
const propertiesOf = (properties: Fields): Fields =>
  Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, isObject(one) ? one : {}]));
