// Skills, carapaces and templates of an integration go live and are removed with it; invalid ones quarantine it.

import { expect, test } from "bun:test";
import { until } from "../../until.ts";
import { harness, routerSaying } from "../harness.ts";

const files = {
  "mine/skills/howto.md": "---\nname: How to\n---\nFirst.",
  "mine/carapaces/helper.yaml": "name: Helper\nskills: [howto]",
  "mine/prompts/board.md": "Columns.",
};

test("they go live together, change together, and are removed with their integration", async () => {
  await using all = await harness(files, { watch: true });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")).toMatchObject({
    status: "ready",
    skills: ["integrations/mine/howto"],
    carapaces: ["integrations/mine/helper"],
    templates: ["integrations/mine/board"],
  });
  const skill = () => all.skills.get("integrations/mine/howto");
  expect(skill()).toMatchObject({
    name: "How to",
    text: "First.",
    origin: { kind: "integration", id: "mine" },
  });
  expect(all.carapaces.get("integrations/mine/helper")).toMatchObject({ name: "Helper", skills: ["howto"] });
  expect(all.templates.get("integrations/mine/board")).toMatchObject({ text: "Columns." });

  await all.write({ "mine/skills/howto.md": "Second." });
  await until(() => skill()?.text === "Second.");
  await all.remove("mine/skills/howto.md");
  await until(() => skill() === undefined);
  expect(all.carapaces.get("integrations/mine/helper")).toBeDefined();

  await all.remove("mine");
  await until(() => all.integrations.get("mine") === undefined);
  expect([all.skills.list(), all.carapaces.list(), all.templates.list()]).toEqual([[], [], []]);
});

test("an invalid carapace quarantines its integration with file, line and field; the last good version stays", async () => {
  await using all = await harness({ ...files, "mine/router.ts": routerSaying("one") }, { watch: true });
  await all.integrations.loadAll();
  await all.write({
    "mine/carapaces/helper.yaml": "name: Helper\nlocal_tools:\n  - ask\n  - 5\n",
    "mine/skills/howto.md": "Changed with it.",
    "mine/router.ts": routerSaying("two"),
  });
  await until(() => all.integrations.get("mine")?.status === "quarantined");
  expect(all.integrations.get("mine")).toMatchObject({
    isLive: true,
    error: {
      file: all.path("mine/carapaces/helper.yaml"),
      line: 4,
      reason: "local_tools.1 must be a string; got a number",
    },
  });
  expect(await all.get("mine", "/say")).toBe("one");
  expect(all.skills.get("integrations/mine/howto")?.text).toBe("First.");

  await all.write({ "mine/carapaces/helper.yaml": "name: Helper" });
  await until(() => all.integrations.get("mine")?.status === "ready");
  expect(await all.get("mine", "/say")).toBe("two");
  expect(all.skills.get("integrations/mine/howto")?.text).toBe("Changed with it.");
});

test("a carapace with another integration's id waits until that integration is removed", async () => {
  await using all = await harness(
    { "a/carapaces/one.yaml": "id: shared\nname: A", "b/carapaces/two.yaml": "id: shared\nname: B" },
    { watch: true },
  );
  await all.integrations.loadAll();
  expect(all.carapaces.get("shared")?.name).toBe("A");
  expect(all.integrations.get("b")).toMatchObject({
    status: "quarantined",
    error: { reason: 'Carapace "shared" is already registered by "a"' },
  });
  await all.remove("a");
  await until(() => all.carapaces.get("shared")?.name === "B");
  expect(all.integrations.get("b")?.status).toBe("ready");
});
