// Makes a tool of Heddle's of one that an MCP server lists. What a server lists is its own word: a tool that cannot be used
// is left out with a reason, and affects no other.

import { createHash } from "node:crypto";
import { MCP } from "../../capabilities/tool-patterns.ts";
import { storable, storableJson } from "../../db/storable.ts";
import { errorMessage } from "../../errors.ts";
import type { JsonObject } from "../../sdk/json.ts";
import type { ToolAnnotations } from "../../sdk/types.ts";
import type { McpServer } from "../server.ts";

/** A tool as its server lists it, without what nothing here uses. */
export interface ListedTool {
  name: string;
  title?: string;
  description?: string;
  inputSchema: JsonObject;
  annotations?: Hints;
  /** It runs only as a task of the protocol. */
  taskOnly?: boolean;
}

/** https://modelcontextprotocol.io/specification/2026-07-28/server/tools */
interface Hints {
  readOnlyHint?: boolean;
  destructiveHint?: boolean;
  idempotentHint?: boolean;
  openWorldHint?: boolean;
}

/** A tool that may be registered, but for its name and what calls it. */
export interface UsableTool {
  /** The short name, and the one that it has when another tool has that. */
  name: string;
  longName: string;
  /** How bots name it. */
  reference: string;
  description: string;
  parameters: JsonObject;
  annotations: ToolAnnotations;
}

/** More would fill the context of any model. */
const MOST_TOOLS = 500;
/** Of all its tools together, in characters: a list is stored, and read by every server of the database whenever it changes. */
const MOST_LISTED = 4_000_000;
const MOST_SCHEMA = 100_000;
const MOST_DESCRIPTION = 8_000;
const MOST_NAME = 64;

/** A tool as the protocol has it. */
interface GivenTool {
  name: string;
  title?: string | undefined;
  description?: string | undefined;
  inputSchema: object;
  annotations?: object | undefined;
  execution?: { taskSupport?: string | undefined } | undefined;
}

/** The first tools of a list, as many as are kept. */
export function listedTools(given: readonly GivenTool[]): ListedTool[] {
  const kept: ListedTool[] = [];
  let length = 0;
  for (const tool of given.slice(0, MOST_TOOLS)) {
    const listed = listedTool(tool);
    length += JSON.stringify(listed).length;
    if (length > MOST_LISTED) break;
    kept.push(listed);
  }
  return kept;
}

/** Keeps what is used of a tool, as text and JSON that the database takes. */
function listedTool(tool: GivenTool): ListedTool {
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = (tool.annotations ?? {}) as Hints;
  const hints = { readOnlyHint, destructiveHint, idempotentHint, openWorldHint };
  const known = Object.entries(hints).filter(([, hint]) => typeof hint === "boolean");
  return storableJson({
    name: tool.name.slice(0, 200),
    ...(tool.title && { title: tool.title.slice(0, 200) }),
    ...(tool.description && { description: tool.description.slice(0, MOST_DESCRIPTION) }),
    inputSchema: JSON.stringify(tool.inputSchema).length > MOST_SCHEMA ? TOO_LARGE : tool.inputSchema,
    ...(tool.execution?.taskSupport === "required" && { taskOnly: true }),
    ...(known.length > 0 && { annotations: Object.fromEntries(known) }),
  } as unknown as JsonObject) as unknown as ListedTool;
}

/** What the protocol asks servers to keep to, at most. */
const MOST_OWN_NAME = 128;

/** Stands for a schema that is not kept; it is not a valid schema. */
const TOO_LARGE = { type: "too large" };

/** How bots and rules name a tool of a server. */
export const referenceTo = (server: string, tool: string): string => `${MCP}${server}/${tool}`;

/** Throws with the reason why it cannot be used. */
export function usableTool(
  { id, trust_annotations }: Pick<McpServer, "id" | "trust_annotations">,
  { name, title, description, inputSchema, annotations = {} }: ListedTool,
): UsableTool {
  if (inputSchema.type === TOO_LARGE.type) {
    throw new Error(`its schema has more than ${MOST_SCHEMA.toLocaleString("en")} characters`);
  }
  if (name === "" || name.length > MOST_OWN_NAME) {
    throw new Error(`its name must have 1 to ${MOST_OWN_NAME} characters`);
  }
  // A person who allows this tool must not allow others with it.
  if (name.includes("*")) throw new Error("its name contains *, which stands for any text in policies");
  return {
    name: plainName(name, MOST_NAME),
    longName: plainName(`${id}_${name}`, MOST_NAME),
    reference: referenceTo(id, name),
    description: storable(description ?? title ?? name),
    parameters: withoutPatterns({ type: "object", properties: {}, ...inputSchema }) as JsonObject,
    annotations: annotationsOf(annotations, trust_annotations),
  };
}

/**
 * The protocol lets a server say what it likes of its tools. What makes Heddle more careful always counts, and what makes it less
 * careful only of a server that an administrator trusts.
 */
function annotationsOf(hints: Hints, isTrusted: boolean): ToolAnnotations {
  const { readOnlyHint, destructiveHint, idempotentHint, openWorldHint } = hints;
  return {
    ...(isTrusted && readOnlyHint !== undefined && { readOnly: readOnlyHint }),
    ...(isTrusted && idempotentHint !== undefined && { idempotent: idempotentHint }),
    ...(destructiveHint !== undefined && (isTrusted || destructiveHint) && { destructive: destructiveHint }),
    // The arguments leave this server in any case, except to one that is trusted to stay within itself.
    egress: !(isTrusted && openWorldHint === false),
  };
}

/** Models take only these characters. A name that had to be changed ends with a hash, so that no two become one. */
function plainName(name: string, most: number): string {
  const plain = name.replace(/[^a-zA-Z0-9_-]/g, "_");
  if (plain === name && name.length > 0 && name.length <= most) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 6);
  return `${plain.slice(0, most - hash.length - 1)}_${hash}`;
}

/**
 * A regular expression of a stranger may take for ever on what a model writes. The server checks its arguments itself.
 */
export function withoutPatterns(value: unknown, depth = 0): unknown {
  if (depth > MOST_DEPTH) throw new Error(`its schema is nested more than ${MOST_DEPTH} deep`);
  if (Array.isArray(value)) return value.map((one) => withoutPatterns(one, depth + 1));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(
        ([key, inner]) => !(key === "pattern" && typeof inner === "string") && key !== "patternProperties",
      )
      .map(([key, inner]) => [key, withoutPatterns(inner, depth + 1)]),
  );
}

const MOST_DEPTH = 60;

/** Why a tool is left out, for people. */
export const problemOf = (error: unknown): string => errorMessage(error).slice(0, 500);
