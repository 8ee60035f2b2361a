import { expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { makeSdkArchive } from "../../src/runtime/assets.ts";

test("a checkout with only what a server needs says what commands for authors need", async () => {
  const checkout = mkdtempSync(join(tmpdir(), "heddle-checkout-"));
  try {
    await expect(makeSdkArchive(checkout)).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining(`run "bun install" in ${checkout} (without Bun: npx -y bun@`),
    });
  } finally {
    rmSync(checkout, { recursive: true });
  }
});
