// Calls in tags: Qwen Coder's `<function=name>`, MiniMax's and DeepSeek's `<invoke name="name">`, and GLM's `<arg_key>`.

import { type ReadCalls, type SchemaOf, type WrittenCall, withJson, withTexts } from "./written-call.ts";

/** A name space may stand before each name: "｜DSML｜invoke", "steptml:invoke". */
const CALL = /<(?:｜DSML｜|[a-z]{2,12}:)?(?:function|invoke|tool)(?:=|[ \n]{1,4}name=)/g;
const CALL_END = /<\/(?:｜DSML｜|[a-z]{2,12}:)?(?:function|invoke|tool)>/;
const PARAMETER = /<(?:｜DSML｜|[a-z]{2,12}:)?param(?:eter)?(?:=|[ \n]{1,4}name=)/;
const PARAMETER_END = /<\/(?:｜DSML｜|[a-z]{2,12}:)?param(?:eter)?>/;

export const readTaggedCalls: ReadCalls = (text, schemaOf) => {
  const begins = Array.from(text.matchAll(CALL), ({ index, 0: { length } }) => ({ index, length }));
  return begins.map(({ index, length }, at) => {
    const next = begins[at + 1]?.index ?? text.length;
    const [head, rest] = headOf(text.slice(index + length, next), HEAD_END);
    const end = rest.search(CALL_END);
    return readCall(head, end < 0 ? rest : rest.slice(0, end), schemaOf);
  });
};

function readCall(head: string, body: string, schemaOf: SchemaOf): WrittenCall | undefined {
  const [name] = attributesOf(head);
  // Llama writes JSON between its tags.
  if (body.trimStart().startsWith("{")) return withJson(name, body);
  const [, ...parameters] = body.split(PARAMETER);
  return withTexts(name, parameters.map(readParameter), schemaOf);
}

function readParameter(text: string): [string, string, boolean] {
  const [head, rest] = headOf(text);
  const [name, others] = attributesOf(head);
  const end = rest.search(PARAMETER_END);
  const value = end < 0 ? rest : rest.slice(0, end);
  return [name, value.replace(/^\n/, "").replace(/\n$/, ""), others.includes('string="true"')];
}

/** The end of a tag, which Llama leaves out before JSON. */
const HEAD_END = />|(?=\{)/;

/** What stands before the end of the tag, and what behind. */
function headOf(text: string, ending = />/): [string, string] {
  const found = ending.exec(text);
  return found ? [text.slice(0, found.index), text.slice(found.index + found[0].length)] : ["", ""];
}

/** The name, which may be in quotation marks, and what follows it. */
function attributesOf(head: string): [string, string] {
  const [mark] = head;
  if (mark !== '"' && mark !== "'") return [head.trim(), ""];
  const end = head.indexOf(mark, 1);
  return end < 0 ? ["", ""] : [head.slice(1, end), head.slice(end + 1)];
}

const VALUE = "<arg_value>";

/** The name, then keys and values in turns. A call without arguments is a name alone. */
export const readKeyedCall: ReadCalls = (text, schemaOf) => {
  const [name = "", ...pairs] = text.split("<arg_key>");
  const texts = pairs.map((pair): [string, string] => {
    const value = pair.indexOf(VALUE);
    const end = pair.indexOf("</arg_value>", value);
    return [
      pair.slice(0, Math.max(0, pair.indexOf("</arg_key>"))).trim(),
      value < 0 ? "" : pair.slice(value + VALUE.length, end < 0 ? pair.length : end),
    ];
  });
  return [withTexts(name.replace("<tool_sep>", "").trim(), texts, schemaOf)];
};
