// Of two people who change one object, the second does not overwrite what the first has stored without knowing of it.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { eachDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture } from "../fixture.ts";

interface Case {
  /** Where it is made, or with PUT set up. */
  path: string;
  method?: "PUT";
  body: object;
  changes: [object, object];
}

const CASES: Record<string, Case> = {
  bot: {
    path: "/bots",
    body: { id: "two", name: "Two" },
    changes: [{ name: "One" }, { description: "Mine" }],
  },
  policy: {
    path: "/policies",
    body: { name: "A", effect: "deny", tools: ["x"] },
    changes: [{ name: "B" }, { reason: "Mine" }],
  },
  budget: {
    path: "/budgets",
    body: { scope: "bot", subject: "default", metric: "tokens", period: "day", amount: 5 },
    changes: [{ amount: 6 }, { amount: 7 }],
  },
  channel: {
    path: "/channels",
    body: { client_id: "forge:two", bot_id: "default" },
    changes: [{ prompt: "B" }, { name: "Mine" }],
  },
  binding: {
    path: "/channels/{channel}/integrations",
    body: { integration_type: "forge", client_id: "forge:there" },
    changes: [{ mirror: false }, { display_name: "Mine" }],
  },
  schedule: {
    path: "/schedules",
    body: { name: "A", channel_id: "{channel}", content: "Hi", timing: { kind: "interval", seconds: 3600 } },
    changes: [{ name: "B" }, { content: "Mine" }],
  },
  heartbeat: {
    path: "/admin/channels/{channel}/heartbeat",
    method: "PUT",
    body: { prompt: "A" },
    changes: [{ timezone: "Europe/Paris" }, { enabled: false }],
  },
  provider: {
    path: "/admin/providers",
    body: {
      id: "two",
      name: "Two",
      adapter: "chat_completions",
      base_url: "http://127.0.0.1:9/v1",
      default_model: "m",
    },
    changes: [{ name: "B" }, { default_model: "mine" }],
  },
  "MCP server": {
    path: "/admin/mcp-servers",
    body: { id: "two", transport: "http", url: "http://127.0.0.1:9/mcp", is_enabled: false },
    changes: [{ name: "B" }, { timeout_seconds: 7 }],
  },
  "coding agent": {
    path: "/admin/coding-agents",
    body: { id: "two", command: "bun", is_enabled: false },
    changes: [{ name: "B" }, { timeout_seconds: 7 }],
  },
};

eachDatabase("If-Match", (open) => {
  let http: HttpFixture;
  let channel: string;
  beforeAll(async () => {
    const metas = [{ integrationType: "forge", clientIdPrefix: "forge:" }];
    http = await createHttpFixture(await open(), { metas });
    const body = { client_id: "forge:one", bot_id: "default" };
    channel = (await http.send("POST", "/api/v1/channels", { body })).body.id;
  });
  afterAll(() => http.queue.close());

  test.each(Object.entries(CASES))("%s", async (_, { path, method = "POST", body, changes }) => {
    const at = (text: string) => `/api/v1${text}`.replace("{channel}", channel);
    const given = JSON.parse(JSON.stringify(body).replace("{channel}", channel));
    const made = await http.send(method, at(path), { body: given });
    expect([200, 201]).toContain(made.status);
    const seen = made.headers.get("etag") ?? "";
    expect(seen).toBe(`"${made.body.updated_at}"`);

    const one = method === "PUT" ? at(path) : at(`${path}/${made.body.id}`);
    const change = (tag: string, of: object) =>
      http.send(method === "PUT" ? "PUT" : "PATCH", one, { body: of, headers: { "if-match": tag } });
    const theirs = await change(seen, changes[0]);
    expect([theirs.status, theirs.body]).toMatchObject([200, changes[0]]);
    const now = theirs.headers.get("etag") ?? "";
    expect(now > seen).toBe(true);

    const refused = await change(seen, changes[1]);
    expect([refused.status, refused.body.error?.code]).toEqual([412, "changed_meanwhile"]);
    const kept = await change(`W/"nothing", ${now}`, changes[1]);
    // Their change is still there, unless it is of the same field.
    expect([kept.status, kept.body]).toMatchObject([200, { ...changes[0], ...changes[1] }]);
    expect((await change("*", changes[1])).status).toBe(200);
  });

  test("of changes at the same time with the same version, one is stored", async () => {
    const { body, headers } = await http.send("GET", "/api/v1/bots/default");
    const tag = headers.get("etag") ?? "";
    expect(tag).toBe(`"${body.updated_at}"`);
    const answers = await Promise.all(
      ["a", "b", "c", "d"].map((name) =>
        http.send("PATCH", "/api/v1/bots/default", { body: { name }, headers: { "if-match": tag } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });
});
