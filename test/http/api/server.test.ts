// What the server says of itself: about, settings, its log, and tools that are tried.

import { beforeAll, expect, test } from "bun:test";
import { correlated } from "../../../src/log.ts";
import { eachDatabase } from "../../database.ts";
import { until } from "../../until.ts";
import { createHttpFixture, type HttpFixture, STATIC_KEY } from "../fixture.ts";

eachDatabase("the server", (open) => {
  let http: HttpFixture;

  beforeAll(async () => {
    http = await createHttpFixture(await open());
  });

  test("says what it is, how it is configured, and what licences it ships with", async () => {
    const { body } = await http.send("GET", "/api/v1/about");
    expect(body).toMatchObject({ version: "1.2.3", commit: null, home: "/srv/heddle", model: null });
    expect(body.database.version).toMatch(/^1[5-9]/);
    expect(body.database.size_bytes).toBeGreaterThan(1_000_000);
    expect(Object.keys(body.counts)).toEqual([
      ...["bots", "channels", "sessions", "runs", "deliveries", "documents", "webhooks"],
    ]);
    const { bots } = (await http.send("GET", "/api/v1/bots")).body;
    expect(body.counts.bots).toBe(bots.length);
    const settings = (await http.send("GET", "/api/v1/settings")).body.settings;
    expect(settings).toMatchObject([
      { name: "API_KEY", value: null, is_set: true, can_be_stored: false },
      { name: "FALLBACK_MODELS", source: "file" },
      { name: "PORT", value: "8000" },
      { name: "BASE_URL", value: null, is_set: false, can_be_stored: true },
    ]);
    const notice = await http.send("GET", "/api/v1/about/licenses");
    expect([notice.body, notice.headers.get("content-type")]).toEqual([
      "The MIT License",
      "text/plain; charset=utf-8",
    ]);
    const key = await http.keyWith("bots:read");
    for (const path of ["about", "about/licenses", "settings", "logs", "logs/stream"]) {
      expect([path, (await http.send("GET", `/api/v1/${path}`, { key })).status]).toEqual([path, 403]);
    }
  });

  test("its log is listed by part, level and text, newest first", async () => {
    const log = http.log;
    for (const number of [1, 2, 3]) log.getChild("dispatch").info("Delivery {number} is done", { number });
    log.getChild("worker").error("Delivery 9 is lost");
    const list = async (query: string) =>
      (await http.send("GET", `/api/v1/logs?${query}`)).body.lines.map(
        ({ message }: { message: string }) => message,
      );
    expect(await list("part=dispatch")).toEqual([
      "Delivery 3 is done",
      "Delivery 2 is done",
      "Delivery 1 is done",
    ]);
    expect(await list("level=error&q=delivery")).toEqual(["Delivery 9 is lost"]);
    correlated("a-run", () => log.getChild("agent").warn("A tool failed"));
    expect(await list("correlation_id=a-run")).toEqual(["A tool failed"]);
    const first = (await http.send("GET", "/api/v1/logs?part=dispatch&limit=2")).body;
    expect(await list(`part=dispatch&cursor=${first.next_cursor}`)).toEqual(["Delivery 1 is done"]);
  });

  test("its log is followed live, from the last line that was seen", async () => {
    const open = (headers: Record<string, string> = {}) =>
      http.fetch(
        new Request("http://localhost/api/v1/logs/stream?part=live", {
          headers: { authorization: `Bearer ${STATIC_KEY}`, ...headers },
        }),
      );
    const until = async (answer: Response, text: string): Promise<string> => {
      const reader = answer.body?.getReader();
      let got = "";
      while (!got.includes(text)) got += new TextDecoder().decode((await reader?.read())?.value);
      await reader?.cancel();
      return got;
    };
    const answer = await open();
    http.log.getChild("other").info("not this one");
    http.log.getChild("live").info("this one");
    const got = await until(answer, "this one");
    expect(got).toContain("event: line");
    expect(got).not.toContain("not this one");
    const id = Number(/^id: (\d+)$/m.exec(got)?.[1]);
    expect(await until(await open({ "last-event-id": String(id - 1) }), "this one")).toContain(`id: ${id}`);
  });

  test("a tool is tried with checked arguments, in a session of its own", async () => {
    http.tools.add("page", {
      name: "page_add",
      description: "Adds.",
      parameters: {
        type: "object",
        properties: { a: { type: "number" }, fail: { type: "boolean" } },
        required: ["a"],
      },
      run: async ({ a, fail }: { a: number; fail?: boolean }, { client_id }: { client_id: string }) => {
        if (fail) throw new Error("it cannot add today");
        return { message: `${a + 1} ${client_id}`, client_action: { type: "beep" } };
      },
    });
    const path = "/api/v1/tools/page_add/try";
    const done = await http.send("POST", path, { body: { arguments: { a: 1 } } });
    expect(done.body).toEqual({
      content: "2 heddle:try",
      error: null,
      client_actions: [{ type: "beep" }],
      duration_ms: expect.any(Number),
    });
    const failed = await http.send("POST", path, { body: { arguments: { a: 1, fail: true } } });
    expect(failed.body.error).toContain("it cannot add today");
    const wrong = await http.send("POST", path, { body: { arguments: { a: "x" } } });
    expect([wrong.status, wrong.body.error.field]).toEqual([422, "arguments.a"]);
    expect((await http.send("POST", "/api/v1/tools/nothing/try", { body: {} })).status).toBe(404);
    const key = await http.keyWith("tools:read");
    expect((await http.send("POST", path, { body: { arguments: { a: 1 } }, key })).status).toBe(403);
    const user = await http.keyWith("tools.page_add:use");
    expect((await http.send("POST", path, { body: { arguments: { a: 1 } }, key: user })).status).toBe(200);
  });

  test("its public address is stored, takes effect at once, also on another server, and is removed", async () => {
    // Last in this file: each further fixture takes the log over.
    const other = await createHttpFixture(http.db);
    const at = "/api/v1/settings/BASE_URL";
    const put = (value: unknown, tag = "*") =>
      http.send("PUT", at, { body: { value }, headers: { "if-match": tag } });
    const tagOf = async () => String((await http.send("GET", "/api/v1/settings")).headers.get("etag"));
    const before = await tagOf();
    for (const value of [
      ...["heddle", "ftp://heddle.example", "https://me:pw@heddle.example", "https://heddle.example?a=1"],
      ...["", `https://heddle.example/${"x".repeat(500)}`],
    ]) {
      const { status, body } = await put(value);
      expect([value, status, body.error.field]).toEqual([value, 422, "value"]);
    }
    const addressOf = async (server: HttpFixture) => [
      (await server.send("GET", "/api/v1/about")).body.base_url,
      (await server.send("GET", "/swagger/json")).body.servers[0].url,
    ];
    const none = await addressOf(http);
    expect(none[0]).toBeNull();
    const stored = await put(" https://heddle.example/weaving// ");
    expect([stored.status, stored.body]).toMatchObject([
      200,
      { name: "BASE_URL", value: "https://heddle.example/weaving", source: "stored", is_set: true },
    ]);
    const [known] = ["https://heddle.example/weaving"];
    expect(await addressOf(http)).toEqual([known, known]);
    // Who has not seen what is stored overwrites and removes nothing.
    const read = await tagOf();
    expect(stored.headers.get("etag")).toBe(read);
    for (const method of ["PUT", "DELETE"]) {
      const body = method === "PUT" ? { value: "https://late.example" } : undefined;
      const late = await http.send(method, at, { body, headers: { "if-match": before } });
      expect([method, late.status, late.body.error.code]).toEqual([method, 412, "changed_meanwhile"]);
    }
    expect((await put(known, read)).status).toBe(200);
    await until(
      () => addressOf(other),
      ([url]) => url === known,
    );
    // From the address in the browser, where the proxy does not pass the header Host on.
    const origin = "https://heddle.example";
    const signIn = () =>
      http.send("POST", "/api/v1/sign-ins", {
        ...{ key: null, body: { api_key: STATIC_KEY } },
        headers: { origin, "sec-fetch-site": "same-origin" },
      });
    expect((await signIn()).status).toBe(201);
    const reader = await http.keyWith("settings:write");
    expect((await http.send("PUT", at, { key: reader, body: { value: origin } })).status).toBe(403);
    expect((await http.send("DELETE", at)).status).toBe(204);
    expect(await http.send("DELETE", at)).toMatchObject({
      status: 404,
      body: { error: { message: 'There is no stored value of the setting "BASE_URL".' } },
    });
    expect(await addressOf(http)).toEqual(none);
    expect((await signIn()).status).toBe(403);

    const set = await createHttpFixture(http.db, { publicUrl: "https://set.example" });
    const refused = await set.send("PUT", at, { body: { value: origin } });
    expect([refused.status, refused.body.error.code]).toEqual([409, "conflict"]);
  });
});
