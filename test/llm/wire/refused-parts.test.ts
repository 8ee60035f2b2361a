// In which words endpoints refuse a part of a request, and what is learned from them.

import { afterAll, describe, expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { AttemptFailure } from "../../../src/llm/attempt.ts";
import type { LlmEvent, LlmMessage } from "../../../src/llm/llm.ts";
import { createKnownQuirks, namesOf } from "../../../src/llm/quirks.ts";
import { NO_FACTS, type RequestFacts } from "../../../src/llm/request-facts.ts";
import { createOpenAiLlm } from "../openai-llm.ts";
import { delta } from "../strict-endpoint.ts";
import { data } from "./one-answer.ts";

const TOOLS = { hasTools: true };
const CALLS = { hasTools: true, hasCalls: true, hasBareCalls: true };
const IMAGES = { hasImages: true };

function learned(message: string, facts: Partial<RequestFacts>): string[] {
  const quirks = createKnownQuirks();
  quirks.learn("m", new AttemptFailure("refused", message, { status: 400 }), { ...NO_FACTS, ...facts });
  return namesOf(quirks.of("m"));
}

test.each<[string, string, Partial<RequestFacts>, string]>([
  ["images", "xAI", IMAGES, "Image inputs are not supported by this model."],
  [
    "images",
    "new-api",
    IMAGES,
    "json: cannot unmarshal array into Go struct field Message.messages.content of type string",
  ],
  [
    "images",
    "TGI/mistral.rs",
    IMAGES,
    "Failed to deserialize the JSON body into the target type: messages[1].content: invalid type: sequence, expected a string at line 1 column 83",
  ],
  ["images", "zod", IMAGES, "messages.1.content: Expected string, received array"],
  ["images", "zod4", IMAGES, "Invalid input: expected string, received array"],
  ["images", "nim", IMAGES, "Multimodal content is not supported by this model"],
  ["images", "sglang", IMAGES, "The model does not support multimodal inputs"],
  ["images", "vllm", IMAGES, "/models/Qwen3-8B is not a multimodal model"],
  ["images", "vllm2", IMAGES, "At most 0 image(s) may be provided in one request. None to decode."],
  [
    "images",
    "perplexity",
    IMAGES,
    "Invalid message content: multimodal content is not supported for this model",
  ],
  ["images", "cerebras", IMAGES, "Content type 'image_url' is not supported."],
  ["images", "bedrock", IMAGES, "This model doesn't support the image field. Remove image and try again."],
  ["images", "kimi", IMAGES, "Invalid request: this model does not support image input"],
  ["images", "glm", IMAGES, "messages.content.type 参数非法，取值范围 ['text']"],
  [
    "images",
    "qwen",
    IMAGES,
    "<400> InternalError.Algo.InvalidParameter: The provided messages contain image, which this model does not accept",
  ],
  ["images", "together", IMAGES, "Input validation error: model does not accept image inputs"],
  ["images", "watsonx", IMAGES, "Json document validation error: messages[1].content should be a string"],
  ["images", "openrouter", IMAGES, "No endpoints found that support image input"],
  ["images", "novita", IMAGES, "model features vision not support"],
  ["tools", "databricks", TOOLS, "tools: Extra inputs are not permitted"],
  ["tools", "azure", TOOLS, "Unrecognized request argument supplied: tools"],
  ["tools", "openai", TOOLS, "Unknown parameter: 'tools'."],
  ["tools", "openai2", TOOLS, "Unsupported parameter: 'tools' is not supported with this model."],
  ["tools", "fastapi", TOOLS, "body.tools: Extra inputs are not permitted"],
  ["tools", "novita", TOOLS, "model features function calling not support"],
  ["tools", "gemma-google", TOOLS, "Function calling is not enabled for models/gemma-3-27b-it"],
  ["tools", "siliconflow", TOOLS, "Function call is not supported for this model."],
  ["tools", "kluster", TOOLS, "Tool use is not supported for this model"],
  ["tools", "mistral", TOOLS, "Function calling is not enabled for this model"],
  ["tools", "hf", TOOLS, "Model does not support tool calls."],
  ["tools", "cloudflare", TOOLS, "unknown field `tools`"],
  ["tools", "aleph", TOOLS, "tools is not a supported parameter"],
  ["tools", "cohere", TOOLS, "tools are not supported with this model"],
  ["tools", "snowflake", TOOLS, "unknown variant `tools`"],
  ["tools", "sambanova", TOOLS, "Model does not support tools"],
  [
    "tools",
    "lmdeploy",
    TOOLS,
    "Please launch the api_server with --tool-call-parser if you want to use tool.",
  ],
  ["tools", "sglang", TOOLS, "Tool call parser is not configured"],
  ["tools", "mlx", TOOLS, "Tool calling is not supported by the tokenizer"],
  ["tools", "deepinfra", TOOLS, "This model does not support function calling"],
  [
    "tools",
    "litellm",
    TOOLS,
    "litellm.UnsupportedParamsError: ollama does not support parameters: ['tools'], for model=llama2. To drop these, set `litellm.drop_params=True`",
  ],
  [
    "tool_choice",
    "litellm",
    TOOLS,
    "litellm.UnsupportedParamsError: bedrock does not support parameters: ['tool_choice'], for model=x.",
  ],
  [
    "stream_options",
    "litellm",
    TOOLS,
    "litellm.UnsupportedParamsError: x does not support parameters: ['stream_options']",
  ],
  [
    "output_schema",
    "litellm",
    { hasOutputSchema: true },
    "litellm.UnsupportedParamsError: x does not support parameters: ['response_format']",
  ],
  ["output_schema", "novita", { hasOutputSchema: true }, "model features structured outputs not support"],
  [
    "output_schema",
    "lmstudio",
    { hasOutputSchema: true },
    "'response_format.type' must be 'json_schema' or 'text'",
  ],
  [
    "output_schema",
    "fireworks",
    { hasOutputSchema: true },
    "response_format: Extra inputs are not permitted",
  ],
  [
    "system_messages",
    "o1",
    {},
    "Unsupported value: 'messages[0].role' does not support 'system' with this model.",
  ],
  [
    "system_messages",
    "bedrock",
    {},
    "This model doesn't support system messages. Try again without a system message or use a model that supports system messages.",
  ],
  ["system_messages", "jinja", {}, "Jinja Exception: System role not supported"],
  ["system_messages", "replicate", {}, "System prompts are not supported by this model"],
  [
    "system_messages",
    "anthropic-proxy",
    {},
    'messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter',
  ],
  [
    "system_messages",
    "role list",
    {},
    "messages[0].role: unknown variant `system`, expected `user` or `assistant`",
  ],
  ["system_messages", "pydantic", {}, "body.messages.0.role: Input should be 'user' or 'assistant'"],
  ["null_content", "go", { hasCalls: true, hasBareCalls: true }, "invalid message content type: <nil>"],
  [
    "null_content",
    "zod",
    { hasCalls: true, hasBareCalls: true },
    "messages.2.content: Expected string, received null",
  ],
  [
    "null_content",
    "serde",
    { hasCalls: true, hasBareCalls: true },
    "messages[2]: missing field `content` at line 1 column 200",
  ],
  [
    "null_content",
    "qwen",
    { hasCalls: true, hasBareCalls: true },
    "<400> InternalError.Algo.InvalidParameter: The content field is a required field.",
  ],
  [
    "null_content",
    "jinja",
    { hasCalls: true, hasBareCalls: true },
    'can only concatenate str (not "NoneType") to str',
  ],
  [
    "null_content",
    "jinja2",
    { hasCalls: true, hasBareCalls: true },
    "Value is not callable: null at row 1, column 20: content.split",
  ],
  ["null_content", "jinja3", { hasCalls: true, hasBareCalls: true }, "'None' has no attribute 'startswith'"],
  [
    "null_content",
    "jinja4",
    { hasCalls: true, hasBareCalls: true },
    "argument of type 'NoneType' is not iterable",
  ],
  [
    "foreign_calls",
    "gemini",
    { hasCalls: true },
    "Function call is missing a thought_signature in functionCall parts.",
  ],
  [
    "foreign_calls",
    "deepseek",
    { hasCalls: true },
    "Missing `reasoning_content` field in the assistant message at message index 2.",
  ],
  [
    "foreign_calls",
    "kimi",
    { hasCalls: true },
    "thinking is enabled but reasoning_content is missing in assistant tool call message at index 2",
  ],
  [
    "foreign_calls",
    "deepseek32",
    { hasCalls: true },
    "The `reasoning_content` in the thinking mode must be passed back to the API.",
  ],
  [
    "own_fields",
    "groq",
    { hasCalls: true, hasOwnFields: true },
    "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning_content' is unsupported)]",
  ],
  [
    "own_fields",
    "cerebras",
    { hasCalls: true, hasOwnFields: true },
    "body.messages.2.assistant.reasoning_details: property 'reasoning_details' is unsupported",
  ],
  [
    "own_fields",
    "mistral",
    { hasCalls: true, hasOwnFields: true },
    "body.messages.2.assistant.tool_calls.0.extra_content: Extra inputs are not permitted",
  ],
  ["own_fields", "go", { hasCalls: true, hasOwnFields: true }, 'json: unknown field "reasoning_details"'],
  [
    "own_fields",
    "serde",
    { hasCalls: true, hasOwnFields: true },
    "unknown field `reasoning_content`, expected one of `role`, `content`",
  ],
  [
    "own_fields",
    "zod",
    { hasCalls: true, hasOwnFields: true },
    "Unrecognized key(s) in object: 'reasoning_content'",
  ],
  ["own_fields", "zod4", { hasCalls: true, hasOwnFields: true }, 'Unrecognized key: "reasoning_details"'],
  [
    "several_calls",
    "llama",
    { hasCalls: true, hasSeveralCalls: true },
    "This model only supports single tool-calls at once!",
  ],
  [
    "text_with_calls",
    "mistral",
    { hasCalls: true, hasTextWithCalls: true },
    "Assistant message must have either content or tool_calls, but not both.",
  ],
  [
    "long_call_ids",
    "mistral",
    { hasCalls: true },
    "Tool call id was call_1 but must be a-z, A-Z, 0-9, with a length of 9.",
  ],
  ["rich_schemas", "xai", TOOLS, 'Invalid function parameters: unsupported keyword "oneOf"'],
  [
    "rich_schemas",
    "xgrammar",
    TOOLS,
    "The provided JSON schema contains features not supported by xgrammar.",
  ],
  ["rich_schemas", "llguidance", TOOLS, 'Failed to compile schema: Unimplemented keys: ["contentEncoding"]'],
  [
    "rich_schemas",
    "gemini",
    TOOLS,
    "Invalid JSON payload received. Unknown name \"$ref\" at 'tools.function_declarations[0].parameters.properties[0].value': Cannot find field.",
  ],
  [
    "rich_schemas",
    "gemini2",
    TOOLS,
    "* GenerateContentRequest.tools[0].function_declarations[0].parameters.properties[x].enum[0]: cannot be empty",
  ],
  [
    "rich_schemas",
    "vertex",
    TOOLS,
    "Unable to submit request because `search` functionDeclaration `parameters.q` schema specified other fields alongside any_of.",
  ],
  [
    "rich_schemas",
    "bedrock",
    TOOLS,
    "The value at toolConfig.tools.0.toolSpec.inputSchema.json.type must be one of the following: object.",
  ],
  [
    "rich_schemas",
    "cohere",
    TOOLS,
    "invalid request: tools[0].function.parameters.properties.x: type must be a string",
  ],
  [
    "rich_schemas",
    "ollama",
    TOOLS,
    "json: cannot unmarshal array into Go struct field ToolProperty.tools.function.parameters.properties.items.type of type string",
  ],
  ["rich_schemas", "mistral", TOOLS, "body.tools.0.function.parameters: Input should be a valid dictionary"],
  ["rich_schemas", "lmstudio", TOOLS, "Invalid 'tools': Unrecognized keyword 'anyOf'"],
  ["rich_schemas", "mlx", TOOLS, "Tool schema is invalid"],
  [
    "rich_schemas",
    "fireworks",
    TOOLS,
    "Error code 400: JSON Schema not supported: could not understand the instance `{'type': ['string','null']}`",
  ],
  ["streaming", "openai", {}, "Your organization must be verified to stream this model."],
  ["streaming", "bedrock", TOOLS, "This model doesn't support tool use in streaming mode."],
  ["streaming", "gw", {}, "Streaming is disabled for this endpoint"],
  ["streaming", "gw2", {}, "stream=true is not allowed"],
])("%s: %s", (part, _, facts, message) => {
  expect(learned(message, facts)).toEqual([part as never]);
});

test.each([
  "Invalid 'tools[0].function.name': string does not match pattern '^[a-zA-Z0-9_-]+$'.",
  "No tool output found for function call call_1.",
  "Unexpected role 'user' after role 'tool'",
  "messages[2].tool_calls[0].function.arguments must be valid JSON",
  "Incorrect API key provided",
  "The model `x` does not exist",
  "Your request was rejected by our content policy.",
  "Invalid value for 'stream_id'",
])("nothing is learned from: %s", (message) => {
  expect(learned(message, { ...CALLS, ...IMAGES, hasPdfs: true, hasSeveralCalls: true })).toEqual([]);
});

describe("an endpoint whose template fails in words of its own", () => {
  let refuses = (_: Sent): string | undefined => undefined;
  const asked: Sent[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    async fetch(request) {
      const body = (await request.json()) as Sent;
      asked.push(body);
      const message = refuses(body);
      return message === undefined
        ? new Response(data(delta({ content: "Hi." }, "stop")))
        : Response.json({ error: { message } }, { status: 400 });
    },
  });
  afterAll(() => server.stop(true));
  const options = { apiKey: "key", baseUrl: `${server.url.origin}/v1`, log: getLogger("heddle") };

  async function answers(messages: LlmMessage[], times: number): Promise<string[]> {
    const llm = createOpenAiLlm({ ...options, sleep: async () => undefined });
    const texts: string[] = [];
    for (let at = 0; at < times; at++) {
      const { signal } = new AbortController();
      const events: LlmEvent[] = [];
      const request = { model: "m", fallbackModels: [], messages, tools: [], signal };
      for await (const event of llm.stream(request)) events.push(event);
      texts.push(events.flatMap((event) => (event.type === "done" ? [event.text] : [])).join());
    }
    return texts;
  }

  test.each<[string, string, (body: Sent) => boolean]>([
    ["null beside calls", "unexpected end of macro", ({ messages }) => messages.some(isBare)],
    ["a system message", "the first role is odd", ({ messages }) => messages[0]?.role === "system"],
  ])("is asked without %s, and so from then on", async (_, words, isRefused) => {
    refuses = (body) => (isRefused(body) ? words : undefined);
    asked.length = 0;
    const conversation: LlmMessage[] = [
      { role: "system", content: "Be kind." },
      { role: "user", content: "Look." },
      { role: "assistant", content: "", tool_calls: [{ id: "call_1", name: "look", arguments: "{}" }] },
      { role: "tool", tool_call_id: "call_1", content: "found" },
    ];
    expect(await answers(conversation, 2)).toEqual(["Hi.", "Hi."]);
    // Everything that was said is still in the last request, which is not refused.
    expect(asked.filter(isRefused)).not.toContain(asked.at(-1) as Sent);
    expect(asked.indexOf(asked.findLast(isRefused) as Sent)).toBeLessThan(asked.length - 2);
    expect(JSON.stringify(asked.at(-1))).toMatch(/Be kind[\s\S]+Look\.[\s\S]+found/);
  });
});

interface Sent {
  messages: { role: string; content: unknown }[];
}

const isBare = ({ role, content }: Sent["messages"][number]): boolean =>
  role === "assistant" && content === null;
