import { expect, test } from "bun:test";
import { HeddleError } from "../../src/errors.ts";
import { type Action, createOrders } from "../../src/processes/orders.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";

eachDatabase("orders", (open) => {
  async function server(
    db: TestDatabase,
    isInCharge: () => boolean,
    obey = async (_action: Action, _id: string) => {},
  ) {
    const obeyed: string[] = [];
    const orders = await createOrders({
      db,
      isInCharge,
      async obey(action, id) {
        obeyed.push(`${action} ${id}`);
        await obey(action, id);
      },
      timeoutMs: 8_000,
    });
    return { ...orders, obeyed };
  }

  test("reach whoever is in charge, and what it throws comes back", async () => {
    const db = await open();
    const refuse = async (action: Action) => {
      if (action === "stop") throw new HeddleError("conflict", "It does not run.");
    };
    const chief = await server(db, () => true, refuse);
    const other = await server(db, () => false);
    await other.give("start", "mine");
    await chief.give("restart", "mine");
    await expect(other.give("stop", "mine")).rejects.toMatchObject({
      code: "conflict",
      message: "It does not run.",
    });
    expect(chief.obeyed).toEqual(["start mine", "restart mine", "stop mine"]);
    expect(other.obeyed).toEqual([]);
    await Promise.all([chief.close(), other.close()]);
  }, 30_000);

  test("wait for somebody to be in charge, and are carried out once", async () => {
    const db = await open();
    let isInCharge = false;
    const slow = Promise.withResolvers<void>();
    const chief = await server(
      db,
      () => isInCharge,
      () => slow.promise,
    );
    const other = await server(db, () => false);
    // It is said again and again.
    let said = 0;
    const thrice = Promise.withResolvers<void>();
    const hearing = await db.listen(
      "heddle_process_orders",
      () => {
        said += 1;
        isInCharge = true;
        if (said === 3) thrice.resolve();
      },
      () => {},
    );
    const given = other.give("start", "mine");
    await thrice.promise;
    await hearing.close();
    slow.resolve();
    await given;
    expect(chief.obeyed).toEqual(["start mine"]);
    await Promise.all([chief.close(), other.close()]);
  }, 30_000);

  test("fail in the end when nobody is", async () => {
    const other = await server(await open(), () => false);
    await expect(other.give("start", "mine")).rejects.toMatchObject({ code: "unavailable" });
    await other.close();
  }, 30_000);
});
