import type { LlmMessage, LlmRequest, LlmTool } from "../llm.ts";
import type { Quirks } from "../quirks.ts";
import { simpleSchema } from "./simple-schema.ts";

/**
 * The tools of the request, or those that the conversation has used: several endpoints refuse calls in a conversation
 * when a request brings no tools.
 */
export function toolsFor(
  { tools }: Pick<LlmRequest, "tools">,
  messages: LlmMessage[],
  { noRichSchemas, noLongDescriptions }: Quirks,
): LlmTool[] {
  if (tools.length > 0) {
    const simple = noRichSchemas ? tools.map(simpleTool) : tools;
    return noLongDescriptions ? simple.map(withShortDescription) : simple;
  }
  const used = messages.flatMap((message) =>
    message.role === "assistant" ? (message.tool_calls ?? []) : [],
  );
  return [...new Set(used.map(({ name }) => name))].map((name) => ({
    name,
    description: "No longer available.",
    parameters: { type: "object", properties: {} },
  }));
}

/** None, any, or the tool of this name. */
export type Choice = "none" | "any" | { name: string };

/** What the request says about calls; undefined: the model decides. */
export function choiceOf(
  { mustAnswer, mustCall, tools }: Pick<LlmRequest, "mustAnswer" | "mustCall" | "tools">,
  { noToolChoice, noForcedCalls }: Quirks,
): Choice | undefined {
  if (noToolChoice) return undefined;
  if (mustAnswer || tools.length === 0) return "none";
  if (mustCall === undefined || noForcedCalls) return undefined;
  return mustCall === true ? "any" : { name: mustCall };
}

const simpleTool = (tool: LlmTool): LlmTool => ({ ...tool, parameters: simpleSchema(tool.parameters) });

/** Azure and older endpoints of OpenAI take no longer one. */
const LONGEST_DESCRIPTION = 1_024;

const withShortDescription = (tool: LlmTool): LlmTool => ({
  ...tool,
  description: tool.description.slice(0, LONGEST_DESCRIPTION).toWellFormed(),
});

/** The tools in simpler words; undefined if they have none. */
export function withSimpleSchemas(tools: LlmTool[]): LlmTool[] | undefined {
  const simple = tools.map(simpleTool);
  return JSON.stringify(simple) === JSON.stringify(tools) ? undefined : simple;
}

/**
 * The schema to send with the request. Not beside tools, which several endpoints refuse and others no longer call; nor one that
 * is not of an object, which OpenAI refuses.
 */
export function outputSchemaOf(
  { outputSchema, tools }: Pick<LlmRequest, "outputSchema" | "tools">,
  { noOutputSchema }: Quirks,
): Record<string, unknown> | undefined {
  return noOutputSchema || tools.length > 0 || outputSchema?.type !== "object" ? undefined : outputSchema;
}
