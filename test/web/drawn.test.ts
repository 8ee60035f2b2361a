import { expect, test } from "bun:test";
import { DELIVERY_STATUSES, INBOX_VERDICTS, TASK_STATUSES } from "../../src/db/schema.ts";
import { DRAWN } from "../../src/web/pages/overview/drawn.ts";

test("the charts draw everything that they count", () => {
  const drawn = Object.fromEntries(
    DRAWN.map(({ kind, statuses }) => [kind, statuses.map(([one]) => one).sort()]),
  );
  expect(drawn).toEqual({
    runs: TASK_STATUSES.toSorted(),
    webhooks: INBOX_VERDICTS.toSorted(),
    deliveries: DELIVERY_STATUSES.toSorted(),
  });
});
