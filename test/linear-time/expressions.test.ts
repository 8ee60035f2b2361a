// No regular expression on outside text may take more than linear time. This test reads the source, so new expressions
// are found automatically.

import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { analyse } from "scslre";
import { attacks, type Expression, expressionsIn } from "./expressions.ts";
import { growthOf } from "./growth.ts";

const ROOT = join(import.meta.dir, "../..");
const { literals, built } = expressionsIn(ROOT, ["src", "integrations"]);

/** Superlinear expressions that outside text never reaches, by file and source, each with the reason. */
const INSIDE: Record<string, string> = {
  "src/sdk/rest.ts /\\/+$/": "HEDDLE_URL, which the supervisor or the operator sets",
  "src/cli/client/connect.ts /\\/+$/": "an address that the operator gives to the command line",
  "integrations/github/client.ts /\\/+$/": "GITHUB_API_URL, a setting of the operator",
  "src/authoring/check/rules/secrets.ts *": "reads an author's own code, in a process of its own",
  "src/authoring/check/rules/parts.ts *": "reads an author's own code, in a process of its own",
  "src/authoring/check/rules/webhooks.ts *": "reads an author's own code, in a process of its own",
  "src/authoring/check/rules/verifiers.ts *": "reads an author's own code, in a process of its own",
  "src/authoring/check/rules/people.ts *": "reads an author's own code, in a process of its own",
  "src/db/embedded.ts *": "reads statements of pg-boss, in which parameters do not stand",
};

/** Expressions built at run time, which cannot be checked here. */
const BUILT: Record<string, string> = {
  "src/sdk/settings.ts": "the pattern in the schema of an integration's setting, on the operator's value",
  "src/authoring/check/rules/content.ts": "an integration's id, on an author's own code",
  "src/authoring/check/rules/settings.ts": "names that an author's own code gives its settings",
  "src/authoring/check/executed-checks.ts": "one of two fixed words, on the output of an author's own tests",
  "src/authoring/dev/script.ts": "an author's script of answers, in development only",
  "src/sdk/testing-process/rest-server.ts": "constant routes of the server that an author's tests start",
  "src/llm/wire/stop-marks.ts": "constant marks, all of them escaped",
  "src/llm/wire/thought-marks.ts": "constant marks, put together of expressions that are checked",
  "src/schema/json-schema.ts": "the patterns of schemas, made to see whether they are any, and not used",
  "src/runtime/host-plugins.ts": "the name of a module of Heddle's, escaped",
  "src/runtime/only-bundled.ts": "the name of a module of Heddle's",
  "src/runtime/modules.ts": "the workspace's path, escaped",
};

const nameOf = ({ file, source, flags }: Expression) => `${file} /${source}/${flags}`;
const isInside = (expression: Expression) => nameOf(expression) in INSIDE || `${expression.file} *` in INSIDE;
const outside = literals.filter((expression) => !isInside(expression));

/** Describes an attack that takes superlinear time; undefined if there is none. */
function steepest({ source, flags }: Pick<Expression, "source" | "flags">, scale = 1): string | undefined {
  const expression = new RegExp(source, flags);
  const longer = attacks({ source, flags }, 40_000 * scale);
  for (const [index, text] of attacks({ source, flags }, 2_500 * scale).entries()) {
    const work = (on: string) => () => void on.replace(expression, "");
    const { small, large, isSteep } = growthOf(work(text), work(longer[index] ?? ""), 16);
    if (isSteep)
      return `${small.toFixed(1)} → ${large.toFixed(1)} ms on ${JSON.stringify(text.slice(0, 60))}`;
  }
  return undefined;
}

describe("expressions", () => {
  test("are found", () => {
    expect(literals.length).toBeGreaterThan(100);
  });

  test("have no adjacent repeats that can match the same text", () => {
    const steep = outside.filter(({ source, flags }) => analyse({ source, flags }).reports.length > 0);
    expect(steep.map((expression) => `${expression.place} ${nameOf(expression)}`)).toEqual([]);
  });

  test("take linear time on any text", () => {
    const seen = new Set<string>();
    const steep: string[] = [];
    for (const expression of outside) {
      const { source, flags, place } = expression;
      const key = `/${source}/${flags}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const found = steepest(expression);
      if (found) steep.push(`${place} ${key}: ${found}`);
    }
    expect(steep).toEqual([]);
  }, 120_000);

  test("built at run time are listed", () => {
    expect([...new Set(built.map(({ file }) => file))].filter((file) => !(file in BUILT))).toEqual([]);
  });

  test("listed as exceptions still exist", () => {
    const names = new Set(literals.flatMap((one) => [nameOf(one), `${one.file} *`]));
    expect(Object.keys(INSIDE).filter((name) => !names.has(name))).toEqual([]);
    const files = new Set(built.map(({ file }) => file));
    expect(Object.keys(BUILT).filter((file) => !files.has(file))).toEqual([]);
  });
});

describe("the search for steep expressions finds", () => {
  const finds = ({ source, flags }: RegExp): boolean => {
    if (analyse({ source, flags }).reports.length > 0) return true;
    // On a busy machine one measurement may hide the growth, and a fast one is done with short texts before it shows.
    return [1, 2, 4].some((scale) => steepest({ source, flags }, scale) !== undefined);
  };
  test.each([
    [/\/+$/],
    [/(?<=\p{L})[./:@]+|[./:@]+(?=\p{L})/gu],
    [/\b(with|assert)\s*\{[^}]*macro[^}]*\}/],
    [/^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$/],
    [/"(?:[^"\\]|\\.)*"|[{}]/gs],
    [/<(?=\s*\/?\s*tag)/g],
    [/<(style|script)[\s\S]*?<\/\1>/g],
    [/(a+)+$/],
  ])("%p", (expression) => {
    expect(finds(expression)).toBe(true);
  });
  test("nothing in harmless expressions", () => {
    expect([/^[a-z]+$/, /\{\{([^{}]*)\}\}/g, /\s+/g, /<(?=\s*(?:\/\s*)?tag)/g].filter(finds)).toEqual([]);
  });
});
