import { expect, test } from "bun:test";
import { searchableText } from "../../src/search/lexemes.ts";

const tokens = (text: string) => searchableText(text).split(/\s+/).filter(Boolean);

test.each([
  ["Straße Ünder ÉTÉ", ["straße", "ünder", "été"]],
  ["東京都庁", ["東京", "京都", "都庁"]],
  ["日本語とEnglish混在", ["日本", "本語", "語と", "english", "混在"]],
  ["木", ["木"]],
  ["안녕하세요 세계", ["안녕", "녕하", "하세", "세요", "세계"]],
  ["ラーメン、美味しい。", ["ラー", "ーメ", "メン", "美味", "味し", "しい"]],
  ["ｆｕｌｌｗｉｄｔｈ", ["fullwidth"]],
  ["src/http/app.ts", ["src", "http", "app", "ts"]],
  ["mail me@example.org", ["mail", "me", "example", "org"]],
  ["C:\\Users", ["c", "users"]],
  ["version 1.4.5", ["version", "1.4.5"]],
  ["“quoted” — dash…", ["quoted", "dash"]],
  ["a\0b c\ud800", ["a", "b", "c"]],
])("%p becomes %p", (text, expected) => {
  expect(tokens(text)).toEqual(expected);
});

test("texts are split only between letters, including those beyond the basic plane", () => {
  expect(tokens("1.a 1.1 𐐀.1 ..x ../.. a.")).toEqual(["1", "a", "1.1", "𐐨", "1", "x", "../..", "a"]);
});

test("more combining marks than any language needs are dropped", () => {
  const marks = "\u0301\u0316".repeat(50_000);
  expect(searchableText(`a${marks}b`).length).toBeLessThan(40);
});
