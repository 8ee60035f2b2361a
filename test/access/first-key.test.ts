import { expect, test } from "bun:test";
import { createApiKeys } from "../../src/access/api-keys.ts";
import { OPERATOR } from "../../src/access/caller.ts";
import { createFirstKey } from "../../src/access/first-key.ts";
import { createLog } from "../../src/log.ts";
import { eachDatabase } from "../database.ts";

eachDatabase("the first key", (open) => {
  test("is stored after it was shown; if nobody could have read it, the next start creates another", async () => {
    const db = await open();
    const lines: string[] = [];
    const log = await createLog({
      level: "error",
      format: "json",
      redact: (text) => text,
      write: (line) => lines.push(line),
    });
    const apiKeys = createApiKeys({ db, log });
    const told: string[] = [];
    const start = (show: (key: string) => Promise<void>) => createFirstKey({ db, apiKeys, log, show });
    const listed = async () => (await apiKeys.list({ limit: 10 })).map(({ name }) => name);

    await start(async (key) => {
      told.push(key);
      throw new Error("ENOSPC: no space left on device, write");
    });
    expect(await listed()).toEqual([]);
    expect(await apiKeys.verify(String(told[0]))).toBeUndefined();
    expect(lines.join()).toContain("ENOSPC");
    expect(lines.join()).toContain("Start again");
    expect(lines.join()).not.toContain(told[0]);

    await start(async (key) => void told.push(key));
    expect(await listed()).toEqual(["first start"]);
    expect(await apiKeys.verify(String(told[1]))).toMatchObject({ scopes: OPERATOR.scopes });

    await start(async (key) => void told.push(key));
    expect(told).toHaveLength(2);
    await apiKeys.close();
  });
});
