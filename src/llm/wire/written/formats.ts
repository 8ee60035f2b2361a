// How models mark the calls that they write. The marks are those of the models' own templates.

import { readJsonCalls } from "./json-calls.ts";
import { readGemmaCalls, readPythonCalls } from "./literal-calls.ts";
import { readDeepSeekCalls, readKimiCalls, readMistralCall } from "./named-calls.ts";
import { readKeyedCall, readTaggedCalls } from "./tagged-calls.ts";
import type { ReadCalls } from "./written-call.ts";

export interface Format {
  /** The first of these ends a block; without one it goes on to the end of the text. */
  closings: readonly string[];
  read: ReadCalls;
  /** Its opening belongs to what is read. */
  isWhole?: true;
  /** Ordinary text may contain the mark as well: a block that is not a call stays. */
  isPlain?: true;
}

/** JSON, tags, or GLM's keys. */
const readAny: ReadCalls = (text, schemaOf) => {
  if (/^[{[]/.test(text)) return readJsonCalls(text, schemaOf);
  const tagged = readTaggedCalls(text, schemaOf);
  return tagged.length > 0 ? tagged : readKeyedCall(text, schemaOf);
};

const readPythonOrJson: ReadCalls = (text, schemaOf) => {
  const calls = readPythonCalls(text);
  return calls.length > 0 ? calls : readJsonCalls(text, schemaOf);
};

const readMistral: ReadCalls = (text, schemaOf) =>
  /^[{[]/.test(text) ? readJsonCalls(text, schemaOf) : readMistralCall(text);

const readPlain: ReadCalls = (text, schemaOf) => {
  const tagged = readTaggedCalls(text, schemaOf);
  return tagged.length > 0 ? tagged : readPythonOrJson(text, schemaOf);
};

const readInternLm: ReadCalls = (text, schemaOf) =>
  readJsonCalls(text.replace(/^<\|(?:plugin|interpreter)\|>/, ""), schemaOf);

const tagged = (closing: string): Format => ({ closings: [closing], read: readTaggedCalls });
const json = (closing: string): Format => ({ closings: [closing], read: readJsonCalls });

const FORMATS = new Map<string, Format>([
  // Hermes, Qwen, GLM, Granite, MiMo
  ["<tool_call>", { closings: ["</tool_call>"], read: readAny }],
  // MiniMax M1, Hunyuan, Jamba
  ["<tool_calls>", { closings: ["</tool_calls>"], read: readPlain, isPlain: true }],
  // Mistral
  ["[TOOL_CALLS]", { closings: ["[/TOOL_CALLS]", "[TOOL_CALLS]", "</s>"], read: readMistral }],
  // Llama
  ["<|python_tag|>", { closings: ["<|eom_id|>", "<|eot_id|>"], read: readPythonOrJson }],
  ["<|python_start|>", { closings: ["<|python_end|>"], read: readPythonOrJson }],
  ["<function=", { closings: ["</function>"], read: readTaggedCalls, isWhole: true }],
  ["<function name=", { closings: ["</function>"], read: readTaggedCalls, isWhole: true, isPlain: true }],
  // Kimi
  ["<|tool_calls_section_begin|>", { closings: ["<|tool_calls_section_end|>"], read: readKimiCalls }],
  ["<|tool_call_begin|>", { closings: ["<|tool_call_end|>"], read: readKimiCalls, isWhole: true }],
  // DeepSeek
  ["<｜tool▁calls▁begin｜>", { closings: ["<｜tool▁calls▁end｜>"], read: readDeepSeekCalls }],
  ["<｜tool▁call▁begin｜>", { closings: ["<｜tool▁call▁end｜>"], read: readDeepSeekCalls, isWhole: true }],
  ["<｜DSML｜function_calls", tagged("</｜DSML｜function_calls>")],
  ["<｜DSML｜tool_calls", tagged("</｜DSML｜tool_calls>")],
  ["<｜DSML｜invoke", { ...tagged("</｜DSML｜invoke>"), isWhole: true }],
  // MiniMax M2, Seed, Step
  ["<minimax:tool_call>", tagged("</minimax:tool_call>")],
  ["<seed:tool_call>", tagged("</seed:tool_call>")],
  ["<steptml:invoke ", { ...tagged("</steptml:invoke>"), isWhole: true }],
  // Models that have learned from Claude's, and OLMo
  ["<function_calls>", { closings: ["</function_calls>"], read: readPlain, isPlain: true }],
  ["<invoke name=", { closings: ["</invoke>"], read: readTaggedCalls, isWhole: true, isPlain: true }],
  // LongCat, Nemotron, Granite, Command, InternLM, Apertus
  ["<longcat_tool_call>", { closings: ["</longcat_tool_call>"], read: readAny }],
  ["<TOOLCALL>", json("</TOOLCALL>")],
  ["<|tool_call|>", { closings: ["<|/tool_call|>", "</tool_call>"], read: readJsonCalls }],
  ["<|START_ACTION|>", json("<|END_ACTION|>")],
  ["<|action_start|>", { closings: ["<|action_end|>"], read: readInternLm }],
  ["<|tools_prefix|>", json("<|tools_suffix|>")],
  // Gemma, LFM
  ["<|tool_call>", { closings: ["<tool_call|>"], read: readGemmaCalls }],
  ["<start_function_call>", { closings: ["<end_function_call>"], read: readGemmaCalls }],
  ["<|tool_call_start|>", { closings: ["<|tool_call_end|>"], read: readPythonOrJson }],
]);

/** Servers print DeepSeek's bars and blanks in several ways. */
const BARS = /<(\/?)[|｜‖]{1,2} ?DSML ?[|｜‖]{1,2} ?/g;
const BLANKS = /<[|｜]tool[▁_ ](?:(calls?|outputs?)[▁_ ](begin|end)|sep)[|｜]>/g;

/** The text with every mark in the one form in which it is looked for. */
export function withUsualMarks(text: string): string {
  const bars = text.includes("DSML") ? text.replace(BARS, "<$1｜DSML｜") : text;
  // The marks of other models have the same words.
  if (!/[|｜]tool[▁_ ]sep[|｜]/.test(bars)) return bars;
  return bars.replace(BLANKS, (_, what?: string, place?: string) =>
    what && place ? `<｜tool▁${what}▁${place}｜>` : "<｜tool▁sep｜>",
  );
}

/** Every mark, in each of its forms. */
export const OPENINGS =
  /<(?:tool_calls?|TOOLCALL|function_calls|(?:minimax|seed):tool_call|longcat_tool_call|start_function_call)>|<function(?:=| name=)|<steptml:invoke |<invoke name=|\[TOOL_CALLS\]|<\|(?:python_tag|python_start|tool_calls_section_begin|tool_call_begin|tool_call_start|tool_call|START_ACTION|action_start|tools_prefix)\|>|<\|tool_call>|<[|｜]tool[▁_ ]calls?[▁_ ]begin[|｜]>|<[|｜‖]{1,2} ?DSML ?[|｜‖]{1,2} ?(?:function_calls|tool_calls|invoke)/g;

export const LONGEST_OPENING = "<|tool_calls_section_begin|>".length;

/** Of a mark in its usual form. */
export const formatOf = (mark: string): Format | undefined => FORMATS.get(mark);
