// Files of a channel's workspace over the API: as the channel's bot may use them, and nothing else.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { eachDatabase } from "../../database.ts";
import { temporaryWorkspace } from "../../workspace/fixture.ts";
import { createHttpFixture, type HttpFixture } from "../fixture.ts";

eachDatabase("files of a channel's workspace", (open) => {
  let heddle: HttpFixture;
  let workspace: Awaited<ReturnType<typeof temporaryWorkspace>>;
  beforeAll(async () => {
    workspace = await temporaryWorkspace();
    heddle = await createHttpFixture(await open(), { workspace });
  });
  afterAll(() => workspace[Symbol.asyncDispose]());

  const channel = async (settings: object = {}) => {
    const body = { client_id: `test:${crypto.randomUUID()}`, bot_id: "default", ...settings };
    return (await heddle.send("POST", "/api/v1/channels", { body })).body.id as string;
  };
  const at = (id: string, rest = "") => `/api/v1/channels/${id}/workspace/files${rest}`;

  test("a file is written, listed and read, and is the bot's own in its folder", async () => {
    const id = await channel();
    const put = (path: string, content: string, more: object = {}) =>
      heddle.send("PUT", at(id, "/content"), { body: { path, content, ...more } });
    expect(await put("common/notes/a.md", "# A")).toMatchObject({
      status: 200,
      body: { path: "common/notes/a.md", bytes: 3, outcome: "created" },
    });
    expect((await put("common/notes/a.md", "# A")).body.outcome).toBe("unchanged");
    expect((await put("common/notes/a.md", "# B", { replace: false })).status).toBe(409);
    expect((await put("common/notes/a.md", "# B")).body.outcome).toBe("replaced");
    expect((await heddle.send("GET", at(id, "?path=common&recursive=true"))).body).toEqual({
      path: "common",
      entries: [
        { path: "common/notes", kind: "folder" },
        { path: "common/notes/a.md", kind: "file" },
      ],
      truncated: false,
    });
    expect((await heddle.send("GET", at(id, "/content?path=common/notes/a.md"))).body).toEqual({
      path: "common/notes/a.md",
      content: "# B",
    });
    expect((await put("bots/default/own.md", "mine")).status).toBe(200);
    for (const [path, status] of [
      ["bots/another/own.md", 403],
      ["../outside.md", 422],
      ["/etc/passwd", 422],
      ["common/none.md", 404],
    ] as const)
      expect((await heddle.send("GET", at(id, `/content?path=${encodeURIComponent(path)}`))).status).toBe(
        status,
      );
  });

  test("where the workspace is off there are no files, and a key needs the scope", async () => {
    const off = await channel({ workspace: false });
    expect((await heddle.send("GET", at(off))).body.error).toMatchObject({
      code: "bad_request",
      message: "The workspace of this channel is off; turn it on in its settings.",
    });
    const id = await channel();
    const key = await heddle.keyWith("workspaces.files:read");
    expect((await heddle.send("GET", at(id), { key })).status).toBe(200);
    const body = { path: "common/x.md", content: "x" };
    expect((await heddle.send("PUT", at(id, "/content"), { key, body })).status).toBe(403);
    expect((await heddle.send("GET", at(crypto.randomUUID()), { key })).status).toBe(404);
  });
});
