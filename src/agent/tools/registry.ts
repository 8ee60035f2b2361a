// The tools that agents may have, each with a name and an owner: an integration's id, or "core".

import { errorMessage, HeddleError } from "../../errors.ts";
import { flatObject } from "../../schema/flat-object.ts";
import { compileSchema, plainSchema, type Validate } from "../../schema/json-schema.ts";
import type { JsonObject, ToolFunction } from "../../sdk/types.ts";

export interface Tool {
  name: string;
  description: string;
  /** JSON Schema of an object; of a registered tool, in the form that models take. */
  parameters: JsonObject;
  /** Seconds; default 60. */
  timeoutSeconds?: number | undefined;
  run: ToolFunction<never>;
}

export interface RegisteredTool extends Tool {
  owner: string;
  timeoutSeconds: number;
  validate: Validate;
}

export interface ToolRegistry {
  /** Throws `validation` for an invalid name or schema, and `conflict` when the name is taken. */
  add(owner: string, tool: Tool): void;
  /** Replaces an owner's tools; when one of them is refused, the earlier ones stay. Throws as `add` does. */
  replaceOwner(owner: string, tools: Tool[]): void;
  removeOwner(owner: string): void;
  get(name: string): RegisteredTool | undefined;
  /** All tools, by name. */
  list(): RegisteredTool[];
}

const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const TIMEOUT_SECONDS = 60;

export function createToolRegistry(): ToolRegistry {
  const tools = new Map<string, RegisteredTool>();

  function accept(owner: string, tool: Tool, taken: RegisteredTool | undefined): RegisteredTool {
    if (taken) {
      throw new HeddleError(
        "conflict",
        `Tool "${tool.name}" of ${owner} is already registered by ${taken.owner}.`,
      );
    }
    return compileTool(owner, tool);
  }

  function removeOwner(owner: string): void {
    for (const [name, tool] of tools) if (tool.owner === owner) tools.delete(name);
  }

  return {
    add(owner, tool) {
      tools.set(tool.name, accept(owner, tool, tools.get(tool.name)));
    },
    replaceOwner(owner, wanted) {
      const accepted = new Map<string, RegisteredTool>();
      for (const tool of wanted) {
        const registered = tools.get(tool.name);
        const taken = registered?.owner === owner ? undefined : registered;
        accepted.set(tool.name, accept(owner, tool, taken ?? accepted.get(tool.name)));
      }
      removeOwner(owner);
      for (const [name, tool] of accepted) tools.set(name, tool);
    },
    removeOwner,
    get: (name) => tools.get(name),
    list: () => [...tools.values()].sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}

/** Throws `validation` for an invalid name or schema. */
export function compileTool(owner: string, tool: Tool): RegisteredTool {
  const { name, timeoutSeconds = TIMEOUT_SECONDS } = tool;
  if (!NAME.test(name)) {
    throw new HeddleError(
      "validation",
      `A tool's name must be 1 to 64 of a-z A-Z 0-9 _ -; got ${JSON.stringify(name)}.`,
    );
  }
  if (!(timeoutSeconds > 0))
    throw new HeddleError("validation", `Tool "${name}": timeoutSeconds must be a number above 0.`);
  try {
    const schema = schemaOf(tool.parameters);
    const parameters = flatObject(schema);
    return { ...tool, owner, parameters, timeoutSeconds, validate: compileSchema(schema) };
  } catch (cause) {
    throw new HeddleError("validation", `Tool "${name}" of ${owner}: parameters: ${errorMessage(cause)}`, {
      cause,
    });
  }
}

/** Returns the schema as plain JSON, without a `$schema` that would have to be resolved. */
function schemaOf(parameters: JsonObject): JsonObject {
  const { $schema: _dialect, ...schema } = plainSchema(parameters);
  return schema;
}
