import { expect, test } from "bun:test";
import { countTests } from "./count-tests.ts";

test("reads the totals of the root element, not those of a file", () => {
  const report = `<?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="bun test" tests="7" assertions="9" failures="2" skipped="1" time="0.1">
      <testsuite name="a.test.ts" tests="3" failures="0" skipped="0"></testsuite>
    </testsuites>`;
  expect(countTests(report)).toEqual({ passed: 4, failed: 2, skipped: 1 });
});

test("counts nothing where there is no report", () => {
  expect(countTests("")).toEqual({ passed: 0, failed: 0, skipped: 0 });
});
