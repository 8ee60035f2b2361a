// People over the API: what an integration may ask, and what only a person may decide.

import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Connection } from "../../../src/cli/client/connect.ts";
import { listPending, pair } from "../../../src/cli/client/pair.ts";
import { processScopes } from "../../../src/processes/permissions.ts";
import { createSdk } from "../../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../../src/sdk/environment.ts";
import { eachDatabase } from "../../database.ts";
import { createHttpFixture, type HttpFixture } from "../fixture.ts";

const ADA = { external_id: "42", name: "Ada" };

eachDatabase("people over the API", (open) => {
  let http: HttpFixture;
  let server: ReturnType<typeof Bun.serve>;
  let process: string;
  let other: string;
  /** Whether nobody knows of one integration yet. */
  let isLate = true;

  beforeAll(async () => {
    http = await createHttpFixture(await open(), {
      metas: [{ integrationType: "chat", clientIdPrefix: "chat:" }],
      integrations: {
        chat: { handle: async () => new Response() },
        mail: { handle: async () => new Response() },
        get late() {
          return isLate ? undefined : { handle: async () => new Response() };
        },
      } as Record<string, { handle(): Promise<Response> }>,
      whenLoaded: async (id) => {
        if (id === "late") isLate = false;
      },
    });
    server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: (request) => http.fetch(request) });
    const keyOf = (id: string) => {
      const scopes = [...processScopes({ id, setup: null }), "people:write"];
      return http.apiKeys.issueEphemeral({ name: id, scopes, integrationId: id }).key;
    };
    process = keyOf("chat");
    other = keyOf("mail");
  });
  afterAll(() => server.stop(true));

  const send = (method: string, path: string, { key, body }: { key?: string; body?: object } = {}) =>
    http.send(method, `/api/v1/people${path}`, { ...(key !== undefined && { key }), ...(body && { body }) });
  const message = async (author: string) => {
    const { session_id } = (
      await http.send("POST", "/api/v1/sessions", { key: process, body: { client_id: "chat:1" } })
    ).body;
    await http.send("POST", `/api/v1/sessions/${session_id}/messages`, {
      key: process,
      body: { content: "Hello", source: "chat", author: { id: author, display_name: "Ada" } },
    });
    const messages = (await http.send("GET", `/api/v1/sessions/${session_id}/messages`)).body;
    return messages.at(-1).from_person;
  };

  test("right after a start, an integration that is not known yet is waited for", async () => {
    const added = await send("POST", "", { body: { integration_id: "late", ...ADA, status: "allowed" } });
    expect(added.status).toBe(201);
    const none = await send("POST", "", { body: { integration_id: "none", ...ADA, status: "allowed" } });
    expect(none.status).toBe(404);
  });

  test("a process asks, the operator pairs, and what the person writes is no stranger's any more", async () => {
    const { body: asked } = await send("POST", "/check", { key: process, body: ADA });
    expect(asked).toEqual({ status: "pending", code: expect.stringMatching(/^[2-9A-Z]{8}$/) });
    expect(await message("42")).toBe(false);
    const { body: repairs } = await http.send("GET", "/api/v1/repairs");
    expect(repairs.repairs).toContainEqual(
      expect.objectContaining({
        id: "people_pending/chat",
        title: expect.stringContaining("Somebody asks to talk to "),
        detail: "The name given is “Ada”.",
        integration_id: "chat",
        action: "decide_about_people",
      }),
    );
    // An integration cannot trust people by itself, and no answer shows a code.
    const refused = await send("POST", "/pair", { key: process, body: { code: asked.code } });
    expect([refused.status, refused.body.error.code]).toEqual([403, "forbidden"]);
    const { body: list } = await send("GET", "?integration=chat&status=pending");
    expect(list.people).toMatchObject([{ ...ADA, status: "pending", decided_by: null }]);
    expect(JSON.stringify(list)).not.toContain(asked.code);
    const [{ id }] = list.people;
    for (const [method, path, body] of [
      ["PATCH", `/${id}`, { status: "allowed" }],
      ["DELETE", `/${id}`],
      ["POST", "", { ...ADA, integration_id: "chat", status: "allowed" }],
    ] as const) {
      expect((await send(method, path, { key: process, ...(body && { body }) })).status).toBe(403);
    }
    const paired = await send("POST", "/pair", { body: { code: asked.code.toLowerCase() } });
    expect([paired.status, paired.body.status, paired.body.decided_by]).toEqual([
      200,
      "allowed",
      expect.stringMatching(/^key:/),
    ]);
    expect(await message("42")).toBe(true);
    await send("PATCH", `/${id}`, { body: { status: "blocked" } });
    expect(await message("42")).toBe(false);
    expect((await send("DELETE", `/${id}`)).status).toBe(204);
    expect((await send("GET", `/${id}`)).status).toBe(404);
  });

  test("another integration neither sees nor asks for those of this one", async () => {
    await send("POST", "/check", { key: process, body: ADA });
    expect((await send("GET", "", { key: other })).body.people).toEqual([]);
    const foreign = await send("POST", "/check", { key: other, body: { ...ADA, integration_id: "chat" } });
    expect([foreign.status, foreign.body.error.field]).toEqual([404, "integration_id"]);
    expect((await send("POST", "/check", { body: ADA })).status).toBe(422);
    const unknown = await send("POST", "/check", { body: { ...ADA, integration_id: "nothing" } });
    expect(unknown.status).toBe(404);
    const plain = await http.keyWith("people:read");
    expect((await send("POST", "/check", { key: plain, body: ADA })).status).toBe(403);
    expect((await send("POST", "/pair", { key: plain, body: { code: "22222222" } })).status).toBe(403);
  });

  test("wrong and malformed codes are told apart, and say what to do", async () => {
    const wrong = await send("POST", "/pair", { body: { code: "22222222" } });
    expect([wrong.status, wrong.body.error.field]).toEqual([404, "code"]);
    expect(wrong.body.error.message).toContain("the person gets a new one by writing again");
    expect((await send("POST", "/pair", { body: { code: "hello" } })).status).toBe(422);
  });

  test("the SDK of a process needs no scope of its own", async () => {
    const { people } = createSdk(
      createEnvironmentBackend({
        HEDDLE_URL: `http://127.0.0.1:${server.port}`,
        HEDDLE_API_KEY: http.apiKeys.issueEphemeral({
          name: "chat",
          scopes: [...processScopes({ id: "chat", setup: null })],
          integrationId: "chat",
        }).key,
        HEDDLE_INTEGRATION_ID: "chat",
      }),
    );
    const eve = { id: "66", name: "Eve", place: "chat:66" };
    expect((await people.check(eve)).status).toBe("pending");
    expect(await people.list()).toContainEqual({ ...eve, status: "pending" });
    await expect(people.check({ id: 42, name: "Ada" } as never)).rejects.toMatchObject({ field: "id" });
    await expect(people.check({ ...eve, isTrusted: true } as never)).rejects.toThrow("isTrusted");
  });

  test("heddle pair lists who waits, and allows one by the code", async () => {
    const name = "Bob\n\u001b[2JEve";
    const { code } = (await send("POST", "/check", { key: other, body: { external_id: "8", name } })).body;
    const ask = async (method: string, path: string, body?: object) =>
      (await http.send(method, path, body ? { body } : {})).body;
    const connection = {
      get: (path: string) => ask("GET", path),
      post: (path: string, body?: object) => ask("POST", path, body),
    } as Connection;
    const lines: string[] = [];
    await listPending(connection, (line) => void lines.push(line));
    expect(lines.find((line) => line.includes("mail 8"))).toMatch(
      /^"Bob\\n.*Eve" \(mail 8\) has asked at 20/,
    );
    expect(lines.at(-1)).toContain("heddle pair <code>");
    expect(lines.join("\n")).not.toContain("\u001b");
    await pair(connection, code, (line) => void lines.push(line));
    expect(lines.at(-1)).toContain("(mail 8) is allowed: what this person writes counts as yours.");
  });
});
