// Reads the JUnit report that `bun test` writes.

export interface TestCount {
  passed: number;
  failed: number;
  skipped: number;
}

/** Reads the totals, which are attributes of the root element. */
export function countTests(report: string): TestCount {
  const root = /<testsuites\b[^>]*>/.exec(report)?.[0] ?? "";
  const total = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(root)?.[1] ?? 0);
  const failed = total("failures") + total("errors");
  const skipped = total("skipped");
  return { passed: total("tests") - failed - skipped, failed, skipped };
}

/** Counts the failed tests of each file that has any. */
export function failuresByFile(report: string): Map<string, number> {
  return new Map([...byFile(report, "failures")].filter(([, failed]) => failed > 0));
}

/** Returns the seconds that each file took. */
export const secondsByFile = (report: string): Map<string, number> => byFile(report, "time");

function byFile(report: string, attribute: "failures" | "time"): Map<string, number> {
  const values = new Map<string, number>();
  for (const [suite] of report.matchAll(/<testsuite\b[^>]*>/g)) {
    const value = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(suite)?.[1];
    const file = value("file");
    // The suite of a whole file includes its nested suites.
    if (file) values.set(file, Math.max(Number(value(attribute) ?? 0), values.get(file) ?? 0));
  }
  return values;
}
