import { expect, test } from "bun:test";
import { isPassing, isRolledBack, isUniqueViolation } from "../../src/db/failure.ts";
import { patiently } from "../../src/db/patiently.ts";

/** An error as wrapped by drizzle. */
const wrapped = (code: string) =>
  new Error("Failed query", { cause: Object.assign(new Error("said by the server"), { code }) });

test("temporary errors are recognised by SQLSTATE and by the driver's codes", () => {
  const passing = [
    "08000",
    "08006",
    "25006",
    "25P03",
    "40001",
    "40P01",
    "53100",
    "53200",
    "53300",
    "55P03",
  ].concat(
    ["57014", "57P01", "57P02", "57P03", "57P05", "58030", "58P01"],
    ["ECONNREFUSED", "ECONNRESET", "CONNECT_TIMEOUT", "ANSWER_TIMEOUT", "CONNECTION_CLOSED"],
  );
  const lasting = [
    "22001",
    "23503",
    "23505",
    "42601",
    "42P01",
    "42501",
    "54000",
    "57P04",
    "28P01",
    "config",
    "",
  ];
  expect(passing.filter((code) => !isPassing(wrapped(code)))).toEqual([]);
  expect(lasting.filter((code) => isPassing(wrapped(code)))).toEqual([]);
  expect(isPassing(undefined)).toBe(false);
  expect([isRolledBack(wrapped("40001")), isRolledBack(wrapped("08006"))]).toEqual([true, false]);
  expect([isUniqueViolation(wrapped("23505")), isUniqueViolation(wrapped("23503"))]).toEqual([true, false]);
});

test("a write is retried during temporary trouble, but not if the error is permanent or the signal aborts", async () => {
  let calls = 0;
  const answer = await patiently(async () => {
    calls += 1;
    if (calls < 3) throw wrapped("53300");
    return "stored";
  });
  expect([answer, calls]).toEqual(["stored", 3]);

  const lasting = wrapped("23503");
  expect(await patiently(() => Promise.reject(lasting)).catch((error) => error)).toBe(lasting);

  const stop = new AbortController();
  const passing = wrapped("57P01");
  const refused = patiently(async () => {
    stop.abort();
    throw passing;
  }, stop.signal);
  expect(await refused.catch((error) => error)).toBe(passing);
});
