// What came of the fixtures: a table for people, and JUnit's XML for machines.

import type { Outcome } from "./expectations.ts";

export interface Result {
  name: string;
  file: string;
  bot: string;
  /** Undefined: it could not be run. */
  outcome: Outcome | undefined;
  seconds: number;
  /** None: it passed. */
  problems: string[];
}

const MARGIN = 2;

export function table(results: readonly Result[]): string {
  const width = Math.max(...results.map(({ name }) => name.length)) + MARGIN;
  const lines = results.flatMap(({ name, outcome, seconds, problems }) => [
    `${problems.length === 0 ? "pass" : "FAIL"}  ${name.padEnd(width)}${outcome ? factsOf(outcome, seconds) : ""}`.trimEnd(),
    ...problems.map((problem) => `      ${problem}`),
  ]);
  const failed = results.filter(({ problems }) => problems.length > 0).length;
  const count = `${results.length} ${results.length === 1 ? "fixture" : "fixtures"}`;
  return [...lines, "", failed === 0 ? `${count}, all passed` : `${count}, ${failed} failed`].join("\n");
}

function factsOf({ modelCalls, tokens, costUsd, calls }: Outcome, seconds: number): string {
  const tools = `${calls.length} tool ${calls.length === 1 ? "call" : "calls"}`;
  const cost = costUsd === null ? "cost unknown" : `$${costUsd.toFixed(4)}`;
  return `${modelCalls} model ${modelCalls === 1 ? "call" : "calls"}, ${tools}, ${tokens} tokens, ${cost}, ${seconds.toFixed(1)} s`;
}

export function junit(results: readonly Result[]): string {
  const failed = results.filter(({ problems }) => problems.length > 0).length;
  const total = results.reduce((sum, { seconds }) => sum + seconds, 0);
  const cases = results.map(({ name, bot, seconds, problems, outcome }) => {
    const open = `    <testcase name="${xml(name)}" classname="${xml(bot)}" time="${seconds.toFixed(3)}">`;
    const failure =
      problems.length === 0
        ? []
        : [`      <failure message="${xml(problems[0] ?? "")}">${xml(problems.join("\n"))}</failure>`];
    const said = outcome ? [`      <system-out>${xml(outcome.text)}</system-out>`] : [];
    return [open, ...failure, ...said, "    </testcase>"].join("\n");
  });
  const numbers = `tests="${results.length}" failures="${failed}" time="${total.toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${numbers}>`,
    `  <testsuite name="heddle eval" ${numbers}>`,
    ...cases,
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

const ENTITIES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** Control characters, which XML cannot contain, are left out. */
const xml = (text: string): string =>
  text.replace(/[^\P{Cc}\t\n\r]/gu, "").replace(/[&<>"]/g, (one) => ENTITIES[one] ?? one);
