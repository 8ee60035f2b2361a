import { expect, test } from "bun:test";
import { HeddleError } from "../../src/errors.ts";
import { type Action, createCommands } from "../../src/processes/commands.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";

eachDatabase("commands to processes", (open) => {
  async function server(
    db: TestDatabase,
    isLeader: () => boolean,
    handle = async (_action: Action, _id: string) => {},
  ) {
    const handled: string[] = [];
    const commands = await createCommands({
      db,
      isLeader,
      async handle(action, id) {
        handled.push(`${action} ${id}`);
        await handle(action, id);
      },
      timeoutMs: 8_000,
    });
    return { ...commands, handled };
  }

  test("reach the leader, whose error comes back", async () => {
    const db = await open();
    const refuse = async (action: Action) => {
      if (action === "stop") throw new HeddleError("conflict", "It does not run.");
    };
    const leader = await server(db, () => true, refuse);
    const other = await server(db, () => false);
    await other.send("start", "mine");
    await leader.send("restart", "mine");
    await expect(other.send("stop", "mine")).rejects.toMatchObject({
      code: "conflict",
      message: "It does not run.",
    });
    expect(leader.handled).toEqual(["start mine", "restart mine", "stop mine"]);
    expect(other.handled).toEqual([]);
    await Promise.all([leader.close(), other.close()]);
  }, 30_000);

  test("wait for a leader and are executed once", async () => {
    const db = await open();
    let isLeader = false;
    const slow = Promise.withResolvers<void>();
    const leader = await server(
      db,
      () => isLeader,
      () => slow.promise,
    );
    const other = await server(db, () => false);
    // The command is repeated.
    let said = 0;
    const thrice = Promise.withResolvers<void>();
    const hearing = await db.listen(
      "heddle_process_orders",
      () => {
        said += 1;
        isLeader = true;
        if (said === 3) thrice.resolve();
      },
      () => {},
    );
    const given = other.send("start", "mine");
    await thrice.promise;
    await hearing.close();
    slow.resolve();
    await given;
    expect(leader.handled).toEqual(["start mine"]);
    await Promise.all([leader.close(), other.close()]);
  }, 30_000);

  test("fail eventually without a leader", async () => {
    const other = await server(await open(), () => false);
    await expect(other.send("start", "mine")).rejects.toMatchObject({ code: "unavailable" });
    await other.close();
  }, 30_000);

  test("text that is not JSON is ignored, and the next command is executed", async () => {
    const db = await open();
    const leader = await server(db, () => true);
    const other = await server(db, () => false);
    for (const channel of ["heddle_process_orders", "heddle_process_answers"])
      await db.execute("select pg_notify($1, $2)", [channel, "not JSON"]);
    await other.send("start", "mine");
    expect(leader.handled).toEqual(["start mine"]);
    await Promise.all([leader.close(), other.close()]);
  });
});
