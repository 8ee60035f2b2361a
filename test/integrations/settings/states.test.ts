import { expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import type { Database } from "../../../src/db/database.ts";
import { openDatabase } from "../../../src/db/open.ts";
import { createIntegrationStates } from "../../../src/integrations/settings/states.ts";
import { eachDatabase, onPostgres } from "../../database.ts";
import { until } from "../../until.ts";
import { harness, nextCall, routerSaying, toolNamed } from "../harness.ts";

const log = getLogger("test");

async function loaded(db: Database) {
  const states = createIntegrationStates({ db, log });
  await states.load();
  return { ...states, [Symbol.asyncDispose]: states.close };
}

eachDatabase("states of integrations", (open) => {
  test("everything is enabled by default, and a change is kept", async () => {
    const db = await open();
    {
      await using states = await loaded(db);
      expect(states.get("mine")).toEqual({ enabled: true, processAutoStart: true });
      await states.set("mine", { enabled: false, face: { name: "Mine", version: "1", icon: "Zap" } });
      await states.set("mine", { processAutoStart: false });
      await states.set("yours", { processAutoStart: false });
    }
    await using states = await loaded(db);
    expect(states.get("mine")).toEqual({ enabled: false, processAutoStart: false });
    expect(states.get("yours")).toEqual({ enabled: true, processAutoStart: false });
    expect(states.face("mine")).toEqual({ name: "Mine", version: "1", icon: "Zap" });
    expect(states.face("yours")).toBeNull();
  });

  test("a disabled integration is removed everywhere at once, and comes back when it is enabled", async () => {
    await using states = await loaded(await open());
    Object.assign(globalThis, { disabledLoads: 0 });
    const counting = "globalThis.disabledLoads++;";
    await using all = await harness(
      {
        "mine/tools/t.ts": `${counting}\n${toolNamed("mine_tool", "() => globalThis.disabledLoads")}`,
        "mine/hooks.ts": `import { registerHook } from "heddle/sdk"; registerHook("after_response", () => {});`,
        "mine/dispatcher.ts": `import { registerDispatcher } from "heddle/sdk"; registerDispatcher("mine", { deliver: () => ({ receipt: 1 }) });`,
        "mine/router.ts": routerSaying("here"),
        "other/router.ts": routerSaying("other"),
      },
      { states, watch: true },
    );
    await all.integrations.loadAll();
    const heard: string[] = [];
    all.integrations.onChange((id, event) => heard.push(`${id} ${event}`));
    expect(all.call("mine_tool")).toBe(1);

    await states.set("mine", { enabled: false });
    expect(all.integrations.get("mine")).toMatchObject({
      status: "disabled",
      enabled: false,
      isLive: false,
      hasRouter: false,
      tools: [],
      process: null,
    });
    expect(all.integrations.statusOf("mine")).toBe("disabled");
    expect(all.integrations.routerOf("mine")).toBeUndefined();
    expect(all.integrations.isPublic("mine", { method: "POST", path: "/webhook" })).toBe(false);
    expect(all.tools.list()).toEqual([]);
    expect(all.hooks.get("mine")).toEqual([]);
    expect(() => all.dispatchers.check({ type: "mine" })).toThrow();
    // Neither a change nor an explicit reload loads it.
    await all.integrations.reload("mine");
    expect(all.integrations.get("mine")?.status).toBe("disabled");
    expect(await all.get("other", "/say")).toBe("other");

    const live = nextCall(all.integrations.onChange);
    await states.set("mine", { enabled: true });
    expect(await live).toEqual(["mine", "live"]);
    expect(await all.get("mine", "/say")).toBe("here");
    expect(all.call("mine_tool")).toBe(2);
    expect(heard).toEqual(["mine disabled", "mine disabled", "mine live"]);
  });

  test("an integration disabled before the start is not loaded and occupies no name", async () => {
    await using states = await loaded(await open());
    await states.set("a", { enabled: false });
    await using all = await harness(
      { "a/tools/t.ts": toolNamed("wanted", "() => 'a'"), "b/tools/t.ts": toolNamed("wanted", "() => 'b'") },
      { states },
    );
    await all.integrations.loadAll();
    expect(all.call("wanted")).toBe("b");
    expect(all.integrations.get("a")).toMatchObject({ status: "disabled", error: null });
    // If it is enabled while another has its name, it waits for the name.
    const changed = nextCall(all.integrations.onChange);
    await states.set("a", { enabled: true });
    expect(await changed).toEqual(["a", "quarantined"]);
    await states.set("b", { enabled: false });
    expect(all.call("wanted")).toBe("a");
  });

  test("a load in progress does not go live if the integration is disabled", async () => {
    await using states = await loaded(await open());
    await using all = await harness(
      {
        "mine/tools/t.ts": `await globalThis.gateOfDisabled.promise;\n${toolNamed("late")}`,
      },
      { states },
    );
    const gate = Promise.withResolvers<void>();
    Object.assign(globalThis, { gateOfDisabled: gate });
    const loading = all.integrations.loadAll();
    const disabled = nextCall(all.integrations.onChange);
    // Lets it reach its await; the expected outcome does not depend on that.
    await new Promise((resolve) => setImmediate(resolve));
    await until(() => all.integrations.get("mine"));
    await states.set("mine", { enabled: false });
    await disabled;
    gate.resolve();
    await loading;
    expect(all.tools.list()).toEqual([]);
    expect(all.integrations.get("mine")).toMatchObject({ status: "disabled", isLive: false });
  });
});

onPostgres("states over two servers", (open) => {
  test("an integration that is disabled on one server is disabled on the other", async () => {
    const db = await open();
    const otherDb = await openDatabase({ databaseUrl: db.databaseUrl, home: db.home, log });
    try {
      await using here = await loaded(db);
      await using there = await loaded(otherDb);
      await using all = await harness({ "mine/tools/t.ts": toolNamed("mine_tool") }, { states: there });
      await all.integrations.loadAll();
      const disabled = nextCall(all.integrations.onChange);
      await here.set("mine", { enabled: false });
      expect(await disabled).toEqual(["mine", "disabled"]);
      expect(all.tools.list()).toEqual([]);
    } finally {
      await otherDb.close();
    }
  });
});
