// Runs that wait for their client's tools, and clients that do not come back.

import { expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { tasks, toolCalls } from "../../src/db/schema.ts";
import { createClientTools } from "../../src/sessions/client-tools.ts";
import { call } from "../agent/fixture.ts";
import { askedIn, chatFixture, liveLlm } from "../chat/fixture.ts";
import { eachDatabase } from "../database.ts";
import { until } from "../until.ts";

const TOOL = { name: "weather", description: "The weather.", parameters: { type: "object", properties: {} } };

eachDatabase("a run that waits for its client", (open) => {
  test("ends with a reason when the results do not come; its session goes on, and late results are refused", async () => {
    const db = await open();
    const llm = liveLlm((request) =>
      askedIn(request).includes("And now?") ? ["Here I am."] : { calls: [call("a", "weather")] },
    );
    const http = await chatFixture(db, llm);
    const { session_id } = await http.sessions.getOrCreate({ clientId: "test:1", botId: "default" });
    const inject = (content: string, executionConfig = {}) =>
      http.sessions.inject({
        sessionId: session_id,
        content,
        source: "test",
        runAgent: true,
        executionConfig,
      });
    const sent = await inject("Weather?", { client_tools: [TOOL] });
    const id = String(sent.task_id);
    const status = async () => (await http.tasks.get(id)).status;
    await until(status, (found) => found === "waiting");
    const [waiting] = await db.query.select().from(toolCalls).where(eq(toolCalls.task_id, id));
    // One that has not waited long enough stays.
    const patient = createClientTools({ ...http, everyMs: 5, waitMinutes: 60 });
    const follower = http.stream(`/api/v1/tasks/${id}/stream`);
    await (await follower).until(({ event }) => event === "tool_request");
    expect(await status()).toBe("waiting");
    await patient.close();

    await db.query
      .update(toolCalls)
      .set({ created_at: new Date(Date.now() - 2 * 3600 * 1000) })
      .where(eq(toolCalls.task_id, id));
    const strict = createClientTools({ ...http, everyMs: 5, waitMinutes: 60 });
    const ended = await until(
      () => http.tasks.get(id),
      (task) => task.status === "failed",
    );
    await strict.close();
    expect(ended).toMatchObject({
      error_code: "timeout",
      error: "Results of tools that run elsewhere did not arrive within 60 minutes.",
    });
    await expect(
      http.openAi.clientTools.supply(id, [{ call: String(waiting?.id), content: "Rain" }]),
    ).rejects.toMatchObject({ code: "conflict" });
    const events = await (await http.stream(`/api/v1/tasks/${id}/stream`)).rest();
    expect(events.at(-1)).toMatchObject({ event: "error", data: { code: "timeout" } });

    const next = await inject("And now?");
    const done = await until(
      () => http.tasks.get(String(next.task_id)),
      (task) => task.status === "complete",
    );
    expect(done.result).toBe("Here I am.");
    expect(await db.query.select({ id: tasks.id }).from(tasks)).toHaveLength(2);
  });
});
