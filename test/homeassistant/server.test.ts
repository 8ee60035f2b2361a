// Home Assistant at a whole server: a real process that is killed, the home as a fake.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { oneDatabase } from "../database.ts";
import { ADA, type FakeHome, startFakeHome } from "../fakes/homeassistant.ts";
import { ADMIN_KEY, ask, type HeddleProcess, killAll, launch } from "../faults/process.ts";
import { until } from "../until.ts";

setDefaultTimeout(120_000);
const DOOR = "binary_sensor.front_door";

oneDatabase("Home Assistant", (open) => {
  let home: FakeHome;
  let environment: Record<string, string>;
  let heddle: HeddleProcess;
  let url: string;

  beforeAll(async () => {
    home = startFakeHome();
    home.change(DOOR, "off");
    const { home: folder, databaseUrl } = await open.place();
    environment = {
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
      ...{ HEDDLE_HOME: folder, PORT: "0", UNATTENDED_RUNS_PER_HOUR: "0" },
      ...{ HOMEASSISTANT_URL: home.url, HOMEASSISTANT_COOLDOWN: "0" },
      HOMEASSISTANT_ENTITIES: "binary_sensor.*_door",
    };
    await launched();
    await signIn();
    await listening();
  });
  afterAll(async () => {
    await killAll();
    home.stop();
  });

  async function launched(): Promise<void> {
    heddle = launch({ environment });
    url = await heddle.started;
  }
  const listening = () =>
    until(
      () => home.subscriptions().length,
      (count) => count === 3,
    );
  async function start(): Promise<void> {
    await launched();
    await listening();
  }
  const ACCOUNTS = "/api/v1/admin/integrations/homeassistant/accounts";
  async function call(path: string, body?: object): Promise<{ url: string }> {
    const response = await fetch(`${url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    return (await response.json()) as { url: string };
  }
  /** As a person does it in the admin UI. */
  async function signIn(): Promise<void> {
    await until(
      async () => (await ask(url, ACCOUNTS)).accounts?.length,
      (count) => count === 1,
    );
    const begun = await call(`${ACCOUNTS}/home/sign-in`);
    const answer = await fetch(begun.url, { redirect: "manual" });
    const back = new URL(answer.headers.get("location") ?? "");
    await call("/api/v1/admin/account-sign-ins", Object.fromEntries(back.searchParams));
  }
  const connection = async () =>
    (await ask(url, "/api/v1/integrations/homeassistant/connections")).connections[0];
  async function heard(): Promise<string[]> {
    const { tasks } = await ask(url, "/api/v1/tasks?limit=200&status=complete");
    const texts = await Promise.all(
      tasks.map(async ({ session_id, message_id }: { session_id: string; message_id: string }) => {
        const messages = await ask(url, `/api/v1/sessions/${session_id}/messages?limit=500`);
        return messages.find(({ id }: { id: string }) => id === message_id).content as string;
      }),
    );
    return texts.map((text) => text.split("\n")[0] ?? "").sort();
  }

  const OPENED = `"Front door" (${DOOR}) changed from "off" to "on"`;
  const CLOSED = `"Front door" (${DOOR}) changed from "on" to "off"`;

  test("a change that is listed is told, others are not; a question is answered where it asks to be", async () => {
    home.change(DOOR, "on");
    home.change(DOOR, "unavailable");
    home.change("sensor.noise", "1");
    home.change("sensor.noise", "2");
    expect(await until(heard, (texts) => texts.length === 1)).toEqual([OPENED]);
    home.fire("heddle_ask", { text: "Is somebody at home?", conversation: "kitchen" });
    const answer = await until(
      () => home.called.find(({ name }) => name === "heddle_answer"),
      (found) => found !== undefined,
    );
    expect(answer?.data).toMatchObject({ conversation: "kitchen", is_error: false });
    home.fire("heddle_ask", { text: "And now?", notify: "notify.mobile_app_ada" });
    const shown = await until(
      () => home.called.find(({ name }) => name === "notify/mobile_app_ada"),
      (found) => found !== undefined,
    );
    expect(shown?.data).toMatchObject({ data: { tag: expect.stringMatching(/-0$/) } });
    home.fire("heddle_ask", { text: "Who?", conversation: "nobody", bot: "no-such-bot" }, ADA);
    const refused = await until(
      () => home.called.find(({ data }) => data.conversation === "nobody"),
      (found) => found !== undefined,
    );
    expect(refused?.data).toMatchObject({ is_error: true, text: expect.stringContaining("no-such-bot") });
    // Users and automations of the home can be allowed, so that their questions are not a stranger's.
    const { people } = await ask(url, "/api/v1/people?integration=homeassistant");
    expect(people.map(({ name }: { name: string }) => name).sort()).toEqual([
      "Ada",
      "Automations of the home",
    ]);
    expect(await connection()).toMatchObject({ status: "connected", detail: "to Home Assistant 2026.11.1" });
  });

  test("a token that has ended is exchanged, and nothing is missed", async () => {
    home.expire();
    home.change("binary_sensor.back_door", "off");
    home.change("binary_sensor.back_door", "on");
    const texts = await until(heard, (all) => all.some((text) => text.includes("back_door")));
    expect(texts.filter((text) => text.includes("back_door"))).toHaveLength(1);
    await listening();
    expect((await ask(url, ACCOUNTS)).accounts[0].signed_in).toMatchObject({ is_renewed: true });
  });

  test("what changes while the server is killed is told once after the start", async () => {
    home.change(DOOR, "on");
    heddle.kill("SIGKILL");
    await heddle.ended;
    home.change(DOOR, "off");
    await Bun.sleep(5);
    home.change(DOOR, "on");
    await start();
    const texts = await until(
      heard,
      (all) => all.includes(CLOSED) && all.filter((one) => one === OPENED).length >= 2,
    );
    expect(texts.filter((text) => text.includes(`${DOOR}) changed`))).toEqual(
      [CLOSED, OPENED, OPENED].sort(),
    );
  });
});
