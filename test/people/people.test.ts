import { beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { readPairingCode } from "../../src/people/pairing-code.ts";
import {
  CODE_VALID_MS,
  createPeople,
  MOST_CODES,
  MOST_PENDING,
  MOST_TRIES,
  type People,
} from "../../src/people/people.ts";
import { eachDatabase, type TestDatabase } from "../database.ts";
import { testVault } from "../secrets/test-vault.ts";

const ADA = { id: "42", name: "Ada", place: "chat:42" };

test("a code is read however it is typed, and nothing else is", () => {
  expect(readPairingCode(" 7kq2-mxrd ")).toBe("7KQ2MXRD");
  for (const text of ["", "7KQ2MXR", "7KQ2MXRDD", "7KQ2MXR0", "7KQ2MXRI", "ÄÄÄÄÄÄÄÄ"])
    expect(readPairingCode(text)).toBeUndefined();
});

eachDatabase("people", (open) => {
  let db: TestDatabase;
  let people: People;
  let time: number;

  beforeAll(async () => {
    db = await open();
  });
  beforeEach(async () => {
    await db.execute("delete from people");
    await db.execute("delete from events");
    time = Date.parse("2026-11-29T10:00:00Z");
    people = make();
  });
  const make = () => createPeople({ db, vault: testVault(), now: () => time });
  const person = (number: number) => ({ id: `person-${number}`, name: `Person ${number}` });
  const codeOf = async (asking = ADA): Promise<string> => {
    const { code } = await people.check("chat", asking);
    if (code === null) throw new Error("There is no code.");
    return code;
  };

  test("somebody unknown gets a code for an hour, which the operator confirms once", async () => {
    const asked = await people.check("chat", ADA);
    expect(asked).toEqual({ status: "pending", code: expect.stringMatching(/^[2-9A-Z]{8}$/) });
    expect(await people.check("chat", { ...ADA, name: "Ada L." })).toEqual(asked);
    const code = String(asked.code);
    expect(JSON.stringify((await db.execute("select * from people")).rows)).not.toContain(code);
    expect(
      await people.pair(` ${code.slice(0, 4).toLowerCase()}-${code.slice(4)} `, "key:operator"),
    ).toMatchObject({
      external_id: "42",
      status: "allowed",
      place: "chat:42",
      decided_by: "key:operator",
      code: null,
    });
    expect(await people.check("chat", ADA)).toEqual({ status: "allowed", code: null });
    await expect(people.pair(code, "key:operator")).rejects.toMatchObject({ code: "not_found" });
    // Of another integration, and with another id, nobody is known.
    expect((await people.check("other", ADA)).status).toBe("pending");
    expect((await people.check("chat", { ...ADA, id: "43" })).status).toBe("pending");
    const { rows } = await db.execute("select type, integration_id from events order by id");
    expect(rows.slice(0, 2)).toEqual([
      { type: "person.asked", integration_id: "chat" },
      { type: "person.allowed", integration_id: "chat" },
    ]);
  });

  test("a code ends after an hour, and the next ask gets another", async () => {
    const first = await codeOf();
    time += CODE_VALID_MS - 1;
    expect(await codeOf()).toBe(first);
    time += 1;
    await expect(people.pair(first, "key:operator")).rejects.toMatchObject({ code: "not_found" });
    const second = await codeOf();
    expect(second).not.toBe(first);
    expect((await people.pair(second, "key:operator")).external_id).toBe("42");
  });

  test("wrong codes end those that are valid meanwhile", async () => {
    const code = await codeOf();
    for (let tries = 0; tries < MOST_TRIES; tries++)
      await expect(people.pair("22222222", "key:operator")).rejects.toMatchObject({ code: "not_found" });
    await expect(people.pair(code, "key:operator")).rejects.toMatchObject({ code: "not_found" });
    await expect(people.pair("no code", "key:operator")).rejects.toMatchObject({
      code: "validation",
      field: "code",
    });
    const next = await codeOf();
    expect(next).not.toBe(code);
    expect((await people.pair(next, "key:operator")).status).toBe("allowed");
  });

  test("strangers cannot flood: few codes, also when many ask two servers at once", async () => {
    const other = make();
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, number) => (number % 2 ? people : other).check("chat", person(number))),
    );
    expect(answers.filter(({ code }) => code !== null)).toHaveLength(MOST_CODES);
    expect(await people.list({})).toHaveLength(MOST_CODES);
    // Those of other integrations have their own room.
    expect((await people.check("mail", ADA)).code).not.toBeNull();
    for (let hour = 1; hour <= 10; hour++) {
      time += CODE_VALID_MS;
      for (let number = 0; number < 5; number++) await people.check("chat", person(100 * hour + number));
    }
    const waiting = await people.list({ integration: "chat" });
    expect(waiting).toHaveLength(MOST_PENDING);
    expect(waiting[0]?.external_id).toBe("person-1002");
  });

  test("people are allowed, blocked and forgotten without a code, and added in advance", async () => {
    const code = await codeOf();
    const [row] = await people.list({ integration: "chat", status: "pending" });
    const id = String(row?.id);
    expect(await people.decide(id, "blocked", "key:ada", undefined)).toMatchObject({ status: "blocked" });
    expect(await people.check("chat", ADA)).toEqual({ status: "blocked", code: null });
    await expect(people.pair(code, "key:ada")).rejects.toMatchObject({ code: "not_found" });
    await people.decide(id, "allowed", "key:ada", undefined);
    expect((await people.check("chat", { ...ADA, name: "Ada L." })).status).toBe("allowed");
    expect((await people.get(id, undefined)).name).toBe("Ada L.");
    await people.remove(id, undefined);
    expect((await people.check("chat", ADA)).status).toBe("pending");
    const eve = { integrationId: "chat", id: "66", name: "Eve", status: "blocked" as const };
    await people.add(eve, "key:ada");
    expect((await people.check("chat", eve)).status).toBe("blocked");
    await expect(people.add(eve, "key:ada")).rejects.toMatchObject({ code: "conflict" });
  });

  test("the key of another integration finds nobody", async () => {
    await codeOf();
    const [row] = await people.list({});
    const id = String(row?.id);
    const reach = { owner: "integration:mail", integrationId: "mail", claims: [] };
    expect(await people.list({ reach })).toEqual([]);
    await expect(people.get(id, reach)).rejects.toMatchObject({ code: "not_found" });
    await expect(people.decide(id, "allowed", "key:x", reach)).rejects.toMatchObject({ code: "not_found" });
    await expect(people.remove(id, reach)).rejects.toMatchObject({ code: "not_found" });
  });

  describe("what strangers call themselves", () => {
    test("is cut, and stored without what no database takes", async () => {
      await people.check("chat", { id: "1", name: `\0${"x".repeat(3_000)}\ud800` });
      expect((await people.list({}))[0]?.name).toBe(`\ufffd${"x".repeat(199)}`);
    });
  });
});
