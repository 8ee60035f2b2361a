// `bun run test`: runs all checks, then all tests, on both databases where a PostgreSQL is available. Arguments are passed
// on to `bun test` (file names, --test-name-pattern). `--postgres` sets up a PostgreSQL for the run; `--fast` runs only the
// tests for daily work.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check } from "./check.ts";
import { startRun } from "./databases-of-run.ts";
import { fastTests } from "./fast.ts";
import { countTests, failuresByFile, secondsByFile, type TestCount } from "./junit-report.ts";
import { WITHOUT_WASM_OPTIMISER } from "./optimisers.ts";
import { installMissing, missingConfinements, missingPackages } from "./parts.ts";
import { startPostgres, type TestPostgres, whyNoPostgres } from "./postgres.ts";

const underCi = process.env.CI === "true";
const isFast = process.argv.includes("--fast");
const wantsPostgres = (underCi || process.argv.includes("--postgres")) && !isFast;
const testArguments = process.argv
  .slice(2)
  .filter((argument) => !["--postgres", "--fast"].includes(argument));

/** Test files that run at the same time. */
const AT_ONCE = 3;

/** Roughly how long the slow files take, in milliseconds: Bun starts them after all others and the longest first, so that none is left over. */
const TIMINGS = join(import.meta.dirname, "timings.json");

/** These are printed at the end of the run, where people look. */
const notes: string[] = [];
const failures: string[] = isFast ? [] : check().map((name) => `${name} reported problems; see above`);

if (!isFast) await haveParts();
const postgres = isFast ? undefined : await havePostgres();
const databaseUrl = isFast ? undefined : (postgres?.url ?? process.env.TEST_DATABASE_URL);
const run = startRun(databaseUrl);
const count = await runTests(databaseUrl, postgres?.root)
  .finally(() =>
    run.end().catch((error) => notes.push(`Databases of this run that could not be removed: ${error}`)),
  )
  .finally(() => postgres?.stop());
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

/** Reports missing programs. In CI, where nothing may be missing, it installs them first. */
async function haveParts(): Promise<void> {
  const missing = underCi ? installMissing((text) => console.log(`\n── ${text}`)) : missingPackages();
  for (const name of missing) {
    const text = `Tests that need ${name}, which is not installed (on Debian: apt-get install ${name}).`;
    if (underCi) failures.push(text);
    else notes.push(text);
  }
  for (const kind of await missingConfinements()) {
    if (!missing.includes(kind))
      notes.push(`Tests of processes confined by ${kind}, which does not work on this system.`);
  }
}

/** Starts a server for this run, unless the environment names one or none is wanted. */
async function havePostgres(): Promise<TestPostgres | undefined> {
  if (process.env.TEST_DATABASE_URL) return undefined;
  if (!wantsPostgres) {
    notes.push(
      "Every test on PostgreSQL. Run them with `bun run test:postgres` (as root on Debian; it sets up PostgreSQL 17 in a",
      "cache folder), or set TEST_DATABASE_URL=postgres://… to a server with pgvector.",
    );
    return undefined;
  }
  console.log("\n── PostgreSQL");
  const reason = whyNoPostgres();
  if (reason) {
    failures.push(
      `PostgreSQL could not be set up: ${reason}. Set TEST_DATABASE_URL to a server with pgvector`,
    );
    return undefined;
  }
  try {
    return await startPostgres((text) => console.log(`   ${text}`), { isDurable: false });
  } catch (error) {
    failures.push(`PostgreSQL could not be set up: ${error}`);
    return undefined;
  }
}

/**
 * Runs three files at a time, because many wait for timers and child processes. Files that follow each other in one process
 * share its modules and its databases: loading both for each file anew took a fifth of the CPU time. Files that failed in a
 * whole run are run once more, one after the other: several that start servers on two cores may exceed a time limit. A test
 * has failed when it fails alone as well.
 */
async function runTests(databaseUrl: string | undefined, root: string | undefined): Promise<TestCount> {
  console.log(`\n── tests (embedded${databaseUrl ? " and PostgreSQL" : ""})`);
  const environment = {
    ...WITHOUT_WASM_OPTIMISER,
    ...run.environment,
    TEST_DATABASE_URL: databaseUrl,
    ...(root && { TEST_POSTGRES_ROOT: root }),
  };
  const files = isFast ? fastTests() : [];
  const {
    count,
    failures: byFile,
    seconds,
  } = await bunTest(
    [`--parallel=${AT_ONCE}`, "--no-isolate", `--timings=${TIMINGS}`, ...files, ...testArguments],
    environment,
  );
  showSlowest(seconds);
  const inFiles = [...byFile.values()].reduce((sum, failed) => sum + failed, 0);
  // A failure that belongs to no file cannot be retried.
  if (count.failed === 0 || inFiles !== count.failed || testArguments.length > 0) return count;
  const failedIn = [...byFile.keys()];
  console.log(`\n── once more, alone: ${failedIn.join(", ")}`);
  const alone = await bunTest(
    // A file of its own may have failed because of what another one left in their process.
    ["--isolate", ...failedIn.map((file) => `./${file}`)],
    environment,
  );
  const failed = Math.min(count.failed, alone.count.failed);
  const mended = count.failed - failed;
  if (mended > 0) console.log(`\nNOTE: ${mended} tests failed while others ran and passed alone; see above.`);
  return { ...count, failed, passed: count.passed + mended };
}

/** Makes it visible when a file grows slow. */
function showSlowest(seconds: Map<string, number>): void {
  const slowest = [...seconds].sort(([, one], [, other]) => other - one).slice(0, 10);
  if (slowest.length < 2) return;
  const all = [...seconds.values()].reduce((sum, each) => sum + each, 0);
  console.log(`\n── the slowest of ${seconds.size} files (${all.toFixed(0)} s in all, ${AT_ONCE} at a time)`);
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
    // No test stands for a file that cannot be loaded, or for a crash.
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
