// The tools that agents may have, each with a name and an owner: an integration's id, or "core".

import { DELEGATE } from "../../capabilities/tool-patterns.ts";
import { errorMessage, HeddleError } from "../../errors.ts";
import { flatObject } from "../../schema/flat-object.ts";
import { compileSchema, plainSchema, type Validate } from "../../schema/json-schema.ts";
import type { JsonObject, ReconcileFunction, ToolAnnotations, ToolFunction } from "../../sdk/types.ts";

/** Where a tool is carried out: by an integration, an MCP server, the client of a run, or Heddle itself. */
export type ToolType = "local" | "mcp" | "client" | "builtin";

export interface Tool {
  name: string;
  description: string;
  /** JSON Schema of an object; of a registered tool, in the form that models take. */
  parameters: JsonObject;
  /** Seconds; default 60. */
  timeoutSeconds?: number | undefined;
  /** A run has it only if its bot, or a carapace of its bot, names it: no pattern and no message brings it. */
  byNameOnly?: boolean | undefined;
  /** Default: "builtin" for "core", "local" for other owners. */
  type?: ToolType | undefined;
  /** What a call does; what is left out is not known. */
  annotations?: ToolAnnotations | undefined;
  /** Looks whether a call of unknown outcome took effect. */
  reconcile?: ReconcileFunction<never> | undefined;
  /**
   * Whether a stranger describes it, whom the operator does not trust with that. Models read descriptions as they read what Heddle
   * itself says.
   */
  isStrangers?: boolean | undefined;
  /** How bots name it. Default: its name, which of a tool of an MCP server is not for the server to choose. */
  reference?: string | undefined;
  run: ToolFunction<never>;
}

export interface RegisteredTool extends Tool {
  owner: string;
  timeoutSeconds: number;
  type: ToolType;
  annotations: ToolAnnotations;
  /** Of an integration's tool, it also fills in the defaults of what the arguments leave out. */
  validate: Validate;
}

export interface ToolRegistry {
  /** Throws `validation` for an invalid name or schema, and `conflict` when the name is taken. */
  add(owner: string, tool: Tool): void;
  /** Replaces an owner's tools; when one of them is refused, the earlier ones stay. Throws as `add` does. */
  replaceOwner(owner: string, tools: Tool[]): void;
  removeOwner(owner: string): void;
  /**
   * Replaces the tools that give way: each has its name while no other tool has it, and its long name otherwise. Of two that
   * give way, the earlier in the list has the name.
   */
  setYielding(tools: readonly YieldingTool[]): void;
  get(name: string): RegisteredTool | undefined;
  /** All tools, by name. */
  list(): RegisteredTool[];
}

export interface YieldingTool {
  tool: RegisteredTool;
  longName: string;
}

/** Made for each run, and so not registered; nothing else has its name. */
export { DELEGATE };

const CORE = "core";
const NAME = /^[a-zA-Z0-9_-]{1,64}$/;
const TIMEOUT_SECONDS = 60;

export function createToolRegistry(): ToolRegistry {
  const tools = new Map<string, RegisteredTool>();
  let yielding: readonly YieldingTool[] = [];
  /** Those that give way, by the names that they have now; undefined: to be found again. */
  let placed: Map<string, RegisteredTool> | undefined;
  let sorted: RegisteredTool[] | undefined;

  function changed(): void {
    placed = undefined;
    sorted = undefined;
  }

  function places(): Map<string, RegisteredTool> {
    if (placed) return placed;
    placed = new Map();
    for (const { tool, longName } of yielding) {
      const name = [tool.name, longName].find(
        (one) => one !== DELEGATE && !tools.has(one) && !placed?.has(one),
      );
      if (name !== undefined) placed.set(name, name === tool.name ? tool : { ...tool, name });
    }
    return placed;
  }

  function accept(owner: string, tool: Tool, taken: RegisteredTool | undefined): RegisteredTool {
    if (tool.name === DELEGATE)
      throw new HeddleError("conflict", `Tool "${DELEGATE}" of ${owner} has the name of a tool of Heddle.`);
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
    changed();
  }

  return {
    add(owner, tool) {
      tools.set(tool.name, accept(owner, tool, tools.get(tool.name)));
      changed();
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
      changed();
    },
    removeOwner,
    setYielding(wanted) {
      yielding = wanted;
      changed();
    },
    get: (name) => tools.get(name) ?? places().get(name),
    list() {
      sorted ??= [...tools.values(), ...places().values()].sort((a, b) => (a.name < b.name ? -1 : 1));
      return [...sorted];
    },
  };
}

/** Throws `validation` for an invalid name or schema. */
export function compileTool(owner: string, tool: Tool): RegisteredTool {
  const { name, timeoutSeconds = TIMEOUT_SECONDS, annotations = {} } = tool;
  const { type = owner === CORE ? "builtin" : "local" } = tool;
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
    // An MCP server and the client of a run fill in defaults themselves.
    const validate = compileSchema(schema, { useDefaults: type === "local" });
    return { ...tool, owner, type, annotations, parameters, timeoutSeconds, validate };
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
