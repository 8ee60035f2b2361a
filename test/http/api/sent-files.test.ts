import { expect, test } from "bun:test";
import { messages } from "../../../src/db/schema.ts";
import { newId } from "../../../src/ids.ts";
import { isSealed } from "../../../src/secrets/seal.ts";
import { call, tool } from "../../agent/fixture.ts";
import { chatFixture, liveLlm } from "../../chat/fixture.ts";
import { eachDatabase } from "../../database.ts";
import { UNKNOWN_ID } from "../fixture.ts";

const DOT =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const REPORT = Buffer.from("<script>all looms stand</script>").toString("base64");

eachDatabase("files that tools send", (open) => {
  test("are listed with the tool's result without their contents, and downloaded as they were", async () => {
    const db = await open();
    const llm = liveLlm(() =>
      llm.requests.length === 1 ? { text: "", calls: [call("c1", "draw")] } : ["Here they are."],
    );
    const draw = tool("draw", () => ({
      message: "Drawn.",
      client_action: [
        { type: "open_door", data: "not a file" },
        { type: "upload_image", filename: "dot.png", caption: "A dot", data: DOT },
        // A name that would end the header, and a page that says it is an image.
        { type: "upload_image", filename: 'rep"ört\r\n.html', data: REPORT },
      ],
    }));
    const { send, fetch } = await chatFixture(db, llm, { tools: [draw] });
    const { body } = await send("POST", "/api/v1/chat", { body: { message: "Draw", client_id: "web:1" } });
    const path = `/api/v1/sessions/${body.session_id}/messages`;
    const { body: listed } = await send("GET", path);
    const result = listed.find(({ role }: { role: string }) => role === "tool");
    expect(result.files).toEqual([
      { number: 1, kind: "image", name: "dot.png", caption: "A dot", media_type: "image/png", bytes: 70 },
      {
        number: 2,
        kind: "file",
        name: 'rep"ört\r\n.html',
        caption: "",
        media_type: "application/octet-stream",
        bytes: 32,
      },
    ]);
    expect(result.metadata.client_actions[0]).toEqual({ type: "open_door", data: "not a file" });
    expect(JSON.stringify(listed)).not.toContain(REPORT);
    const own = await send("GET", `${path}?task_id=${body.task_id}`);
    expect(own.body.map(({ role }: { role: string }) => role)).toEqual(["assistant", "tool", "assistant"]);
    expect((await send("GET", `${path}?task_id=${UNKNOWN_ID}`)).body).toEqual([]);

    const get = (file: string) =>
      fetch(
        new Request(`http://localhost${path}/${file}`, {
          headers: { authorization: "Bearer a-static-key-of-the-environment" },
        }),
      );
    const picture = await get(`${result.id}/files/1`);
    expect([picture.status, picture.headers.get("content-type")]).toEqual([200, "image/png"]);
    expect(Buffer.from(await picture.arrayBuffer()).toString("base64")).toBe(DOT);
    const page = await get(`${result.id}/files/2`);
    expect(page.headers.get("content-type")).toBe("application/octet-stream");
    expect(page.headers.get("content-disposition")).toBe(
      `attachment; filename="rep__rt__.html"; filename*=UTF-8''rep%22%C3%B6rt%0D%0A.html`,
    );
    expect(await page.text()).toBe("<script>all looms stand</script>");
    const refused = [
      `${result.id}/files/0`,
      `${result.id}/files/9`,
      `${result.id}/files/x`,
      `${UNKNOWN_ID}/files/1`,
    ];
    for (const file of refused) expect((await get(file)).status).toBe(404);

    // A message of another session.
    const other = await send("POST", "/api/v1/sessions", { body: { client_id: "web:2" } });
    const elsewhere = `/api/v1/sessions/${other.body.session_id}/messages/${result.id}/files/1`;
    expect((await send("GET", elsewhere)).status).toBe(404);
  });

  test("are those of tools only: what a sender calls so in its metadata is metadata", async () => {
    const { send } = await chatFixture(
      await open(),
      liveLlm(() => ["Hello."]),
    );
    const { body } = await send("POST", "/api/v1/sessions", { body: { client_id: "web:1" } });
    const path = `/api/v1/sessions/${body.session_id}/messages`;
    const image = { type: "upload_image", filename: "dot.png", data: DOT };
    for (const client_actions of [[null], ["sealed:v2:made:up"], [image]]) {
      expect(
        (await send("POST", path, { body: { content: "x", metadata: { client_actions } } })).status,
      ).toBe(201);
    }
    const listed = await send("GET", path);
    expect(listed.status).toBe(200);
    expect(listed.body.map(({ files }: { files: unknown[] }) => files)).toEqual([[], [], []]);
    expect((await send("GET", `${path}/${listed.body[2].id}/files/0`)).status).toBe(404);
  });

  test("with a known secret in them are sealed, and neither list nor file shows it", async () => {
    const secret = "canary-of-the-sent-files";
    const db = await open();
    const { send, actions, redactor } = await chatFixture(
      db,
      liveLlm(() => ["Fine."]),
    );
    redactor.add(secret);
    const { body } = await send("POST", "/api/v1/chat", { body: { message: "Hi", client_id: "web:1" } });
    const id = newId();
    const at = { table: "messages", row: id, field: "metadata/client_actions" };
    const kept = actions.keep([{ type: "upload_file", filename: `${secret}.txt`, data: REPORT }], at);
    expect(kept.every(isSealed)).toBe(true);
    await db.query.insert(messages).values({
      id,
      session_id: body.session_id,
      role: "tool",
      content: "Sent.",
      metadata: { client_actions: kept },
    });
    const { body: listed } = await send("GET", `/api/v1/sessions/${body.session_id}/messages`);
    expect(listed.at(-1).files).toEqual([expect.objectContaining({ number: 0, bytes: 32 })]);
    expect(JSON.stringify(listed)).not.toContain(secret);
  });
});
