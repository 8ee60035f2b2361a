import { expect, test } from "bun:test";
import { OPERATOR } from "../../../src/access/caller.ts";
import { eachDatabase } from "../../database.ts";
import { readEvents } from "../../events/sse.ts";
import { createHttpFixture, type HttpFixture, STATIC_KEY } from "../fixture.ts";

const follow = async (
  { fetch }: HttpFixture,
  query = "",
  headers: Record<string, string> = {},
  key = STATIC_KEY,
) =>
  readEvents(
    await fetch(
      new Request(`http://localhost/api/v1/events${query}`, {
        headers: { authorization: `Bearer ${key}`, ...headers },
      }),
    ),
  );

async function ask(
  { send }: HttpFixture,
  clientId: string,
  key = STATIC_KEY,
): Promise<{ task_id: string; session_id: string }> {
  const session = await send("POST", "/api/v1/sessions", { key, body: { client_id: clientId } });
  const path = `/api/v1/sessions/${session.body.session_id}/messages`;
  return (await send("POST", path, { key, body: { content: "Hi", run_agent: true } })).body;
}

eachDatabase("GET /api/v1/events", (open) => {
  test("shows what happens, filters, and continues after Last-Event-ID", async () => {
    const http = await createHttpFixture(await open());
    const all = await follow(http);
    expect(await all.next()).toMatchObject({ event: "open" });
    const [one, two] = [await ask(http, "docs:1"), await ask(http, "docs:2")];
    const seen = await all.until(({ data }) => data.task_id === two.task_id);
    expect(seen).toMatchObject([
      {
        event: "task.created",
        data: {
          type: "task.created",
          task_id: one.task_id,
          session_id: one.session_id,
          data: { status: "pending" },
        },
      },
      { event: "task.created", data: { task_id: two.task_id } },
    ]);
    await all.cancel();
    await http.send("POST", `/api/v1/tasks/${one.task_id}/cancel`);
    const back = await follow(http, "", { "last-event-id": seen[0]?.id ?? "" });
    expect(await back.until(({ event }) => event === "task.cancelled")).toMatchObject([
      { event: "open" },
      { event: "task.created", data: { task_id: two.task_id } },
      { event: "task.cancelled", data: { task_id: one.task_id } },
    ]);
    await back.cancel();
    const some = await follow(
      http,
      `?types=task.cancelled&task_id=${one.task_id}&last_event_id=${seen[0]?.id}`,
    );
    expect(await some.until(({ event }) => event === "task.cancelled")).toHaveLength(2);
    await some.cancel();
  });

  test("a key sees its own rows and the types that its scopes cover", async () => {
    const http = await createHttpFixture(await open());
    const keyOf = async (...scopes: string[]) =>
      (await http.apiKeys.create({ name: "test", scopes, rows: "own" }, OPERATOR)).key;
    const mine = await keyOf("sessions:write", "tasks:write");
    const other = await keyOf("sessions:write");
    const stream = await follow(http, "", {}, mine);
    await stream.next();
    await ask(http, "docs:theirs", other);
    const { task_id } = await ask(http, "docs:mine", mine);
    expect(await stream.next()).toMatchObject({ event: "task.created", data: { task_id } });
    await stream.cancel();
    const refused = await http.send("GET", "/api/v1/events?types=delivery", { key: mine });
    expect([refused.status, refused.body.error.message]).toEqual([
      403,
      'Events of the type "delivery" need the scope deliveries:read.',
    ]);
    expect((await http.send("GET", "/api/v1/events?types=nonsense")).body.error).toMatchObject({
      code: "validation",
      field: "types",
    });
    const wrong = await http.send("GET", "/api/v1/events", { headers: { "last-event-id": "x" } });
    expect([wrong.status, wrong.body.error.field]).toEqual([422, "Last-Event-ID"]);
  });

  test("the text of a running run comes with its place, and from the beginning for one who joins", async () => {
    const http = await createHttpFixture(await open());
    const { task_id, session_id } = await ask(http, "docs:1");
    const task = await http.tasks.get(task_id);
    const run = http.events.live.begin(
      { task_id, session_id, channel_id: task.channel_id, bot_id: "default", owner: null },
      1,
    );
    run.text(1, "Hello");
    const stream = await follow(http, "?types=text");
    expect(await stream.until(({ event }) => event === "text.delta")).toMatchObject([
      { event: "open" },
      { event: "text.delta", data: { task_id, data: { part: "1.1.0", offset: 0, text: "Hello" } } },
    ]);
    run.text(1, ", you");
    expect(await stream.next()).toMatchObject({ data: { data: { offset: 5, text: ", you" } } });
    run.restart(1);
    run.text(1, "Hi");
    expect(await stream.next()).toMatchObject({ data: { data: { part: "1.1.1", offset: 0, text: "Hi" } } });
    await stream.cancel();
  });

  test("a run that is over is not told to one who joins, and once to one who has not read its end", async () => {
    const http = await createHttpFixture(await open());
    const before = await follow(http);
    const [opened] = [await before.next()];
    const { task_id, session_id } = await ask(http, "docs:1");
    const task = await http.tasks.get(task_id);
    const run = http.events.live.begin(
      { task_id, session_id, channel_id: task.channel_id, bot_id: "default", owner: null },
      1,
    );
    run.text(1, "Hello");
    run.close();
    await http.send("POST", `/api/v1/tasks/${task_id}/cancel`);
    await before.until(({ event }) => event === "task.cancelled");
    await before.cancel();
    const after = await follow(http);
    await after.next();
    const next = await ask(http, "docs:2");
    expect(await after.next()).toMatchObject({ event: "task.created", data: { task_id: next.task_id } });
    await after.cancel();
    const back = await follow(http, "", { "last-event-id": opened?.id ?? "" });
    const seen = await back.until(({ data }) => data.task_id === next.task_id);
    expect(seen.map(({ event }) => event)).toEqual([
      "open",
      "task.created",
      "text.delta",
      "task.cancelled",
      "task.created",
    ]);
    await back.cancel();
  });
});
