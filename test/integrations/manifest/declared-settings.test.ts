import { expect, test } from "bun:test";
import { harness, toolNamed } from "../harness.ts";

const reads = toolNamed("reads", "() => ({ ...settings })").replace(
  "\n",
  `\nimport { settings } from "../config.ts";\n`,
);

test("declaring a setting once is enough, and both places may declare the same one", async () => {
  await using all = await harness(
    {
      "mine/config.ts": `import { defineConfig, t } from "heddle/sdk";
        export const settings = defineConfig({
          ROOM: t.String({ description: "from config" }),
          COUNT: t.Integer({ default: 3 }),
          EMPTY: t.String({ default: "" }),
          MAYBE: t.Optional(t.String()),
          MAX_TOKENS: t.Integer({ default: 100 }),
          HIDDEN: t.String({ default: "" }),
        });`,
      "mine/setup.ts": `import { defineSetup } from "heddle/sdk";
        export const SETUP = defineSetup({ env_vars: [
          { key: "ROOM", default: "lobby", description: "from the manifest" },
          { key: "COUNT", default: "9", required: true },
          { key: "EMPTY", default: "filled" },
          { key: "MAX_TOKENS", secret: false },
          { key: "HIDDEN", secret: true },
          { key: "ONLY_TOKEN" },
        ] });`,
      "mine/dispatcher.ts": `import { registerDispatcher } from "heddle/sdk"; import { settings } from "./config.ts";
        registerDispatcher("mine", { deliver: () => ({ receipt: 1 }) });
        globalThis.roomWhileLoading = settings.ROOM;`,
      "mine/tools/t.ts": reads,
    },
    { environment: { HIDDEN: "hidden-value", ONLY_TOKEN: "only-in-the-manifest" } },
  );
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.error).toBeNull();
  expect(
    all.integrations
      .get("mine")
      ?.settings.map((setting) => [
        setting.key,
        setting.secret,
        setting.required,
        setting.default,
        setting.description,
      ]),
  ).toEqual([
    ["ROOM", false, false, "lobby", "from the manifest"],
    ["COUNT", false, true, "3", null],
    ["EMPTY", false, false, "filled", null],
    ["MAYBE", true, false, null, null],
    ["MAX_TOKENS", false, false, "100", null],
    ["HIDDEN", true, false, null, null],
    ["ONLY_TOKEN", true, false, null, null],
  ]);
  // The code reads the listed value.
  expect(all.call("reads")).toEqual({
    ROOM: "lobby",
    COUNT: 3,
    EMPTY: "filled",
    MAYBE: undefined,
    MAX_TOKENS: 100,
    HIDDEN: "hidden-value",
  });
  expect((globalThis as Record<string, unknown>).roomWhileLoading).toBe("lobby");
  expect(all.secrets).toContain("hidden-value");
  expect(all.secrets).toContain("only-in-the-manifest");
});

test("if config.ts and the manifest contradict each other, the setting is secret, and no error shows its value", async () => {
  await using all = await harness(
    {
      "mine/config.ts": `import { defineConfig, t } from "heddle/sdk";
        export const settings = defineConfig({ CODE: t.Integer({ secret: false, default: 1 }), KEYED: t.String({ default: "" }) });`,
      "mine/setup.ts": `import { defineSetup } from "heddle/sdk";
        export const SETUP = defineSetup({
          env_vars: [{ key: "CODE", secret: true }],
          webhook: { path: "/webhook", verifier: { scheme: "bearer", secret: "KEYED" } },
        });`,
      "mine/tools/t.ts": reads,
    },
    { environment: { CODE: "no-number-at-all", KEYED: "of-the-webhook" } },
  );
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.settings.map(({ key, secret }) => [key, secret])).toEqual([
    ["CODE", true],
    ["KEYED", true],
  ]);
  expect(all.secrets.sort()).toEqual(["no-number-at-all", "of-the-webhook"]);
  expect(() => all.call("reads")).toThrow("The setting CODE must be a whole number; got another value.");
});

test("a name that only a process requires is a setting too, except Heddle's own names", async () => {
  await using all = await harness({
    "mine/process.ts":
      'export const CMD = ["true"]; export const REQUIRED_ENV = ["MINE_TOKEN", "MINE_ROOM", "MINE_ROOM", "_kept", "a b"];',
    "mine/setup.ts": `import { defineSetup } from "heddle/sdk";
      export const SETUP = defineSetup({ env_vars: [{ key: "MINE_TOKEN", description: "declared" }] });`,
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mine")?.settings).toMatchObject([
    { key: "MINE_TOKEN", description: "declared", required: false, secret: true },
    { key: "MINE_ROOM", description: null, required: true, secret: false, isUndeclared: true },
  ]);
});
