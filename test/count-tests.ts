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
