import { expect, test } from "bun:test";
import { readFile } from "node:fs/promises";
import { ICON_NAMES } from "../../src/web/parts/icon-names.ts";
import { SPRITE, sprite } from "./generate-icons.ts";

test("the sprite is what Lucide has for the names", async () => {
  expect(new Set(ICON_NAMES).size).toBe(ICON_NAMES.length);
  // After a change to icon-names.ts: bun run web:icons
  expect(await readFile(SPRITE, "utf8")).toBe(await sprite());
});
