import { expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readSettled } from "../../../src/integrations/review/read-settled.ts";
import { temporaryFolder } from "../harness.ts";

test("a file that is written over while it is read is never half the one text and half the other", async () => {
  await using folder = await temporaryFolder();
  const path = join(folder.path, "router.ts");
  const texts = ["export const a = 'bot';\n", "export const a = 'a person';\n"];
  await writeFile(path, texts[0] ?? "");
  // It writes without a pause, and now and then makes one that is long enough to read the file.
  const program = `
    const { writeFileSync } = require("node:fs");
    for (let n = 0; ; n++) {
      writeFileSync(${JSON.stringify(path)}, ${JSON.stringify(texts)}[n % 2]);
      if (n % 2_001 === 0) { Bun.sleepSync(20); console.log(); }
    }`;
  await using writer = Bun.spawn([process.execPath, "-e", program], { stdout: "pipe" });
  await writer.stdout.getReader().read();
  const read = new Set<string | undefined>();
  for (let n = 0; n < 300; n++) read.add((await readSettled(path).catch(() => undefined))?.toString());
  read.delete(undefined);
  expect(read).toEqual(new Set(texts));
});

test("a file that is gone is undefined", async () => {
  await using folder = await temporaryFolder();
  expect(await readSettled(join(folder.path, "none.ts"))).toBeUndefined();
});
