// Counts the round trips of one turn: a webhook's event, one answer of the model, and the delivery.

import { expect, test } from "bun:test";
import type { PGlite } from "@electric-sql/pglite";
import type { Sql } from "postgres";
import type { Database } from "../../src/db/database.ts";
import { createWorker } from "../../src/worker/worker.ts";
import { agentOver, scriptedLlm } from "../agent/fixture.ts";
import { eachDatabase } from "../database.ts";
import { createSessionsFixture } from "../sessions/fixture.ts";
import { until } from "../until.ts";

const PARSE = 0x50;
const SCRIPT = 0x51;

/** Records the text of every statement; each is a round trip on PostgreSQL. */
function recordStatements(db: Database): string[] {
  const texts: string[] = [];
  const add = (text: string) => void texts.push(text.replace(/\s+/g, " ").trim());
  const { $client } = db.query as unknown as { $client: PGlite & Sql };
  if (db.kind === "postgres") {
    // The driver reads the option for each query on any connection.
    $client.options.debug = (_connection, text) => add(text);
    return texts;
  }
  const execute = $client.execProtocolStream.bind($client);
  $client.execProtocolStream = (message, options) => {
    if (message[0] === PARSE || message[0] === SCRIPT) {
      const text = new TextDecoder().decode(message.subarray(message[0] === PARSE ? 6 : 5));
      add(text.split("\0")[0] ?? "");
    }
    return execute(message, options);
  };
  return texts;
}

/** Statements of timers and of the test itself. */
const isUpkeep = (text: string): boolean =>
  /(update|from) pgboss\.(queue|version|schedule|bam)\b|pg_control_checkpoint|least\(created_on|"tasks"."cancel_requested_at" is not null|from "deliveries" where "deliveries"."status" =/i.test(
    text,
  ) && !/insert into pgboss\.job/i.test(text);

eachDatabase("a turn", (open) => {
  test("costs fewer than 24 statements", async () => {
    const db = await open();
    const delivered: string[] = [];
    const parts = await createSessionsFixture(db, {
      chat: {
        deliver: ({ result }) => {
          delivered.push(result);
          return { receipt: delivered.length };
        },
      },
    });
    const { agent } = agentOver(
      db,
      scriptedLlm(() => "The answer."),
    );
    const worker = createWorker({
      ...parts,
      // A timer's fetches are excluded, because they depend on how long the turn takes.
      queue: {
        ...parts.queue,
        work: (name, options) => parts.queue.work(name, { ...options, backstopMs: 1_000_000 }),
      },
      maxUnattendedRuns: 30,
      agent,
      redact: (text) => text,
      concurrency: 4,
      maxRunSeconds: 60,
    });
    const turn = async (number: number) => {
      await parts.sessions.injectEvent({
        clientId: "test:room",
        botId: "default",
        content: `Question ${number}`,
        source: "test",
        runAgent: true,
        idempotencyKey: `event-${number}`,
        dispatchConfig: { type: "chat" },
        event: "message",
      });
      await until(async () => (await parts.outbox.list({ status: "delivered" })).length === number);
    };
    await turn(1);
    const texts = recordStatements(db);
    await turn(2);
    await worker.close();
    const statements = texts.filter((text) => !isUpkeep(text)).map((text) => text.slice(0, 100));
    // The number alone would not show which statement is new.
    expect(statements.slice(23)).toEqual([]);
    // The count is complete: it includes both queues, both claims and both outcomes.
    expect(statements.length).toBeGreaterThan(15);
  });
});
