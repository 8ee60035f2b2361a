// The page's manifest loads, and its dashboard module is valid.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { checkModule } from "../../src/integrations/routing/dashboard-data.ts";
import { SetupManifest } from "../../src/sdk/manifest.ts";
import { harness } from "../integrations/harness.ts";
import { codeBlocks } from "./code-blocks.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/manifest.md"), "utf8");

function block(wanted: string): string {
  const found = codeBlocks(page).find(({ language }) => language === wanted);
  if (!found) throw new Error(`There is no block of ${wanted}`);
  return found.text;
}

test("the page's manifest loads, and its data is valid for a dashboard", async () => {
  await using all = await harness({
    "mynotify/setup.ts": block("ts"),
    "mynotify/router.ts": `import { Elysia } from "heddle/sdk";
export const router = new Elysia().get("/mc/alarms/data", () => (${block("json")}));
`,
  });
  await all.integrations.loadAll();
  expect(all.integrations.get("mynotify")).toMatchObject({ error: null, status: "ready" });
  const router = all.integrations.routerOf("mynotify");
  if (!router) throw new Error("no router");
  expect(await checkModule(router, "alarms", { log: getLogger("test") })).toEqual([]);
});

test("the page names every key", () => {
  const [, table = ""] = /\n(\| key \|[\s\S]*?)\n\n/.exec(page) ?? [];
  const named = [...table.matchAll(/`(\w+)(\[\])?`/g)].map(([, name]) => name);
  expect(Object.keys(SetupManifest.properties).filter((key) => !named.includes(key))).toEqual([]);
});
