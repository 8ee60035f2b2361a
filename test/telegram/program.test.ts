// The running program against the fake Bot API: it answers, loses nothing while it is down or killed, and notices a dead connection.

import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "bun:test";
import { LLMock } from "@copilotkit/aimock";
import { eachDatabase } from "../database.ts";
import { createFakeTelegram, type FakeTelegram, PERSON } from "../fakes/telegram.ts";
import { ADMIN_KEY, ask, killAll, lapse, launch } from "../faults/process.ts";
import { until } from "../until.ts";

let model: LLMock;
let telegram: FakeTelegram;

beforeAll(async () => {
  model = new LLMock({ port: 0, journalMaxEntries: 100 });
  model.on({}, { content: "**Yes**, it is." });
  await model.start();
});
beforeEach(() => {
  telegram = createFakeTelegram();
});
afterEach(async () => {
  await killAll();
  await telegram.close();
});
afterAll(() => model.stop());

const answersIn = (chat: number) => telegram.shown(chat).filter(({ text }) => text === "**Yes**, it is.");

/** As an operator does on the integration's page. */
async function allow(url: string, people: number[]): Promise<void> {
  for (const person of people) {
    const add = () =>
      fetch(`${url}/api/v1/people`, {
        method: "POST",
        headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
        body: JSON.stringify({
          integration_id: "telegram",
          external_id: `${person}`,
          name: `Person ${person}`,
          status: "allowed",
        }),
      });
    // Integrations are still being loaded when the server begins to listen.
    await until(
      async () => (await add()).status,
      (status) => status === 201,
    );
  }
}

function start(place: { home: string; databaseUrl?: string | undefined }, more: Record<string, string> = {}) {
  return launch({
    arguments: ["--home", place.home, "--port", "0"],
    environment: {
      ...(place.databaseUrl && { DATABASE_URL: place.databaseUrl }),
      OPENAI_BASE_URL: `${model.url}/v1`,
      OPENAI_API_KEY: "x",
      ALLOW_PRIVATE_HOSTS: "127.0.0.1",
      TELEGRAM_BOT_TOKEN: telegram.token,
      TELEGRAM_API_URL: telegram.url,
      ...more,
    },
  });
}

eachDatabase("the program at Telegram", (open) => {
  test("answers what was written while it was down, each message once, and over kill -9", async () => {
    const place = await open.place();
    // Five people, since each gets one message a second.
    const people = [1, 2, 3, 4, 5].map((number) => PERSON + number);
    for (const person of people) telegram.addChat(person, "private");
    const count = () => people.flatMap(answersIn).length;
    const first = start(place);
    await allow(await first.started, people);
    // The first messages are answered in part when the server is killed.
    for (const person of people) telegram.say("Are you there?", { chat: person, from: person });
    await until(() => telegram.waiting() < people.length);
    first.kill("SIGKILL");
    await first.ended;
    for (let number = 0; number < 15; number += 1) {
      const person = people[number % 5] as number;
      telegram.say(`Question ${number}?`, { chat: person, from: person });
    }
    if (place.databaseUrl) await lapse(place.databaseUrl);
    const url = await start(place).started;
    await until(
      () => telegram.waiting(),
      (waiting) => waiting === 0,
    );
    await until(
      async () => (await ask(url, "/api/v1/tasks?limit=100")).tasks,
      (tasks) =>
        tasks.length === 20 && tasks.every(({ status }: { status: string }) => status === "complete"),
    );
    await until(count, (answers) => answers >= 20);
    // Of an answer that was being posted when the server was killed, nobody knows whether it was.
    expect(count()).toBeLessThanOrEqual(20 + people.length);
    const { connections } = await ask(url, "/api/v1/integrations/telegram/connections");
    expect(connections[0]).toMatchObject({ name: "updates", status: "connected", detail: "as @ops_bot" });
  }, 120_000);
});
