// Files that come with a message: stored, shown to the model in this turn and in later ones, listed, downloaded and deleted.

import { expect, test } from "bun:test";
import { OPERATOR } from "../../src/access/caller.ts";
import type { LlmImage, LlmRequest } from "../../src/llm/llm.ts";
import { call, tool } from "../agent/fixture.ts";
import { given, pdf, png } from "../attachments/files.ts";
import { oneDatabase } from "../database.ts";
import { STATIC_KEY } from "../http/fixture.ts";
import { chatFixture, liveLlm } from "./fixture.ts";

const imagesOf = ({ messages }: LlmRequest): LlmImage[] =>
  messages.flatMap((message) =>
    message.role === "user" ? (message.attachments ?? []).filter((file) => file.kind === "image") : [],
  );
const photo = given("photo.png", png(4, 3));

oneDatabase("attachments", (open) => {
  test("the model gets an image, a text and a PDF with the message, and again in the next turn", async () => {
    const llm = liveLlm(() => ["Seen."]);
    const { send, stream } = await chatFixture(await open(), llm);
    const attachments = [
      photo,
      given("notes.md", "The code is 7.", "text/markdown"),
      given("a.pdf", pdf("x")),
    ];
    const first = await send("POST", "/api/v1/chat", {
      body: { message: "Look", client_id: "web:1", attachments },
    });
    expect(first.body).toMatchObject({ status: "complete", text: "Seen." });
    const asked = llm.requests[0]?.messages.at(-1);
    expect(asked).toMatchObject({
      role: "user",
      content: "Look",
      attachments: [
        { kind: "image", name: "photo.png", media_type: "image/png", data: photo.data },
        { kind: "text", name: "notes.md", media_type: "text/markdown", text: "The code is 7." },
        {
          kind: "text",
          name: "a.pdf",
          media_type: "application/pdf",
          text: expect.stringContaining("text of the PDF"),
        },
      ],
    });
    // A stream, without a text of its own.
    const events = await stream("/api/v1/chat/stream", {
      message: "",
      client_id: "web:1",
      attachments: [photo],
    });
    await events.until((event) => event.event === "response");
    expect(llm.requests[1]?.messages.at(1)).toMatchObject({
      content: "Look",
      attachments: asked && "attachments" in asked ? asked.attachments : [],
    });
    expect(imagesOf(llm.requests[1] as LlmRequest).map(({ data }) => data)).toEqual([photo.data, photo.data]);
  });

  test("they are listed with their message, downloaded as they were sent, and deleted with the channel", async () => {
    const db = await open();
    const { send, fetch } = await chatFixture(
      db,
      liveLlm(() => ["Seen."]),
    );
    const evil = given('x"\n<é>.html', "<script>alert(1)</script>", "text/html");
    const { body } = await send("POST", "/api/v1/chat", {
      body: { message: "Look", client_id: "web:1", attachments: [photo, evil] },
    });
    const listed = await send("GET", `/api/v1/sessions/${body.session_id}/messages`);
    const [asked, answer] = listed.body;
    expect(answer.attachments).toEqual([]);
    expect(asked.attachments).toEqual([
      {
        id: expect.any(String),
        kind: "image",
        name: "photo.png",
        media_type: "image/png",
        bytes: png(4, 3).length,
      },
      {
        id: expect.any(String),
        kind: "text",
        name: "x____.html".replace("__.", "_é_."),
        media_type: "text/html",
        bytes: 25,
      },
    ]);
    const load = (id: string) =>
      fetch(
        new Request(`http://localhost/api/v1/attachments/${id}`, {
          headers: { authorization: `Bearer ${STATIC_KEY}` },
        }),
      );
    const image = await load(asked.attachments[0].id);
    expect(image.headers.get("content-type")).toBe("image/png");
    expect(image.headers.get("content-disposition")).toBe(
      "attachment; filename=\"photo.png\"; filename*=UTF-8''photo.png",
    );
    expect(Buffer.from(await image.arrayBuffer()).equals(png(4, 3))).toBe(true);
    const page = await load(asked.attachments[1].id);
    expect(page.headers.get("content-type")).toBe("application/octet-stream");
    expect(page.headers.get("x-content-type-options")).toBe("nosniff");
    expect(page.headers.get("content-security-policy")).toContain("sandbox");
    expect(page.headers.get("content-disposition")).toMatch(
      /^attachment; filename="[\w.-]+"; filename\*=UTF-8''[\w.%-]+$/,
    );
    expect(await page.text()).toBe("<script>alert(1)</script>");
    expect((await load(crypto.randomUUID())).status).toBe(404);

    const [session] = (await send("GET", "/api/v1/sessions")).body.sessions;
    await send("DELETE", `/api/v1/channels/${session.channel_id}`);
    const { rows } = await db.execute("select count(*)::int as count from attachments");
    expect(rows).toEqual([{ count: 0 }]);
  });

  test("another key can neither load nor find a file", async () => {
    const { send, keyWith, apiKeys } = await chatFixture(
      await open(),
      liveLlm(() => ["Seen."]),
    );
    const { body } = await send("POST", "/api/v1/chat", {
      body: { message: "Look", client_id: "web:1", attachments: [photo] },
    });
    const [{ attachments }] = (await send("GET", `/api/v1/sessions/${body.session_id}/messages`)).body;
    const path = `/api/v1/attachments/${attachments[0].id}`;
    const scopes = ["chat:*", "attachments:read"];
    const { key: own } = await apiKeys.create({ name: "own", scopes, rows: "own" }, OPERATOR);
    const missing = await send("GET", `/api/v1/attachments/${crypto.randomUUID()}`, { key: own });
    const found = await send("GET", path, { key: own });
    expect([found.status, missing.status]).toEqual([404, 404]);
    expect(found.body.error.message.replace(/[0-9a-f-]{36}/, "")).toBe(
      missing.body.error.message.replace(/[0-9a-f-]{36}/, ""),
    );
    expect((await send("GET", path, { key: await keyWith("chat:*") })).status).toBe(403);
  });

  test("what cannot be taken is refused with the field, and nothing is stored", async () => {
    const db = await open();
    const { send } = await chatFixture(
      db,
      liveLlm(() => ["Seen."]),
    );
    const post = (attachments: unknown, path = "/api/v1/chat") =>
      send("POST", path, { body: { message: "Look", client_id: "web:1", attachments } });
    const large = {
      name: "a.png",
      data: Buffer.concat([png(), Buffer.alloc(6 * 1024 * 1024)]).toString("base64"),
    };
    const refused = await Promise.all([
      post([{ name: "a", data: "§" }]),
      post([photo, { name: "a", data: "AAEC", media_type: "image/png" }], "/api/v1/chat/stream"),
      post([large]),
      post([{ name: "a" }]),
      post([{ name: "a", data: "YQ==", path: "/etc/passwd" }]),
    ]);
    expect(refused.map(({ status, body }) => [status, body.error?.field])).toEqual([
      [422, "attachments.0.data"],
      [422, "attachments.1.data"],
      [413, "attachments.0.data"],
      [422, "attachments.0.data"],
      [422, "attachments.0.path"],
    ]);
    expect((await send("POST", "/api/v1/chat", { body: { message: " ", attachments: [] } })).status).toBe(
      422,
    );
    const { rows } = await db.execute("select count(*)::int as count from messages");
    expect(rows).toEqual([{ count: 0 }]);
    // Errors do not repeat the file.
    expect(JSON.stringify(refused.map(({ body }) => body))).not.toContain("AAEC");
  });

  test("a passive message keeps its files for the next run; a message in a session has them as well", async () => {
    const llm = liveLlm(() => ["Seen."]);
    const { send } = await chatFixture(await open(), llm);
    const stored = await send("POST", "/api/v1/chat", {
      body: { message: "For later", client_id: "web:1", passive: true, attachments: [photo] },
    });
    const path = `/api/v1/sessions/${stored.body.session_id}/messages`;
    await send("POST", path, { body: { content: "", attachments: [given("b.txt", "B")] } });
    await send("POST", "/api/v1/chat", { body: { message: "Now?", client_id: "web:1" } });
    const sent = JSON.stringify(llm.requests[0]?.messages);
    expect(sent).toContain(photo.data);
    expect(sent).toContain('"text":"B"');
  });

  test("the same idempotency key stores the files once", async () => {
    const db = await open();
    const { send } = await chatFixture(
      db,
      liveLlm(() => ["Seen."]),
    );
    const body = { message: "Look", client_id: "web:1", idempotency_key: "a", attachments: [photo] };
    const [first, second] = await Promise.all([
      send("POST", "/api/v1/chat", { body }),
      send("POST", "/api/v1/chat", { body }),
    ]);
    expect(first.body.message_id).toBe(second.body.message_id);
    const { rows } = await db.execute("select count(*)::int as count from attachments");
    expect(rows).toEqual([{ count: 1 }]);
  });

  test("of many images a request has the newest; the trace says how many are left out, and holds nothing of them", async () => {
    const llm = liveLlm((request) =>
      request.messages.at(-1)?.role === "user" ? { calls: [call("a", "look")] } : ["Seen."],
    );
    const { send } = await chatFixture(await open(), llm, { tools: [tool("look", () => "ok")] });
    const ten = Array.from({ length: 10 }, (_, at) => given(`${at}.png`, png(at + 1)));
    let task = "";
    for (const message of ["One", "Two", "Three"]) {
      const { body } = await send("POST", "/api/v1/chat", {
        body: { message, client_id: "web:1", attachments: ten },
      });
      task = body.task_id;
    }
    const shown = llm.requests.map((request) => imagesOf(request).filter(({ data }) => data).length);
    expect(shown.slice(0, 4)).toEqual([10, 10, 20, 20]);
    expect(shown[4]).toBeGreaterThanOrEqual(10);
    expect(shown[4]).toBeLessThan(20);
    expect(shown[5]).toBe(shown[4] as number);
    const trace = JSON.stringify((await send("GET", `/api/v1/tasks/${task}/trace`)).body);
    expect(trace).toContain("of 30 images are left out");
    expect(trace).not.toContain(ten[0]?.data as string);
  });

  test("a file that does not fit into the window is cut with a note, and the turn goes well", async () => {
    const db = await open();
    const llm = liveLlm(() => ["Seen."]);
    const { send } = await chatFixture(db, llm);
    const words = given("long.txt", "word ".repeat(20_000));
    const { body } = await send("POST", "/api/v1/chat", {
      body: { message: "Sum it up", client_id: "web:1", attachments: [words, words] },
    });
    expect(body.status).toBe("complete");
    const { rows } = await db.execute("select max(length(content)) as size from attachments");
    expect(Number(rows[0]?.size)).toBeLessThanOrEqual(100_100);
    const asked = llm.requests[0]?.messages.at(-1);
    expect(asked?.content).toBe("Sum it up");
    const sizes =
      asked && "attachments" in asked
        ? (asked.attachments ?? []).map((file) => file.kind === "text" && file.text.length)
        : [];
    expect(sizes).toHaveLength(2);
    expect(Math.max(...sizes.map(Number))).toBeLessThan(100_000);
    expect(JSON.stringify(asked)).toContain("characters cut");
  });
});
