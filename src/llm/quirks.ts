// What an endpoint does not take: known from before, or learned from its refusals.

import type { AttemptFailure } from "./attempt.ts";
import { NO_FACTS, type RequestFacts } from "./request-facts.ts";

export interface Quirks {
  /** Refuses `stream_options`, without which it reports no usage. */
  noStreamOptions?: true;
  /** Refuses to stream, and answers as a whole. */
  noStreaming?: true;
  /** Refuses `tool_choice`; without it, the model is only asked in words not to call. */
  noToolChoice?: true;
  /** Refuses to be told that it must call a tool; the run's answer is judged instead. */
  noForcedCalls?: true;
  /** Refuses a schema for the answer; the model is only asked in words to follow it. */
  noOutputSchema?: true;
  /** Takes no tools; calls of the conversation are sent as text. */
  noTools?: true;
  /** Wants a text in each message, if only an empty one. */
  noNullContent?: true;
  /** Refuses a text beside calls in one message. */
  noTextWithCalls?: true;
  /** Refuses a message with several calls. */
  oneCallAtOnce?: true;
  /** Has a template without a system role. */
  noSystem?: true;
  /** Wants ids of nine letters and digits. */
  nineLetterIds?: true;
  /** Does not return reasoning in a form that can be sent back. */
  noEncryptedReasoning?: true;
  /** Refuses calls that another model made, which lack what it adds to its own: they are sent as text. */
  noForeignCalls?: true;
  /** Refuses the fields that came with its own answers. */
  noOwnFields?: true;
  /** Understands a part of JSON Schema only. */
  noRichSchemas?: true;
  /** Takes descriptions of tools up to 1,024 characters. */
  noLongDescriptions?: true;
  /** Begins its answers within a thought whose mark it does not send. */
  noThoughtMark?: true;
  /** Sees no images; a note in the message says what is not shown. */
  noImages?: true;
  /** Reads PDFs by itself, as far as is known. */
  readsPdfs?: true;
  /** Refuses PDFs, whatever is known: it gets their text. */
  noPdfs?: true;
  /** The most output tokens that the model allows a request to ask for. */
  maxTokens?: number;
}

interface Complaint {
  quirk: Exclude<keyof Quirks, "maxTokens" | "readsPdfs" | "noThoughtMark">;
  words: RegExp;
  /** It is about something else if these are in it as well. */
  unless?: RegExp;
  /** Default: about any request. */
  about?: Exclude<keyof RequestFacts, "outputTokens">;
}

/** What is wrong with one schema of an answer, which says nothing about others: OpenAI, Azure, Groq, vLLM, llama.cpp, Gemini, Anthropic. */
export const ABOUT_ONE_SCHEMA =
  /schema for|in context=|invalid (?:json[ _])?schema|schema[\s\S]{0,60}(?:too |nesting|keyword|constraint|conversion)|schema fields?|format\.schema|grammar|additional_?properties/i;

/** The first that is not known yet counts, so that words which may mean two things are tried as both. */
const COMPLAINTS: Complaint[] = [
  {
    // OpenAI, DeepSeek, OpenRouter, llama.cpp, vLLM, Ollama, Mistral, LM Studio, Groq, xAI, Together, GLM, Novita, and what reads requests in
    // Go, Rust or by zod.
    quirk: "noImages",
    about: "hasImages",
    words:
      /image_url[\s\S]{0,40}(?:only supported|not supported|expected)|(?:\bsupport|\baccept|enabled for|required for)[\s\S]{0,20}(?:images?|vision|multi-?modal|image[ _]?(?:url|input))|(?:images?|vision|multi-?modal)(?: input| content)?s?(?: is| are)? not (?:support|enabled)|not a (?:multimodal|vision)|at most 0 image|images?, which|content (?:must|should) be a string|(?:unmarshal|received) array|invalid type: sequence|\['text'\]/i,
  },
  {
    // OpenAI, Mistral, vLLM, LiteLLM, DeepSeek and Groq name what they know instead; Anthropic for its older models.
    quirk: "noPdfs",
    about: "hasPdfs",
    words:
      /\b(?:file|document|pdf|input_file)s?\b[\s\S]{0,60}(?:not support|unsupported|does not match|expected|supported values|must be one of)|(?:(?:does(?: not|n't)|not) support|unsupported|unknown|expected|invalid (?:value|type))[\s\S]{0,40}\b(?:file|document|pdf|input_file)s?\b|content (?:must|should) be a string|(?:unmarshal|received) array|invalid type: sequence/i,
  },
  { quirk: "noStreamOptions", words: /stream_options/i },
  {
    // OpenAI, for organizations that are not verified and its first reasoning models; Bedrock, for some models with tools.
    quirk: "noStreaming",
    words:
      /verified to stream|'stream' does not support|(?:does(?: not|n't) support|unsupported|not supported)[\s\S]{0,30}\bstream(?:ing)?\b|\bstream(?:ing)?\b[\s\S]{0,20}(?:not supported|unsupported|not available|not allowed|disabled|must be false)/i,
  },
  {
    // Mistral, also where vLLM and gateways speak for it; the template of gpt-oss, if there are thoughts as well.
    quirk: "noTextWithCalls",
    about: "hasTextWithCalls",
    words:
      /content or tool_?calls[\s\S]{0,20}not both|both[\s\S]{0,20}content[\s\S]{0,20}tool_?calls|both content and thinking/i,
  },
  {
    // Llama's template, at vLLM, llama.cpp and whoever runs it.
    quirk: "oneCallAtOnce",
    about: "hasSeveralCalls",
    words:
      /single tool[ _-]?call|one tool[ _-]?call (?:at|per)|(?:multiple|parallel) (?:tool|function)[ _-]?(?:calls?|calling)[\s\S]{0,30}(?:not|n't|unsupported)|(?:not|n't) support (?:multiple|parallel)/i,
  },
  {
    // llama-cpp-python, TGI, NIM, SambaNova, xAI, what reads requests by pydantic or serde, and templates that take it for a text.
    quirk: "noNullContent",
    about: "hasBareCalls",
    words:
      /at least one (?:non-empty )?content element|\bcontent\b[\s\S]{0,80}(?:\bnull\b|none is not|valid string|required|missing)|invalid message content type|missing field `?content|invalid type: null|received null|NoneType|\bNone'? has no (?:attribute|element)|value is not [a-z ]{0,20}: null/i,
  },
  {
    // Gemini; Moonshot, DeepSeek and those that imitate Anthropic with thoughts.
    quirk: "noForeignCalls",
    words:
      /thought_?signature|reasoning_content[\s\S]{0,60}(?:is missing|is required|passed back)|missing[\s\S]{0,20}reasoning_content|thinking[\s\S]{0,40}passed back|expected `?thinking/i,
  },
  {
    // Groq, Mistral, Cerebras, Fireworks.
    quirk: "noOwnFields",
    about: "hasOwnFields",
    words:
      /(?:reasoning|thinking_blocks|extra_content|provider_specific_fields|tool_calls)[\s\S]{0,80}(?:unsupported|not supported|not permitted|not allowed|unknown|unrecognized|cannot find field|no such field)|(?:unknown|unrecognized|unexpected|extra|additional|not permitted|not allowed|unsupported)[\s\S]{0,80}(?:reasoning|thinking_blocks|extra_content|provider_specific_fields|tool_calls)/i,
  },
  {
    // Before schemas, of which its words may be a part: "Invalid 'tools[0].function.description': string too long."
    quirk: "noLongDescriptions",
    words: /function\.description|tools\[\d{1,3}\]\.description/i,
  },
  {
    // OpenAI, Gemini, Anthropic, Moonshot, Groq, llama.cpp, Bedrock, xAI, Fireworks, LM Studio, and the libraries that hold vLLM and SGLang to a schema.
    quirk: "noRichSchemas",
    about: "hasTools",
    words:
      /schema for function|function_?declaration|input_?schema|flavored json schema|json schema for tool|parse grammar|schema conversion|function\.parameters|(?:tool|function) (?:parameters|schema)|property keys|too many states|(?:unsupported|unrecognized|unknown|unimplemented) key(?:words?\b|s:)|schema contains features|schema (?:is )?not supported: could/i,
    unless: /response_?format|text\.format|output_?(?:config|format)/i,
  },
  {
    quirk: "noEncryptedReasoning",
    words: /encrypted content is not|reasoning\.encrypted_content|'include'/i,
  },
  {
    // OpenAI's older models, DeepSeek, Groq, Azure's older versions, Anthropic's older models, Bedrock, and those that imitate Anthropic.
    quirk: "noOutputSchema",
    about: "hasOutputSchema",
    words:
      /(?:response_?format|json_schema|text\.format|structured[ _]outputs?|output_?(?:config|format))[\s\S]{0,100}(?:not support|unsupported|unavailable|not available|unknown|unrecognized|not permitted|not allowed|enabled only|must be)|(?:not support|n't support|unsupported|unknown|unrecognized|unexpected)[\s\S]{0,60}(?:response_?format|response format|json_schema|text\.format|structured[ _]outputs?|output_?(?:config|format))/i,
    unless: ABOUT_ONE_SCHEMA,
  },
  {
    // DeepSeek and Claude while they think, vLLM without a parser, LM Studio, which takes no name.
    quirk: "noForcedCalls",
    about: "mustCall",
    words: /tool[_ ]?choice|forces tool use|forced (?:tool|function)/i,
  },
  { quirk: "noToolChoice", words: /tool_choice/i },
  {
    // Mistral; Bedrock and Claude behind gateways, which take no dots and colons.
    quirk: "nineLetterIds",
    about: "hasCalls",
    words:
      /tool[ _]call[ _]id[\s\S]{0,120}(?:length of 9|a-z, A-Z, 0-9)|(?:tool_?use_?id|tool_?use\.id|tool_?call_?id|tool_calls[\s\S]{0,20}\.id)[\s\S]{0,120}(?:pattern|regular expression)/i,
  },
  {
    quirk: "noTools",
    words:
      /does(?: not|n't) support (?:tool|function)|(?:tools?|functions?|function calling|tool use|tool calling)[\s\S]{0,20}(?:not supported|unsupported|not available)|extra[\s\S]{0,40}tools|\btools\W{1,4}extra inputs|(?:unknown|unrecognized|unexpected|unsupported)[\s\S]{0,40}\btools\b(?!\W?[.[]\w)|(?:not|n't) support param[\s\S]{0,20}\btools\b|tools is not|function calling not support|requires --jinja|--enable-auto-tool-choice|--tool-call-parser|tool call parser is not|function calling is not enabled|no endpoints found that support tool/i,
  },
  {
    quirk: "noSystem",
    words:
      /system (?:role|message|prompt)s?[\s\S]{0,20}not supported|does(?: not|n't) support '?system|developer instruction is not enabled|only user and assistant roles|roles (?:must|should) (?:be )?alternat|(?:unexpected role|unknown variant)\W{1,3}system|should be 'user' or 'assistant'/i,
  },
  {
    // Gemma's and Mistral's templates; llama-cpp-python, TGI and others that know no results of tools.
    quirk: "noTools",
    about: "hasCalls",
    words:
      /only user and assistant roles|roles (?:must|should) (?:be )?alternat|(?:unknown|unsupported|invalid|unexpected)[\s\S]{0,20}\brole[\s\S]{0,20}\btool\b|\brole[\s\S]{0,12}\btool\b[\s\S]{0,20}(?:not supported|not allowed|unknown|invalid)|should be (?:'system', )?'user' (?:or|and) 'assistant'|'tool' is not one of/i,
    // The order of the roles is wrong, and not one of them.
    unless: /after role|must follow|preceding/i,
  },
];

/** Anthropic: "max_tokens: 16384 > 4096"; DeepSeek: "the valid range of max_tokens is [1, 8192]"; Bedrock; OpenAI; Moonshot, Groq and others. */
const OUTPUT_LIMITS = [
  /max_tokens: \d{1,9} > (\d{1,9})/,
  /range of max_tokens is \[\d, ?(\d{1,9})/,
  /maximum tokens you requested exceeds the model limit of (\d{1,9})/,
  /max_[a-z_]{0,20}tokens[\s\S]{0,80}supports at most (\d{1,9})/,
  /max_[a-z_]{0,20}tokens\W{0,3} (?:must|should|can(?:not)?) be (?:at most|less|lower|smaller|greater|more|<)[a-z= ]{0,20}\W{0,3}(\d{1,9})/,
];
/** What is less is no limit of any model, but the least that one must ask for. */
const LEAST_OUTPUT = 16;
/** The part of a window that is kept for the answer. A request may ask for more than a whole small one. */
const OUTPUT_SHARE = 0.15;

/** How much a request may ask for, if a failure tells; `asked`: how much the refused one did, 0 if it named no limit. */
function outputLimitIn({ kind, message, tokenLimit }: AttemptFailure, asked = 0): number {
  const isTooLong = kind === "too_long";
  if (isTooLong && asked === 0) return Number.POSITIVE_INFINITY;
  const told = OUTPUT_LIMITS.map((words) => words.exec(message)?.[1]).find(Boolean);
  if (told !== undefined) return Number(told);
  const share = Math.floor((tokenLimit ?? Number.POSITIVE_INFINITY) * OUTPUT_SHARE);
  return isTooLong && share < asked ? share : Number.POSITIVE_INFINITY;
}

/** The names under which operators see quirks and set them. */
const NAMES = {
  noStreamOptions: "stream_options",
  noStreaming: "streaming",
  noToolChoice: "tool_choice",
  noForcedCalls: "forced_calls",
  noOutputSchema: "output_schema",
  noTools: "tools",
  noNullContent: "null_content",
  noTextWithCalls: "text_with_calls",
  oneCallAtOnce: "several_calls",
  noSystem: "system_messages",
  nineLetterIds: "long_call_ids",
  noEncryptedReasoning: "encrypted_reasoning",
  noForeignCalls: "foreign_calls",
  noOwnFields: "own_fields",
  noRichSchemas: "rich_schemas",
  noLongDescriptions: "long_descriptions",
  noThoughtMark: "thought_mark",
  noImages: "images",
  noPdfs: "pdfs",
} as const satisfies Record<Exclude<keyof Quirks, "maxTokens" | "readsPdfs">, string>;

type Named = keyof typeof NAMES;
const NAMED = Object.keys(NAMES) as Named[];

export type Unsupported = (typeof NAMES)[Named];
export const UNSUPPORTED: readonly Unsupported[] = Object.values(NAMES);

/** Names that no version knows are left out. */
export const quirksOf = (names: readonly string[]): Quirks =>
  Object.fromEntries(NAMED.filter((quirk) => names.includes(NAMES[quirk])).map((quirk) => [quirk, true]));

export const namesOf = (quirks: Quirks): Unsupported[] =>
  NAMED.filter((quirk) => quirks[quirk]).map((quirk) => NAMES[quirk]);

export interface KnownQuirks {
  of(model: string): Quirks;
  /** Learns from a refusal of a request. Returns false when it tells nothing new, so that asking again would be refused again. */
  learn(model: string, failure: AttemptFailure, request?: RequestFacts): boolean;
  /** Keeps what an answer has shown. */
  add(model: string, news: Quirks): void;
  /** Forgets one thing that was learned of a model. */
  drop(model: string, quirk: keyof Quirks): void;
  /** Forgets what was learned. */
  forget(): void;
}

export interface QuirkOptions {
  /** What is known without having been learned here. */
  known?: (model: string) => Quirks;
  /** Called with what was just learned. */
  onLearn?: (model: string, learned: Quirks) => void;
}

export function createKnownQuirks({ known = () => ({}), onLearn }: QuirkOptions = {}): KnownQuirks {
  const learned = new Map<string, Quirks>();
  const of = (model: string) => ({ ...known(model), ...learned.get(model) });
  const add = (model: string, news: Quirks): true => {
    learned.set(model, { ...learned.get(model), ...news });
    onLearn?.(model, news);
    return true;
  };
  return {
    of,
    add: (model, news) => void add(model, news),
    learn(model, failure, facts = NO_FACTS) {
      const quirks = of(model);
      const limit = outputLimitIn(failure, facts.outputTokens);
      if (limit >= LEAST_OUTPUT && limit < (quirks.maxTokens ?? Number.POSITIVE_INFINITY))
        return add(model, { maxTokens: limit });
      // Errors of a chat template are a 500 with several servers, and have no status within a stream.
      if (failure.kind !== "refused" && failure.kind !== "server") return false;
      const found = COMPLAINTS.find(
        ({ quirk, about, words, unless }) =>
          !quirks[quirk] &&
          (!about || facts[about]) &&
          words.test(failure.message) &&
          !unless?.test(failure.message),
      );
      return found !== undefined && add(model, { [found.quirk]: true });
    },
    drop(model, quirk) {
      const { [quirk]: _dropped, ...others } = learned.get(model) ?? {};
      learned.set(model, others);
    },
    forget: () => learned.clear(),
  };
}
