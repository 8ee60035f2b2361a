import { expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { tasks } from "../../src/db/schema.ts";
import { eachDatabase } from "../database.ts";
import { createSessionsFixture } from "./fixture.ts";

eachDatabase("cancelling", (open) => {
  test("a run that begins to wait in the same moment is cancelled", async () => {
    const { db, sessions, tasks: all } = await createSessionsFixture(await open());
    const { session_id } = await sessions.getOrCreate({ clientId: "test:1", botId: "default" });
    const message = { sessionId: session_id, content: "x", source: "test", runAgent: true };
    const id = String((await sessions.inject(message)).task_id);
    const become = (status: "running" | "waiting", query = db.query as Pick<typeof db.query, "update">) =>
      query.update(tasks).set({ status }).where(eq(tasks.id, id));
    await become("running");
    const begun = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const pausing = db.query.transaction(async (tx) => {
      await become("waiting", tx);
      begun.resolve();
      await go.promise;
    });
    await begun.promise;
    const cancelled = all.cancel(id);
    // Until it waits for the row.
    await Bun.sleep(200);
    go.resolve();
    await pausing;
    expect((await cancelled).status).toBe("cancelled");
  });
});
