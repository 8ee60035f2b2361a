// /reset, /stop and settings of a channel, from the server's own code and from a process.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { createServerControls } from "../../src/compose/controls.ts";
import {
  deliveries as deliveryRows,
  sessions as sessionRows,
  tasks as taskRows,
} from "../../src/db/schema.ts";
import { checkDecision } from "../../src/sdk/check-controls.ts";
import { createControls } from "../../src/sdk/controls.ts";
import { createSdk } from "../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../src/sdk/environment.ts";
import { asHeddleError } from "../../src/sdk/errors.ts";
import { eachDatabase } from "../database.ts";
import { createHttpFixture, type HttpFixture } from "../http/fixture.ts";

eachDatabase("conversation controls", (open) => {
  let http: HttpFixture;
  let server: ReturnType<typeof Bun.serve>;
  beforeAll(async () => {
    const delivers = () => ({ receipt: 1 });
    http = await createHttpFixture(await open(), {
      dispatchers: {
        chat: { deliver: delivers, edit: delivers, remove: delivers },
        mute: { deliver: delivers },
      },
    });
    server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => http.fetch(request) });
  });
  afterAll(() => server.stop(true));

  const inProcess = async () =>
    createSdk(
      createEnvironmentBackend({
        HEDDLE_URL: `http://127.0.0.1:${server.port}`,
        HEDDLE_API_KEY: await http.keyWith("admin"),
      }),
    );
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => "none",
      (error: unknown) => asHeddleError(error)?.code,
    );

  test.each(["over REST", "in the server"])("%s", async (where) => {
    const child = await inProcess();
    const { getOrCreateSession, injectMessage } = child;
    const { channels, tasks } =
      where === "over REST" ? child : createControls(createServerControls(http, http));
    const place = `test:${crypto.randomUUID()}`;
    expect(await channels.get(place)).toBeUndefined();
    expect(await codeOf(channels.reset(place))).toBe("not_found");

    const sessionId = await getOrCreateSession({ clientId: place, botId: "default" });
    expect(await channels.patch(place, { require_mention: false })).toMatchObject({ require_mention: false });
    const misspelt = await channels.patch(place, { carapaces: ["reviewr"] });
    expect(misspelt.warnings).toEqual(['There is no carapace "reviewr".']);
    expect(await codeOf(channels.patch(place, { requireMention: true }))).toBe("validation");

    const message = { sessionId, content: "Hello", source: "test", runAgent: true };
    const { task_id } = await injectMessage(message);
    const other = await injectMessage(message);
    expect(await tasks.cancel(task_id ?? "")).toBe("cancelled");
    expect(await channels.stop(place)).toEqual([other.task_id ?? ""]);
    expect(await channels.stop(place)).toEqual([]);

    // What is not given must not become every channel, nor an error of the database.
    const nothing = undefined as unknown as string;
    for (const work of [
      () => channels.get(nothing),
      () => channels.stop(nothing),
      () => channels.reset(""),
      () => tasks.get(nothing),
      () => tasks.cancel(nothing),
    ])
      expect(await codeOf(work())).toBe("validation");
    expect(await codeOf(tasks.get("no id"))).toBe("validation");
    expect(await codeOf(tasks.cancel("no id"))).toBe("validation");

    // Of three answers that were delivered, one is in a place that changes nothing, and one was withdrawn.
    const [shown = ""] = await http.db.query.transaction((tx) =>
      http.outbox.write(
        tx,
        ...["chat", "mute", "chat"].map((dispatch_type) => ({
          ...{ task_id, session_id: sessionId, bot_id: "default", dispatch_type },
          ...{ correlation_id: crypto.randomUUID(), dispatch_config: {} },
          payload: { kind: "result" as const, text: "One", client_actions: [], extra_metadata: {} },
        })),
      ),
    );
    const ofTask = () => http.outbox.list({ task_id: task_id ?? "" });
    await http.db.query.update(deliveryRows).set({ status: "delivered" });
    const [withdrawn] = await ofTask();
    await http.outbox.change(withdrawn?.id ?? "", { kind: "remove" });
    expect(await tasks.correct(task_id ?? "", "Two")).toBe(1);
    const corrections = (await ofTask()).filter(({ payload }) => payload.kind === "edit");
    expect(corrections.map(({ payload }) => [payload.text, payload.changes?.delivery_id])).toEqual([
      ["Two", shown],
    ]);
    expect(await codeOf(tasks.correct(task_id ?? "", ""))).toBe("validation");
    expect(await codeOf(tasks.correct(crypto.randomUUID(), "Two"))).toBe("not_found");

    // A run that waits for a person has not finished either.
    const waiting = await injectMessage(message);
    await http.db.query
      .update(taskRows)
      .set({ status: "waiting" })
      .where(eq(taskRows.id, waiting.task_id ?? ""));
    expect(await channels.stop(place)).toEqual([waiting.task_id ?? ""]);

    expect(await channels.compact(place)).toEqual({ session_id: sessionId });
    const [asked] = await http.db.query
      .select({ at: sessionRows.compact_requested_at })
      .from(sessionRows)
      .where(eq(sessionRows.id, sessionId));
    expect(asked?.at).toBeInstanceOf(Date);
    expect(await codeOf(channels.compact(`${place}:nowhere`))).toBe("not_found");

    const reset = await channels.reset(place);
    expect(reset.previous_session_id).toBe(sessionId);
    expect((await channels.get(place))?.active_session_id).toBe(reset.session_id);
  });
});

test.each([
  [undefined, undefined],
  [{}, "approved"],
  [{ approved: "no", by: { id: "u1", name: "Ada" } }, "approved"],
  [{ approved: true }, "by"],
  [{ approved: true, by: { name: "Ada" } }, "by.id"],
  [{ approved: true, by: { id: "u1", name: 5 } }, "by.name"],
  [{ approved: true, by: { id: "u1", name: "Ada" }, choice: "always" }, "choice"],
  [{ approved: true, by: { id: "u1", name: "Ada" }, reason: "typo of note" }, "reason"],
  [{ approved: false, by: { id: "u1", name: "Ada" }, note: "" }, "note"],
])("a decision must be complete and one that a person of a service may make: %j", (decision, field) => {
  const refused = () => checkDecision(decision);
  expect(refused).toThrow(expect.objectContaining({ code: "validation", ...(field && { field }) }));
});

test("a decision is passed on as it is", () => {
  const decision = { approved: false, by: { id: "u1", name: "Ada" }, choice: "run", note: "Too late." };
  expect(checkDecision(decision)).toEqual(decision as never);
});
