import { expect, test } from "bun:test";
import { type Outcome, unmet } from "../../../src/authoring/eval/expectations.ts";
import { junit, table } from "../../../src/authoring/eval/report.ts";

const OUTCOME: Outcome = {
  status: "complete",
  text: "Approved:  no <problems> & no risk.",
  error: null,
  output: undefined,
  calls: [{ tool: "get_pr", arguments: { number: 42, repo: "loom" } }],
  modelCalls: 2,
  tokens: 150,
  costUsd: 0.02,
};

test("each expectation that is not met says what was wanted and what came", () => {
  const cases: [Parameters<typeof unmet>[0], RegExp | undefined, Partial<Outcome>?][] = [
    [{}, undefined],
    [{ status: "failed" }, /must be failed; it is complete/],
    [{}, /must be complete; it is failed: No model/, { status: "failed", error: "No model" }],
    [{ tools: ["get_pr"], no_tools: ["merge"] }, undefined],
    [{ tools: ["merge"] }, /merge must be called; called were get_pr/],
    [{ no_tools: ["get_pr"] }, /get_pr must not be called/],
    [{ calls: [{ tool: "get_pr", arguments: { number: 42 } }] }, undefined],
    [{ calls: [{ tool: "get_pr", arguments: { number: 41 } }] }, /must be called with {"number":41}; got/],
    [{ text: { contains: "approved: no", matches: ["approved*risk.", "*problems*"] } }, undefined],
    [{ text: { contains: ["denied"] } }, /must contain "denied"; got "Approved/],
    [{ text: { excludes: "RISK" } }, /must not contain "RISK"/],
    // The parts do not overlap.
    [{ text: { matches: "a*a" } }, /must match "a\*a"/, { text: "a" }],
    [{ text: { matches: "*no*no*no*" } }, /must match/],
    [{ json: { risk: "low" } }, /must be JSON; got "Approved/],
    [{ json: { risk: "low" } }, undefined, { text: 'Here:\n```json\n{"risk": "low", "more": 1}\n```\n' }],
    [{ json: { list: [1] } }, /must have {"list":\[1\]}; got {"list":\[1,2\]}/, { output: { list: [1, 2] } }],
    [{ max_cost_usd: 0.01 }, /at most \$0.01; it was \$0.020000/],
    [{ max_cost_usd: 0.01 }, /the price of the model is not known/, { costUsd: null }],
    [{ max_tokens: 100 }, /at most 100 tokens; it used 150/],
    [{ max_model_calls: 1 }, /at most 1 model calls; it made 2/],
  ];
  for (const [expected, problem, more] of cases) {
    const found = unmet(expected, { ...OUTCOME, ...more });
    if (problem) expect([found.length, found[0]]).toEqual([1, expect.stringMatching(problem)]);
    else expect(found).toEqual([]);
  }
});

test("a pattern with many stars takes linear time", () => {
  const text = "ab".repeat(100_000);
  expect(unmet({ text: { matches: `${"*a".repeat(5_000)}*c` } }, { ...OUTCOME, text })).toHaveLength(1);
});

test("results are a table, and XML in which texts of models are only text", () => {
  const facts = { file: "a.yaml", bot: "helper", outcome: OUTCOME, seconds: 1.25 };
  const results = [
    { ...facts, name: "a", problems: [] },
    { ...facts, name: "long-name", outcome: undefined, problems: ['Wanted "<x>"\u0007'] },
  ];
  expect(table(results)).toBe(`pass  a          2 model calls, 1 tool call, 150 tokens, $0.0200, 1.3 s
FAIL  long-name
      Wanted "<x>"\u0007

2 fixtures, 1 failed`);
  const xml = junit(results);
  expect(xml).toContain('<failure message="Wanted &quot;&lt;x&gt;&quot;">');
  expect(xml).toContain("no &lt;problems&gt; &amp; no risk.");
  expect(xml).not.toContain("\u0007");
});
