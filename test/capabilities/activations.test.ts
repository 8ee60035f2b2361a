import { beforeAll, expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import { channelActivations, channels } from "../../src/db/schema.ts";
import { newId } from "../../src/ids.ts";
import type { SetupManifest } from "../../src/sdk/manifest.ts";
import { eachDatabase } from "../database.ts";
import { createHttpFixture, type HttpFixture, UNKNOWN_ID } from "../http/fixture.ts";
import { carapace } from "./fixture.ts";

const handle = async () => new Response("");
const integration = (activation: NonNullable<SetupManifest["activation"]>, version = "1.0") => ({
  handle,
  version,
  setup: { icon: "Zap", activation },
});

const integrations = {
  board: integration({
    carapaces: ["board"],
    description: "Boards for projects.",
    compatible_templates: ["kanban", "scrum"],
  }),
  desk: integration({ carapaces: ["desk", "nowhere"], includes: ["board", "absent"] }),
  files: integration({ carapaces: ["files"], requires_workspace: true }),
  plain: { handle, setup: { version: "1.0" } },
  broken: {},
};

eachDatabase("activation", (open) => {
  let http: HttpFixture;
  beforeAll(async () => {
    http = await createHttpFixture(await open(), {
      integrations,
      tools: ["board_move", "board_list", "desk_call"],
    });
    http.carapaces.replaceOwner("board", [
      carapace(
        "integrations/board/board",
        "local_tools: [board_*, board_list]\nskills: [rules]\nsystem_prompt_fragment: Keep the board tidy.\nrequires: { tools: [board_move] }",
      ),
    ]);
    http.carapaces.replaceOwner("desk", [
      carapace("integrations/desk/desk", "pinned_tools: [desk_call, desk_gone]"),
    ]);
    http.carapaces.replaceOwner("files", [
      carapace("integrations/files/files", "requires: { tools: [workspace_read] }"),
    ]);
  });

  async function addChannel(more: Partial<typeof channels.$inferInsert> = {}): Promise<string> {
    const id = newId();
    await http.db.query.insert(channels).values({ id, client_id: `test:${id}`, name: "test", ...more });
    return id;
  }
  const call = (method: string, channel: string, path: string, key?: string) =>
    http.send(method, `/api/v1/channels/${channel}/integrations/${path}`, key === undefined ? {} : { key });
  const activate = (channel: string, type: string) => call("POST", channel, `${type}/activate`);
  const activated = async (channel: string) =>
    (await http.db.query.select().from(channelActivations).where(eq(channelActivations.channel_id, channel)))
      .map((row) => row.integration_id)
      .sort();

  test("lists what can be activated, and what it adds", async () => {
    const channel = await addChannel();
    await http.db.query
      .insert(channelActivations)
      .values({ channel_id: channel, integration_id: "long-gone" });
    await activate(channel, "board");
    const { status, body } = await call("GET", channel, "available");
    expect(status).toBe(200);
    const shown = body.integrations as { integration_type: string }[];
    expect(shown.map(({ integration_type }) => integration_type)).toEqual([
      "board",
      "desk",
      "files",
      "long-gone",
    ]);
    expect(shown[0] as unknown).toEqual({
      integration_type: "board",
      name: "board",
      description: "Boards for projects.",
      icon: "Zap",
      version: "1.0",
      requires_workspace: false,
      carapaces: ["board"],
      includes: [],
      tools: ["board_*", "board_list"],
      skill_count: 1,
      has_system_prompt: true,
      compatible_templates: ["kanban", "scrum"],
      compatible_template_tag: "kanban",
      activated: true,
      is_running: true,
      warnings: [],
    });
    expect(shown[1]).toMatchObject({
      tools: ["board_*", "board_list", "desk_call", "desk_gone"],
      activated: false,
      compatible_template_tag: null,
    });
    expect(shown[3]).toMatchObject({ activated: true, is_running: false });
  });

  test("several can be activated in one channel, each once; deactivating removes only that one", async () => {
    const channel = await addChannel();
    for (const type of ["board", "desk", "board", "files"]) {
      expect(await activate(channel, type)).toMatchObject({
        status: 200,
        body: { integration_type: type, activated: true, manifest: { integration_type: type } },
      });
    }
    expect(await activated(channel)).toEqual(["board", "desk", "files"]);
    for (let time = 0; time < 2; time++) {
      expect(await call("POST", channel, "desk/deactivate")).toMatchObject({
        status: 200,
        body: { ok: true, integration_type: "desk", activated: false },
      });
    }
    expect(await activated(channel)).toEqual(["board", "files"]);
  });

  test("an activated integration that no longer exists can be deactivated once", async () => {
    const channel = await addChannel();
    await http.db.query
      .insert(channelActivations)
      .values({ channel_id: channel, integration_id: "long-gone" });
    expect((await call("POST", channel, "long-gone/deactivate")).status).toBe(200);
    expect((await call("POST", channel, "long-gone/deactivate")).status).toBe(404);
  });

  test("warns about what will not work, for each bot of the channel", async () => {
    await http.bots.create({ id: "helper", name: "Helper", tools: ["board_move"] });
    const channel = await addChannel({ bot_id: "helper", tools_disabled: ["board_list"] });
    const { body } = await activate(channel, "desk");
    expect(body.warnings).toEqual([
      {
        bot_id: null,
        feature: "absent",
        description:
          'The integration "absent", which "desk" includes, is not running or has nothing to activate.',
        missing_tools: [],
      },
      {
        bot_id: null,
        feature: "desk",
        description: 'There is no carapace "nowhere".',
        missing_tools: [],
      },
      {
        bot_id: "helper",
        feature: "integrations/board/board",
        description:
          '"integrations/board/board" uses tools that the bot "helper" does not have in this channel: board_list.',
        missing_tools: ["board_list"],
      },
      {
        bot_id: "helper",
        feature: "integrations/desk/desk",
        description:
          '"integrations/desk/desk" uses tools that the bot "helper" does not have in this channel: desk_gone.',
        missing_tools: ["desk_gone"],
      },
    ]);
    const anyBot = await activate(await addChannel(), "files");
    expect(anyBot.body.warnings).toEqual([
      {
        bot_id: null,
        feature: "integrations/files/files",
        description: '"integrations/files/files" uses tools that no bot has in this channel: workspace_read.',
        missing_tools: ["workspace_read"],
      },
    ]);
  });

  test("refuses an unknown channel, an integration without activation or not running, and a missing workspace", async () => {
    const channel = await addChannel({ workspace: false });
    expect((await activate(UNKNOWN_ID, "board")).status).toBe(404);
    expect((await call("GET", UNKNOWN_ID, "available")).status).toBe(404);
    expect((await call("POST", UNKNOWN_ID, "board/deactivate")).status).toBe(404);
    expect((await activate("not-a-uuid", "board")).status).toBe(422);
    expect((await activate(channel, "plain")).status).toBe(404);
    expect((await activate(channel, "nobody")).status).toBe(404);
    expect((await activate(channel, "broken")).status).toBe(409);
    const refused = await activate(channel, "files");
    expect(refused).toMatchObject({ status: 409 });
    expect(JSON.stringify(refused.body)).toContain("workspace");
    expect(await activated(channel)).toEqual([]);
  });

  test("reading needs channels.integrations:read, changing :write, and :use for tools that no bot has", async () => {
    const channel = await addChannel();
    const reader = await http.keyWith("channels.integrations:read");
    const other = await http.keyWith("channels.messages:write", "integrations:write");
    const writer = await http.keyWith("channels:write", "tools:use");
    const without = await http.keyWith("channels:write");
    expect((await call("GET", channel, "available", reader)).status).toBe(200);
    expect((await call("GET", channel, "available", other)).status).toBe(403);
    const refused = await call("POST", channel, "board/activate", without);
    expect(refused).toMatchObject({ status: 403, body: { error: { field: "integration_type" } } });
    expect(JSON.stringify(refused.body)).toContain("needs the scope tools:use for");
    for (const path of ["board/activate", "board/deactivate"]) {
      expect((await call("POST", channel, path, reader)).status).toBe(403);
      expect((await call("POST", channel, path, writer)).status).toBe(200);
    }
  });
});
