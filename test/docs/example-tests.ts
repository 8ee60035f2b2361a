// Tests the guide's statements about its example on a running server.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { LLMock } from "@copilotkit/aimock";
import { until } from "../until.ts";
import { type Caller, createCaller, type Delivery, KEY, SECRET } from "./caller.ts";
import { createNotifyService } from "./notify-service.ts";
import { run } from "./processes.ts";

const TOKEN = "token-of-the-guide-test";
const ADMIN = "/api/v1/admin/integrations";

export interface Server {
  url: string;
  /** The server, with the guide's folders. */
  folder: string;
  close(): Promise<void>;
}

export interface ExampleTestsOptions {
  /** The API's name for the kind of place that the folders are in. */
  source: "external" | "workspace";
  /** Returns the text of the guide's block that contains this. */
  blockWith(text: string): string;
  /** A folder with the program, to be put into PATH. */
  programs(): string;
  start(environment: Record<string, string>): Promise<Server>;
}

export function exampleTests({ source, blockWith, programs, start }: ExampleTestsOptions): void {
  const service = createNotifyService(TOKEN);
  const model = new LLMock({ port: 0 });
  let server: Server;
  let caller: Caller;
  let rooms = 0;
  /** Each test has its own session. */
  const newRoom = (): string => `room-${++rooms}`;
  const postsIn = (wanted: string) => service.posts.filter(({ room }) => room === wanted);

  const mynotify = async () => {
    const { integrations } = await caller.get("/api/v1/integrations");
    return integrations.find(({ id }: { id: string }) => id === "mynotify");
  };
  const shown = (path = "") => caller.get(`${ADMIN}/mynotify${path}`);

  /** Runs a block of the page in the folder, with the program in PATH. */
  const shell = (block: string) =>
    run(["/bin/sh", "-ec", block], {
      cwd: server.folder,
      environment: {
        PATH: `${programs()}:${process.env.PATH}`,
        HEDDLE_URL: caller.url,
        HEDDLE_API_KEY: KEY,
        MYNOTIFY_WEBHOOK_SECRET: SECRET,
      },
    });

  beforeAll(async () => {
    model.addFixtures([
      {
        match: { hasToolResult: false },
        response: { toolCalls: [{ name: "mynotify_get_room", arguments: '{"room": "ops"}' }] },
      },
      { match: { hasToolResult: true }, response: { content: "Ada should look at it." } },
    ]);
    await model.start();
    server = await start({ API_KEY: KEY, LOG_LEVEL: "error", OPENAI_BASE_URL: `${model.url}/v1` });
    caller = createCaller(server.url);
  });

  afterAll(async () => {
    await server?.close();
    await model.stop();
    await service.close();
  });

  test("the folder loads and reports its missing settings", async () => {
    const [example] = JSON.parse(blockWith('"quarantined"')).integrations;
    // The list is empty until the folders have been scanned.
    const loaded = await until(mynotify, (view) => view !== undefined && view.status !== "loading");
    const webhook_url = example.webhook_url.replace("http://127.0.0.1:8000", server.url);
    expect(loaded).toEqual({ ...example, source, webhook_url, status: "ready", error: null });

    const waiting = await until(
      () => shown(),
      ({ process_status }) => process_status === "waiting",
    );
    expect(waiting).toMatchObject({ status: "not_configured", is_live: true, has_process: true });
    expect((await shown("/process")).missing_settings).toEqual(["MYNOTIFY_URL", "MYNOTIFY_TOKEN"]);
    const unset = await caller.raise({ id: "early", room: "ops", text: "Nobody has set the secret" });
    expect(unset).toMatchObject({ status: 403, body: { error: { code: "invalid_signature" } } });
  });

  test.skipIf(!Bun.which("curl"))(
    "settings take effect without a restart, and the process starts",
    async () => {
      const room = newRoom();
      service.overdue.push({ id: "overdue-1", room, text: "The certificate ends tomorrow" });
      const command = blockWith("/mynotify/settings")
        .replace("http://127.0.0.1:9000", service.url)
        .replace("any-token", TOKEN)
        .replace("of-your-choice", SECRET);
      expect(JSON.parse((await shell(command)).out)).toEqual(JSON.parse(blockWith('"applied"')));
      expect(await shown()).toMatchObject({ status: "ready" });
      const { settings } = await shown("/settings");
      expect(settings).toContainEqual(
        expect.objectContaining({ key: "MYNOTIFY_TOKEN", secret: true, source: "stored", required: true }),
      );
      expect(JSON.stringify(settings)).not.toContain(TOKEN);
      const tested = await caller.post(`${ADMIN}/mynotify/test-connection`, {});
      expect(tested).toEqual({ ok: true, message: "The service knows the token as Heddle." });

      const { status, pid, state } = await until(
        () => shown("/process"),
        (process) => process.status === "running",
      );
      expect([status, pid, state]).toEqual(["running", expect.any(Number), "running"]);
      const { tasks } = await until(
        () => caller.get("/api/v1/tasks?source=mynotify"),
        ({ tasks }) => tasks.length > 0,
      );
      expect(tasks[0].prompt).toBe(`reminder in room "${room}": The certificate ends tomorrow`);
      await caller.delivered(tasks[0].id);
      expect(postsIn(room)).toMatchObject([{ text: "Ada should look at it." }]);
      expect(service.reminded[0]).toEqual({ after: "", authorization: `Bearer ${TOKEN}` });
    },
  );

  test("an alarm causes run, tool, skill, delivery and receipt; sent again, it is a duplicate", async () => {
    const room = newRoom();
    const alarm = { id: `alarm of ${room}`, room, text: "The disk is full" };
    const { status, body } = await caller.raise(alarm);
    expect(status).toBe(200);
    const example = JSON.parse(blockWith('"duplicate"'));
    expect(Object.keys(body)).toEqual(Object.keys(example));
    const [result] = body.results;
    expect(Object.keys(result).sort()).toEqual(Object.keys(example.results[0]).sort());
    expect(body).toMatchObject({ status: "processed", bound: false, results: [{ duplicate: false }] });

    const { id, receipt } = await caller.delivered(result.task_id);
    const [posted, ...more] = postsIn(room);
    expect(more).toEqual([]);
    expect(posted).toMatchObject({ text: "Ada should look at it.", idempotencyKey: id });
    expect(receipt).toEqual({ id: posted?.id });

    expect(service.asked.at(-1)).toEqual({ room: "ops", authorization: `Bearer ${TOKEN}` });
    const messages = await caller.get(`/api/v1/sessions/${result.session_id}/messages`);
    const roles = messages.map(({ role }: { role: string }) => role);
    expect(roles).toEqual(["user", "assistant", "tool", "assistant"]);
    expect(JSON.parse(messages[2].content)).toEqual({ topic: "Servers", on_call: "Ada" });

    const asked = model.getRequests().map(({ body }) => JSON.stringify(body));
    const ofRoom = asked.filter((text) => text.includes(`alarm in room \\"${room}\\"`));
    expect(ofRoom.length).toBe(2);
    for (const text of ofRoom) {
      expect(text).toContain("A **reminder** is an alarm that nobody took");
      expect(text).toContain("Say in two sentences what the alarm means");
    }

    const again = { ...body, results: [{ ...result, duplicate: true }] };
    expect((await caller.raise(alarm)).body).toEqual(again);
  });

  test("the hook has received the call; the private route needs a key, the public one does not", async () => {
    const times = await until(
      () => caller.get("/integrations/mynotify/tool-times"),
      (times) => times.length > 0,
    );
    expect(times[0]).toEqual({ tool: "mynotify_get_room", ms: expect.any(Number) });
    expect(await caller.getStatus("/integrations/mynotify/tool-times")).toBe(401);
    expect(await caller.getStatus("/integrations/mynotify/status")).toBe(200);
  });

  test("sidebar, dashboard and README", async () => {
    const { sections } = await caller.get(`${ADMIN}/sidebar-sections`);
    expect(sections).toContainEqual(
      expect.objectContaining({ integration_id: "mynotify", title: "MY NOTIFY", icon: "Zap" }),
    );
    const { modules } = await caller.get(`${ADMIN}/dashboard-modules`);
    const module = modules.find(({ integration_id: id }: { integration_id: string }) => id === "mynotify");
    expect(module).toMatchObject({ id: "alarms", api_base: "/integrations/mynotify/mc/alarms" });
    const data = await caller.get(`${module.api_base}/data`);
    expect(data.sections[0].stats).toEqual([{ label: "Last reminder", value: "overdue-1" }]);
    expect(data.sections[1].rows[0]).toEqual(["mynotify_get_room", expect.any(Number)]);
    expect(await caller.post(`${ADMIN}/mynotify/dashboard-modules/alarms/validate`, {})).toEqual({
      valid: true,
      errors: [],
    });
    expect((await shown()).readme).toStartWith("# My Notify\n");
  });

  test("a changed setting takes effect at once; the process restarts where its stored cursor says", async () => {
    const before = await shown("/process");
    const room = newRoom();
    service.overdue.push({ id: "overdue-2", room, text: "The certificate has ended" });
    expect(await caller.set({ MYNOTIFY_POLL_SECONDS: 0 })).toMatchObject({ error: { code: "validation" } });
    await caller.set({ MYNOTIFY_POLL_SECONDS: 1, MYNOTIFY_WEBHOOK_SECRET: "another-secret" });
    const alarm = { id: `alarm of ${room}`, room: "ops", text: "Signed with the old secret" };
    expect((await caller.raise(alarm)).status).toBe(403);
    expect((await caller.raise(alarm, "another-secret")).status).toBe(200);
    await caller.set({ MYNOTIFY_WEBHOOK_SECRET: SECRET });

    await until(
      async () => postsIn(room),
      (posts) => posts.length > 0,
    );
    const after = await until(
      () => shown("/process"),
      ({ pid }) => pid !== null && pid !== before.pid,
    );
    expect(after.state).toBe("running");
    const reminders = (await caller.get("/api/v1/tasks?source=mynotify")).tasks.filter(
      ({ prompt }: { prompt: string }) => prompt.startsWith("reminder"),
    );
    expect(reminders.length).toBe(2);
  });

  test("a channel bound to a room gets the events that its filter lets through, and the carapace", async () => {
    const room = newRoom();
    const { id } = await caller.post("/api/v1/channels", { client_id: `web:${room}`, bot_id: "default" });
    const integrations = `/api/v1/channels/${id}/integrations`;
    const binding = { integration_type: "mynotify", client_id: `mynotify:${room}`, event_filter: ["alarm"] };
    expect(await caller.post(integrations, binding)).toMatchObject({ display_name: `#${room}` });
    expect(await caller.post(`${integrations}/mynotify/activate`, {})).toMatchObject({
      activated: true,
      warnings: [],
    });

    const { body } = await caller.raise({ id: room, room, text: "For the channel" });
    expect(body).toMatchObject({ bound: true, results: [{ channel_id: id }] });
    await caller.delivered(body.results[0].task_id);
    const asked = model.getRequests().map(({ body }) => JSON.stringify(body));
    const [first] = asked.filter((text) => text.includes(`alarm in room \\"${room}\\"`));
    expect(first).toContain("People write to you in rooms of My Notify");
  });

  test("a forged or unsigned request, a body that is not an alarm, and one without a room are refused", async () => {
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

  test("a text without a run is posted, given up or retried, depending on the service's answer", async () => {
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

  test("the page's alarms, from the program and from a shell", async () => {
    const received = await shell(blockWith("heddle receive mynotify"));
    const [, taskId = ""] = /^accepted, recorded as \S+\ntask (\S+)\n/.exec(received.out) ?? [];
    expect([received.status, received.err]).toEqual([0, ""]);
    await caller.delivered(taskId);
    if (!Bun.which("curl") || !Bun.which("openssl")) return;

    const answer = JSON.parse((await shell(blockWith("openssl"))).out);
    expect(answer).toMatchObject({ status: "processed", results: [{ duplicate: false }] });
    await caller.delivered(answer.results[0].task_id);

    const replayed = await shell(blockWith("heddle replay"));
    const [, id] = /^accepted, recorded as (\S+)\n/.exec(replayed.out) ?? [];
    expect([replayed.status, replayed.err]).toEqual([0, ""]);
    const { replay_of, outcomes } = await caller.get(`/api/v1/inbox/${id}`);
    const original = await caller.get(`/api/v1/inbox/${replay_of}`);
    expect(original.outcomes[0].task_id).toBe(answer.results[0].task_id);
    await caller.delivered(outcomes[0].task_id);
  });

  test("another process uses the REST API", async () => {
    expect((await shell("heddle types poll")).status).toBe(0);
    const environment = { HEDDLE_URL: caller.url, HEDDLE_API_KEY: KEY };
    const poll = () => run([process.execPath, "poll/poll.ts"], { cwd: server.folder, environment });
    expect(await poll()).toMatchObject({ status: 0, err: "", out: expect.stringMatching(/^[\w-]{36}\n$/) });
    expect(await poll()).toMatchObject({ status: 0, out: "said before\n" });
  });

  test("a broken helper is quarantined while the last good version answers; once fixed, it goes live", async () => {
    const helper = join(server.folder, "mynotify", "client.ts");
    const good = await readFile(helper, "utf8");
    const broken = good.replace("new Headers(init.headers);", ";");
    const better = good.replace("mynotify/1.0", "mynotify/1.1");
    const ask = async () => {
      const room = newRoom();
      const { status, body } = await caller.raise({ id: room, room, text: "Still there?" });
      return { room, status, taskId: body.results?.[0].task_id };
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
    expect(quarantined).toMatchObject({ is_live: true, error: { file: "client.ts", line } });
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
}

/** Sends alarms and public requests one after another until it is stopped. */
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
    /** Resolves when this many more were answered. */
    async more(count: number): Promise<void> {
      const wanted = asked.length + count;
      const answered = until(
        async () => asked.length,
        (length) => length >= wanted,
      );
      // A failure of the sender ends the wait.
      await Promise.race([answered, done]);
    },
    async stop() {
      isStopped = true;
      await done;
      return { statuses, asked };
    },
  };
}
