import { expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { createCheckpoints } from "../../src/db/checkpoints.ts";
import { embeddedDatabase } from "../database.ts";

const log = getLogger("heddle");
const open = embeddedDatabase();

test("a checkpoint is made only after enough was written since the last one", async () => {
  const { execute } = await open();
  const lastAt = async () => (await execute("select redo_lsn::text from pg_control_checkpoint()")).rows[0];
  await execute("create table filler (text text)");
  const checkpoints = createCheckpoints({ execute, log, dueAfterBytes: 4_000_000 });
  const before = await lastAt();
  await checkpoints.check();
  expect(await lastAt()).toEqual(before);
  await execute("insert into filler select repeat(md5(n::text), 100) from generate_series(1, 5000) n");
  await execute(
    "insert into filler select string_agg(md5(random()::text), '') from generate_series(1, 300000) n group by n % 500",
  );
  await checkpoints.check();
  expect(await lastAt()).not.toEqual(before);
  await checkpoints.close();
});
