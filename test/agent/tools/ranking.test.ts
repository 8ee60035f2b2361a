import { expect, test } from "bun:test";
import { createToolRanking } from "../../../src/agent/tools/ranking.ts";

const tool = (name: string, description: string) => ({ name, description });
const TOOLS = [
  tool("github_create_issue", "Open an issue."),
  tool("github_get_issue", "Read an issue with its comments."),
  tool("github_post_comment", "Post a comment on an issue or pull request."),
  tool("github_list_prs", "List pull requests."),
  tool("lightsTurnOn", "Switch lamps on in a room."),
  tool("weather_forecast", "Tells what the weather will be."),
  tool("tenki", "東京の天気予報を調べる。"),
  tool("empty", ""),
];
const rank = createToolRanking();
const found = (query: string) => rank(TOOLS, query).map(({ name }) => name);

test("the tool that fits best comes first, whatever form its words have", () => {
  expect(found("creating issues")[0]).toBe("github_create_issue");
  expect(found("posting comments")[0]).toBe("github_post_comment");
  expect(found("lights")[0]).toBe("lightsTurnOn");
  expect(found("FORECASTS")[0]).toBe("weather_forecast");
  expect(found("天気")).toEqual(["tenki"]);
  expect(found("pull requests").slice(0, 2).sort()).toEqual(["github_list_prs", "github_post_comment"]);
});

test("what does not fit at all is left out", () => {
  expect(found("parachute")).toEqual([]);
  expect(found("?! ...")).toEqual([]);
  expect(found("constructor __proto__")).toEqual([]);
  expect(rank([], "issue")).toEqual([]);
});

test("equal tools come by name, in whatever order they are given", () => {
  const same = ["c", "a", "b"].map((letter) => tool(`get_${letter}x`, "Reads."));
  expect(rank(same, "reads").map(({ name }) => name)).toEqual(["get_ax", "get_bx", "get_cx"]);
  expect(rank(same.toReversed(), "reads").map(({ name }) => name)).toEqual(["get_ax", "get_bx", "get_cx"]);
});
