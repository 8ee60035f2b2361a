import { expect, test } from "bun:test";
import { countTests, failuresByFile, secondsByFile } from "./junit-report.ts";

test("the totals come from the root element, not from a file", () => {
  const report = `<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="bun test" tests="7" assertions="9" failures="2" skipped="1" time="0.1">
      <testsuite name="a.test.ts" tests="3" failures="0" skipped="0"></testsuite>
    </testsuites>`;
  expect(countTests(report)).toEqual({ passed: 4, failed: 2, skipped: 1 });
});

test("a missing report counts as no tests", () => {
  expect(countTests("")).toEqual({ passed: 0, failed: 0, skipped: 0 });
});

test("the failures of a file are counted once", () => {
  const report = `<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="bun test" tests="7" failures="2">
      <testsuite name="test/a.test.ts" file="test/a.test.ts" tests="3" assertions="9" failures="0" skipped="0"></testsuite>
      <testsuite name="test/b.test.ts" file="test/b.test.ts" tests="4" assertions="9" failures="2" skipped="0">
        <testsuite name="inner" file="test/b.test.ts" line="9" tests="4" failures="2"></testsuite>
      </testsuite>
    </testsuites>`;
  expect([...failuresByFile(report)]).toEqual([["test/b.test.ts", 2]]);
  expect(failuresByFile("").size).toBe(0);
});

test("the time of a file includes all its suites", () => {
  const report = `<testsuites name="bun test" tests="3" failures="0" time="9">
      <testsuite name="test/a.test.ts" file="test/a.test.ts" tests="1" failures="0" time="2.5">
        <testsuite name="inner" file="test/a.test.ts" line="9" tests="1" failures="0" time="1.25"></testsuite>
      </testsuite>
      <testsuite name="test/b.test.ts" file="test/b.test.ts" tests="1" failures="0" time="0.5"></testsuite>
    </testsuites>`;
  expect([...secondsByFile(report)]).toEqual([
    ["test/a.test.ts", 2.5],
    ["test/b.test.ts", 0.5],
  ]);
});
