import { expect, test } from "bun:test";
import { symlink } from "node:fs/promises";
import { join } from "node:path";
import { rootLogger } from "../../src/log.ts";
import { watchPaths } from "../../src/processes/watch-paths.ts";
import { temporaryFolder } from "../integrations/harness.ts";

test("a watched folder in which links lead back to it is read once", async () => {
  await using folder = await temporaryFolder();
  await folder.write({ "mine/rules/a.txt": "one" });
  // Followed for ever, each of them doubles what there is to read.
  for (const name of ["back", "again", "more"]) await symlink("..", join(folder.path, "mine/rules", name));
  const { promise, resolve } = Promise.withResolvers<string>();
  const watch = watchPaths({
    declaration: { watchPaths: ["."] },
    folder: join(folder.path, "mine"),
    log: rootLogger(),
    onChange: () => resolve("changed"),
  });
  for (let round = 0; ; round++) {
    await folder.write({ "mine/rules/a.txt": `round ${round}` });
    if ((await Promise.race([promise, Bun.sleep(20)])) === "changed") break;
  }
  watch.close();
  expect(await promise).toBe("changed");
});
