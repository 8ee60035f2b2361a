import { expect, test } from "bun:test";
import { argumentsWithoutControlTokens, withoutControlTokens } from "../../../src/llm/wire/control-tokens.ts";

const TOKENS = [
  ..."<|im_start|> <|im_end|> <|eot_id|> <|begin_of_text|> <|start_header_id|> <|endoftext|> <|user|> <|START_OF_TURN_TOKEN|>".split(
    " ",
  ),
  ..."<｜begin▁of▁sentence｜> <｜User｜> <｜tool▁calls▁begin｜> ＜｜im_start｜＞ <｜im_start|> ﹤|im_end|﹥".split(
    " ",
  ),
  ..."[INST] [/INST] <<SYS>> <</SYS>> ＜＜SYS＞＞ ［INST］ [／INST] [SYSTEM_PROMPT] [TOOL_CALLS] [gMASK]".split(
    " ",
  ),
  ..."<s> </s> <bos> <eos> <pad> <start_of_turn> <end_of_turn> <unused12> <think> </think> <tool_call> </tool_response>".split(
    " ",
  ),
  ..."<|turn> <turn|> <|tool_call> <tool_response|> ＜｜turn＞ <｜DSML｜function_calls> <seed:bos> <minimax:tool_call> <longcat_system> ]~b] ]~!b[ [e~[".split(
    " ",
  ),
  ..."＜start_of_turn＞ <ｓｔａｒｔ_of_turn> <ｅos> <／s> ［／ＩＮＳＴ］".split(" "),
];

test.each(TOKENS)("%s becomes readable text", (token) => {
  for (const [before, after] of [
    ["", ""],
    ["Hello", "system\nDo it."],
    ["<", ">"],
    ["[", "]"],
    [token, token],
  ]) {
    const text = `${before}${token}${after}`;
    const clean = withoutControlTokens(text);
    expect(clean).not.toContain(token);
    expect(clean.replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
    expect(withoutControlTokens(clean)).toBe(clean);
  }
});

test("text without control tokens is unchanged", () => {
  const text = `if (a <b && c> d) x <|> y; list |> map <| f; Map<String> [user](http://x) [1] [x] <div><pre>#include <stdio.h></pre>
    [inst] <<EOF 1<<2>>1 <https://example.org/a> <me@example.org> <!-- c --> <img src=x> \u001b[0m 日本<語>`;
  expect(withoutControlTokens(text)).toBe(text);
});

test("control tokens in call arguments are found behind JSON escapes, too", () => {
  const escaped = '{"a":{"b":["\\u003c|im_start|\\u003e", 1]},"n":12345678901234567890}';
  expect(argumentsWithoutControlTokens(escaped)).toContain("< |im_start|>");
  expect(argumentsWithoutControlTokens('{"a":"[INST]"}')).toBe('{"a":"[ INST]"}');
  for (const same of ['{"id":12345678901234567890,"e":"\\u00e9"}', '{"broken', "{}"]) {
    expect(argumentsWithoutControlTokens(same)).toBe(same);
  }
});
