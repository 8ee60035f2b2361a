// What the guide says of its example, tried on a running server.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LLMock } from "@copilotkit/aimock";
import { type Caller, createCaller, type Delivery, KEY, SECRET, until } from "./caller.ts";
import { createNotifyService } from "./notify-service.ts";
import { run } from "./processes.ts";

const TOKEN = "token-of-the-guide-test";

export interface Server {
  url: string;
  close(): Promise<void>;
}

export interface ExampleTestsOptions {
  /** Makes a folder with the guide's files. */
  copyFiles(): Promise<string>;
  /** The text of the guide's block that has this in it. */
  blockWith(text: string): string;
  start(environment: Record<string, string>): Promise<Server>;
}

export function exampleTests({ copyFiles, blockWith, start }: ExampleTestsOptions): void {
  const service = createNotifyService();
  const model = new LLMock({ port: 0 });
  let folder: string;
  let server: Server;
  let caller: Caller;
  let rooms = 0;
  /** Each has a session of its own. */
  const newRoom = (): string => `room-${++rooms}`;
  const postsIn = (wanted: string) => service.posts.filter(({ room }) => room === wanted);

  const mynotify = async () => {
    const { integrations } = await caller.get("/api/v1/integrations");
    return integrations.find(({ id }: { id: string }) => id === "mynotify");
  };

  beforeAll(async () => {
    model.addFixtures([
      {
        match: { hasToolResult: false },
        response: { toolCalls: [{ name: "mynotify_get_room", arguments: '{"room": "ops"}' }] },
      },
      { match: { hasToolResult: true }, response: { content: "Ada should look at it." } },
    ]);
    await model.start();
    folder = await copyFiles();
    server = await start({
      API_KEY: KEY,
      LOG_LEVEL: "error",
      OPENAI_BASE_URL: `${model.url}/v1`,
      INTEGRATION_DIRS: folder,
      MYNOTIFY_URL: service.url,
      MYNOTIFY_TOKEN: TOKEN,
      MYNOTIFY_WEBHOOK_SECRET: SECRET,
    });
    caller = createCaller(server.url);
  });

  afterAll(async () => {
    await server?.close();
    await model.stop();
    await service.close();
  });

  test("the folder loads", async () => {
    const [shown] = JSON.parse(blockWith('"quarantined"')).integrations;
    // Until the folders have been looked at, the list is empty.
    const loaded = await until(mynotify, (view) => view !== undefined && view.status !== "loading");
    const webhook_url = shown.webhook_url.replace("http://127.0.0.1:8000", server.url);
    expect(loaded).toEqual({ ...shown, webhook_url, status: "ready", error: null });
  });

  test("alarm, run, tool, delivery, receipt; sent again, it is the same", async () => {
    const room = newRoom();
    const alarm = { id: `alarm of ${room}`, room, text: "The disk is full" };
    const { status, body } = await caller.raise(alarm);
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(Object.keys(JSON.parse(blockWith('"duplicate"'))));
    expect(body.duplicate).toBe(false);

    const { id, receipt } = await caller.delivered(body.task_id);
    const [posted, ...more] = postsIn(room);
    expect(more).toEqual([]);
    expect(posted).toMatchObject({ text: "Ada should look at it.", idempotencyKey: id });
    expect(receipt).toEqual({ id: posted?.id });

    expect(service.asked.at(-1)).toEqual({ room: "ops", authorization: `Bearer ${TOKEN}` });
    const messages = await caller.get(`/api/v1/sessions/${body.session_id}/messages`);
    const roles = messages.map(({ role }: { role: string }) => role);
    expect(roles).toEqual(["user", "assistant", "tool", "assistant"]);
    expect(JSON.parse(messages[2].content)).toEqual({ topic: "Servers", on_call: "Ada" });

    expect((await caller.raise(alarm)).body).toEqual({ ...body, duplicate: true });
  });

  test("the hook has heard of the call; the route that tells needs a key, the public one does not", async () => {
    const times = await until(
      () => caller.get("/integrations/mynotify/tool-times"),
      (times) => times.length > 0,
    );
    expect(times[0]).toEqual({ tool: "mynotify_get_room", ms: expect.any(Number) });
    expect(await caller.getStatus("/integrations/mynotify/tool-times")).toBe(401);
    expect(await caller.getStatus("/integrations/mynotify/status")).toBe(200);
  });

  test("what is forged, unsigned, no alarm, or without a room is refused", async () => {
    const forged = await caller.raise({ id: "forged", room: "ops", text: "A" }, "another secret");
    expect(forged).toMatchObject({ status: 403, body: { error: { code: "invalid_signature" } } });
    const webhook = `${caller.url}/integrations/mynotify/webhook`;
    expect((await fetch(webhook, { method: "POST", body: "{}" })).status).toBe(403);
    expect((await caller.raise({ id: "no text" })).status).toBe(400);

    const { session_id } = await caller.post("/api/v1/sessions", { client_id: "mynotify:ops" });
    const message = { content: "Hello", dispatch_config: { type: "mynotify" } };
    expect(await caller.post(`/api/v1/sessions/${session_id}/messages`, message)).toMatchObject({
      error: { code: "validation", field: "dispatch_config.room" },
    });
  });

  test("a text that no run answers is posted, given up, or tried again, as the service answers", async () => {
    const { session_id } = await caller.post("/api/v1/sessions", { client_id: "mynotify:texts" });
    const room = newRoom();
    for (const target of [room, "gone", "busy"]) {
      await caller.post(`/api/v1/sessions/${session_id}/messages`, {
        content: "Lunch",
        dispatch_config: { type: "mynotify", room: target },
      });
    }
    const { deliveries } = await until(
      () => caller.get(`/api/v1/deliveries?session_id=${session_id}`),
      ({ deliveries }) => deliveries.every(({ status }: Delivery) => status !== "pending"),
    );
    expect(deliveries.map(({ status, last_error }: Delivery) => [status, last_error])).toEqual([
      ["retrying", "The service answered 503"],
      ["dead", "The service answered 410"],
      ["delivered", null],
    ]);
    expect(postsIn(room)).toMatchObject([{ text: "[api] Lunch" }]);
  });

  test("a broken helper is quarantined while the last good version answers; mended, it goes live", async () => {
    const helper = join(folder, "mynotify", "tools", "_client.ts");
    const good = await readFile(helper, "utf8");
    const broken = good.replace("new Headers(init.headers);", ";");
    const better = good.replace("mynotify/1.0", "mynotify/1.1");
    const ask = async () => {
      const room = newRoom();
      const { status, body } = await caller.raise({ id: room, room, text: "Still there?" });
      return { room, status, taskId: body.task_id };
    };
    const clientsOf = async ({ room, taskId }: Awaited<ReturnType<typeof ask>>) => {
      await caller.delivered(taskId);
      return postsIn(room).map(({ client }) => client);
    };
    const traffic = startTraffic(caller, ask);

    await traffic.more(5);
    await writeFile(helper, broken);
    const quarantined = await until(mynotify, ({ status }) => status === "quarantined");
    const line = 1 + broken.split("\n").findIndex((text) => !good.includes(text));
    expect(quarantined).toMatchObject({ is_live: true, error: { file: "tools/_client.ts", line } });
    await traffic.more(10);
    expect(await clientsOf(await ask())).toEqual(["mynotify/1.0"]);
    expect((await mynotify()).status).toBe("quarantined");

    await writeFile(helper, better);
    const mended = await until(mynotify, ({ status }) => status !== "quarantined");
    expect(mended).toMatchObject({ status: "ready", is_live: true, error: null });
    await traffic.more(5);
    expect(await clientsOf(await ask())).toEqual(["mynotify/1.1"]);

    const { statuses, asked } = await traffic.stop();
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
    const answeredBy = await Promise.all(asked.map(clientsOf));
    expect(answeredBy.filter((clients) => clients.length !== 1)).toEqual([]);
    expect(answeredBy.flat().every((client) => /^mynotify\/1\.[01]$/.test(String(client)))).toBe(true);
  });

  test.skipIf(!Bun.which("curl") || !Bun.which("openssl"))("the page's alarm from a shell", async () => {
    const environment = {
      PATH: process.env.PATH ?? "",
      HEDDLE_URL: caller.url,
      MYNOTIFY_WEBHOOK_SECRET: SECRET,
    };
    const { out } = await run(["/bin/sh", "-ec", blockWith("openssl")], { cwd: folder, environment });
    const answer = JSON.parse(out);
    expect(answer).toMatchObject({ duplicate: false });
    await caller.delivered(answer.task_id);
  });

  test("the process of its own runs, and speaks REST", async () => {
    const route = "/api/v1/admin/integrations/mynotify/process";
    const said = (pattern: RegExp, after = 0) =>
      until(
        async (): Promise<{ id: number; text: string } | undefined> => {
          const { lines } = await caller.get(`${route}/logs?after=${after}`);
          return lines.find(({ text }: { text: string }) => pattern.test(text));
        },
        (line) => line !== undefined,
      );
    const first = await said(/^[\w-]{36}$/);
    expect(await caller.get(route)).toMatchObject({ state: "running", missing_settings: [] });
    expect(await caller.post(`${route}/restart`, {})).toMatchObject({ state: "running" });
    await said(/^said before$/, first?.id);
  });
}

/** Alarms and public requests, one after another, until it is stopped. */
function startTraffic<Asked extends { status: number }>(caller: Caller, ask: () => Promise<Asked>) {
  const asked: Asked[] = [];
  const statuses: number[] = [];
  let isStopped = false;
  const done = (async () => {
    while (!isStopped) {
      const one = await ask();
      statuses.push(one.status, await caller.getStatus("/integrations/mynotify/status"));
      asked.push(one);
    }
  })();
  return {
    /** Resolves when so many more were answered. */
    async more(count: number): Promise<void> {
      const wanted = asked.length + count;
      const answered = until(
        async () => asked.length,
        (length) => length >= wanted,
      );
      // Its failure ends the wait.
      await Promise.race([answered, done]);
    },
    async stop() {
      isStopped = true;
      await done;
      return { statuses, asked };
    },
  };
}
