export interface TestCount {
  passed: number;
  failed: number;
  skipped: number;
}

/** The totals of a JUnit report, which stand on its root element. */
export function countTests(report: string): TestCount {
  const root = /<testsuites\b[^>]*>/.exec(report)?.[0] ?? "";
  const total = (name: string) => Number(new RegExp(`\\b${name}="(\\d+)"`).exec(root)?.[1] ?? 0);
  const failed = total("failures") + total("errors");
  const skipped = total("skipped");
  return { passed: total("tests") - failed - skipped, failed, skipped };
}

/** How many tests failed in each file in which one did. */
export function failuresByFile(report: string): Map<string, number> {
  const failures = new Map<string, number>();
  for (const [suite] of report.matchAll(/<testsuite\b[^>]*>/g)) {
    const value = (name: string) => new RegExp(`\\b${name}="([^"]*)"`).exec(suite)?.[1];
    const [file, failed] = [value("file"), Number(value("failures") ?? 0)];
    // The suite of a whole file counts those within it.
    if (file && failed > 0) failures.set(file, Math.max(failed, failures.get(file) ?? 0));
  }
  return failures;
}
