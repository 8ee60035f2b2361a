// The tools about the server, and that only a bot that names them has them.

import { expect, test } from "bun:test";
import { offeredTools } from "../../../src/agent/offered-tools.ts";
import { createSendFileTool } from "../../../src/agent/tools/builtin/send-file.ts";
import { createServerTools, type ServerForTools } from "../../../src/agent/tools/builtin/server.ts";
import { callTool } from "../../../src/agent/tools/call.ts";
import { createToolRegistry } from "../../../src/agent/tools/registry.ts";
import { notFound } from "../../../src/errors.ts";
import { decide } from "../../../src/policies/decide.ts";
import { factsOf } from "../../../src/policies/tool-kinds.ts";
import { call, tool } from "../fixture.ts";

function fixture() {
  const done: string[] = [];
  const loom = {
    ...{ id: "loom", name: "Loom", status: "quarantined", enabled: true, isLive: false, version: "1" },
    ...{
      error: { reason: "loom.ts:3: Unexpected ;" },
      tools: ["loom_wind"],
      setup: { env_vars: ["SECRET"] },
    },
  };
  const server: ServerForTools = {
    facts: async () => ({
      version: "1.2.3",
      database: "embedded",
      model: null,
      runs: { running: 1 },
      problems: [],
    }),
    integrations: {
      list: () => [loom],
      get: (id) => (id === "loom" ? loom : undefined),
      async reload(id) {
        done.push(`reload ${id}`);
        return loom;
      },
      setEnabled: async (id, enabled) => void done.push(`${enabled ? "enable" : "disable"} ${id}`),
    },
  };
  const files = createSendFileTool({
    async readFile({ botId }, path) {
      if (path !== "common/report.md") throw notFound("file", path, "path");
      return Buffer.from(`Report for ${botId}`);
    },
  });
  const registry = createToolRegistry();
  for (const one of [...createServerTools(server), files, tool("clock", () => "12:00")])
    registry.add("core", one);
  const ask = async (name: string, args: object = {}) =>
    callTool(call("id", name, args), {
      tools: new Map(registry.list().map((one) => [one.name, one])),
      run: {
        ...{ task_id: "t", session_id: "s", channel_id: "c", bot_id: "b", client_id: "x:1" },
        ...{ correlation_id: "k", call_id: "call" },
      },
      signal: new AbortController().signal,
      redact: (text) => text,
      permit: async () => undefined,
      now: () => 0,
    });
  return { registry, ask, done };
}

test("integrations are looked at, switched and loaded again, but neither approved nor set up", async () => {
  const { ask, done } = fixture();
  const manage = async (args: object) => JSON.parse((await ask("manage_integration", args)).content);
  expect(await manage({ action: "list" })).toEqual({
    integrations: [{ id: "loom", name: "Loom", status: "quarantined", enabled: true }],
  });
  const got = await manage({ action: "get", id: "loom" });
  expect(got).toMatchObject({ is_live: false, error: "loom.ts:3: Unexpected ;", tools: ["loom_wind"] });
  expect(JSON.stringify(got)).not.toContain("SECRET");
  expect(await manage({ action: "disable", id: "loom" })).toMatchObject({ enabled: false });
  expect(await manage({ action: "enable", id: "loom" })).toMatchObject({ enabled: true });
  await manage({ action: "reload", id: "loom" });
  expect(done).toEqual(["disable loom", "enable loom", "reload loom"]);
  expect((await manage({ action: "get", id: "nothing" })).error).toContain("There are: loom.");
  expect((await manage({ action: "reload" })).error).toContain("needs id");
  for (const action of ["approve", "set"])
    expect((await ask("manage_integration", { action, id: "loom" })).error).toContain("invalid");
  const status = JSON.parse((await ask("get_system_status")).content);
  expect(status).toMatchObject({ version: "1.2.3", integrations: [{ id: "loom", status: "quarantined" }] });
});

test("in a run that has read text of strangers, a person decides on switching an integration off", () => {
  const tool = fixture().registry.get("manage_integration") as Parameters<typeof factsOf>[0];
  const call = {
    tool: factsOf(tool),
    args: { action: "disable", id: "loom" },
    bot_id: "b",
    channel_id: null,
  };
  const effects = (["none", "read", "led"] as const).map((taint) => decide([], call, taint).effect);
  expect(effects).toEqual(["allow", "require_approval", "require_approval"]);
});

test("neither a pattern nor a message brings the tools of the server", () => {
  const { registry } = fixture();
  const offered = (own: string[], message: string[] = []) => {
    const { tools, warnings } = offeredTools(registry, { own, disabled: [], message }, []);
    return { names: [...tools.keys()], warnings };
  };
  expect(offered(["*"]).names).toEqual(["clock", "send_file"]);
  expect(offered(["manage_*"], ["manage_*", "*"]).names).toEqual(["clock", "send_file"]);
  expect(offered([], ["manage_integration", "clock"])).toEqual({
    names: ["clock"],
    warnings: ['The message asks for the tool "manage_integration", which only a bot itself can have.'],
  });
  expect(offered(["manage_integration"], ["manage_integration"])).toEqual({
    names: ["manage_integration"],
    warnings: [],
  });
});

test("a file of the workspace goes with the answer", async () => {
  const { ask } = fixture();
  const sent = await ask("send_file", { path: "common/report.md", caption: "The report" });
  expect(sent.content).toBe("report.md (12 bytes) goes with your answer.");
  expect(sent.clientActions).toEqual([
    { type: "upload_file", filename: "report.md", caption: "The report", data: btoa("Report for b") },
  ]);
  expect((await ask("send_file", { path: "../x" })).error).toContain("There is no file");
});
