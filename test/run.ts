// `bun run test`: all checks, then all tests, on both databases where a PostgreSQL is to be had. Arguments are handed
// to `bun test` (file names, --test-name-pattern); `--postgres` makes a PostgreSQL for the run, `--fast` runs the tests
// for daily work alone.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check } from "./check.ts";
import { fastTests } from "./fast.ts";
import { countTests, failuresByFile, secondsByFile, type TestCount } from "./junit-report.ts";
import { installMissing, missingConfinements, missingPackages } from "./parts.ts";
import { startPostgres, type TestPostgres, whyNoPostgres } from "./postgres.ts";

const underCi = process.env.CI === "true";
const isFast = process.argv.includes("--fast");
const wantsPostgres = (underCi || process.argv.includes("--postgres")) && !isFast;
const testArguments = process.argv
  .slice(2)
  .filter((argument) => !["--postgres", "--fast"].includes(argument));

/**
 * The optimising compiler for WebAssembly takes a quarter of the time of a file with an embedded database, which ends
 * before it is paid back. Programs that tests start with an environment of their own have it.
 */
const WITHOUT_OPTIMISER = { BUN_JSC_useOMGJIT: "0" };

/** Shown at the end, where they are read. */
const notes: string[] = [];
const failures: string[] = isFast ? [] : check().map((name) => `${name} found something, see above`);

if (!isFast) await haveParts();
const postgres = isFast ? undefined : await havePostgres();
const databaseUrl = isFast ? undefined : (postgres?.url ?? process.env.TEST_DATABASE_URL);
const count = await runTests(databaseUrl, postgres?.root).finally(() => postgres?.stop());
if (count.passed + count.failed === 0) failures.push("no test ran");

const line = "═".repeat(100);
if (notes.length > 0)
  console.log(`\n${line}\nSKIPPED\n${notes.map((note) => `  ${note}`).join("\n")}\n${line}`);
for (const failure of failures) console.log(`FAILED: ${failure}`);
const failed = count.failed + failures.length;
console.log(
  `${count.passed} passed, ${failed} failed${count.skipped > 0 ? `, ${count.skipped} skipped` : ""}`,
);
process.exit(failed === 0 ? 0 : 1);

/** What is missing is installed where no part may be missing, and said everywhere. */
async function haveParts(): Promise<void> {
  const missing = underCi ? installMissing((text) => console.log(`\n── ${text}`)) : missingPackages();
  for (const name of missing) {
    const text = `Tests that need ${name}, which is not installed (Debian: apt-get install ${name}).`;
    if (underCi) failures.push(text);
    else notes.push(text);
  }
  for (const kind of await missingConfinements()) {
    if (!missing.includes(kind))
      notes.push(`Tests of processes confined by ${kind}, which this system does not allow.`);
  }
}

/** A server of the run's own, unless the environment names one or none is wanted. */
async function havePostgres(): Promise<TestPostgres | undefined> {
  if (process.env.TEST_DATABASE_URL) return undefined;
  if (!wantsPostgres) {
    notes.push(
      "Every test on PostgreSQL. Run them with `bun run test:postgres` (root on Debian: makes a PostgreSQL 17 in a",
      "cache folder), or with TEST_DATABASE_URL=postgres://… naming a server with pgvector.",
    );
    return undefined;
  }
  console.log("\n── PostgreSQL");
  const reason = whyNoPostgres();
  if (reason) {
    failures.push(`no PostgreSQL could be made: ${reason}. Set TEST_DATABASE_URL to one with pgvector`);
    return undefined;
  }
  try {
    return await startPostgres((text) => console.log(`   ${text}`), { isDurable: false });
  } catch (error) {
    failures.push(`no PostgreSQL could be made: ${error}`);
    return undefined;
  }
}

/**
 * Two files at a time. What failed in a whole run is run once more, one file after the other: with two cores, and servers
 * in every other file, some wait longer than their tests do. What fails alone, too, has failed.
 */
async function runTests(databaseUrl: string | undefined, root: string | undefined): Promise<TestCount> {
  console.log(`\n── tests (embedded${databaseUrl ? " and PostgreSQL" : ""})`);
  const environment = {
    ...WITHOUT_OPTIMISER,
    TEST_DATABASE_URL: databaseUrl,
    ...(root && { TEST_POSTGRES_ROOT: root }),
  };
  const files = isFast ? fastTests() : [];
  const {
    count,
    failures: byFile,
    seconds,
  } = await bunTest(["--parallel=2", ...files, ...testArguments], environment);
  showSlowest(seconds);
  const inFiles = [...byFile.values()].reduce((sum, failed) => sum + failed, 0);
  // A failure of no file's stays one.
  if (count.failed === 0 || inFiles !== count.failed || testArguments.length > 0) return count;
  const failedIn = [...byFile.keys()];
  console.log(`\n── once more, alone: ${failedIn.join(", ")}`);
  const alone = await bunTest(
    failedIn.map((file) => `./${file}`),
    environment,
  );
  const failed = Math.min(count.failed, alone.count.failed);
  const mended = count.failed - failed;
  if (mended > 0) console.log(`\nNOTE: ${mended} tests failed beside others and passed alone; see above.`);
  return { ...count, failed, passed: count.passed + mended };
}

/** So that it is seen when one of them grows. */
function showSlowest(seconds: Map<string, number>): void {
  const slowest = [...seconds].sort(([, one], [, other]) => other - one).slice(0, 10);
  if (slowest.length < 2) return;
  const all = [...seconds.values()].reduce((sum, each) => sum + each, 0);
  console.log(`\n── the slowest of ${seconds.size} files (${all.toFixed(0)} s in all, two at a time)`);
  for (const [file, each] of slowest) console.log(`${each.toFixed(1).padStart(7)} s  ${file}`);
}

async function bunTest(
  bunArguments: string[],
  environment: Record<string, string | undefined>,
): Promise<{ count: TestCount; failures: Map<string, number>; seconds: Map<string, number> }> {
  const folder = mkdtempSync(join(tmpdir(), "heddle-run-"));
  const path = join(folder, "report.xml");
  try {
    const tests = spawn(
      process.execPath,
      ["test", "--timeout=60000", "--reporter=junit", `--reporter-outfile=${path}`, ...bunArguments],
      {
        cwd: join(import.meta.dirname, ".."),
        stdio: "inherit",
        env: { ...process.env, ...environment },
      },
    );
    const [status, signal] = await once(tests, "exit");
    const report = readReport(path);
    const count = countTests(report);
    // A file that cannot be loaded, a crash: failures that no test stands for.
    if (status !== 0 && count.failed === 0) failures.push(`bun test ended with ${signal ?? status}`);
    return { count, failures: failuresByFile(report), seconds: secondsByFile(report) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readReport(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    failures.push("bun test left no report");
    return "";
  }
}
