// Discord at a whole server: the gateway of a strict fake, a process that is killed, and sessions that are resumed or over.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LLMock } from "@copilotkit/aimock";
import { eachDatabase } from "../database.ts";
import { type FakeDiscord, startFakeDiscord } from "../fakes/discord/fake-discord.ts";
import { ADA, BOT, DIRECT, GENERAL, TOKEN } from "../fakes/discord/ids.ts";
import { ADMIN_KEY, ask, type HeddleProcess, killAll, lapse, launch } from "../faults/process.ts";
import { until } from "../until.ts";

setDefaultTimeout(120_000);

eachDatabase("Discord", (open) => {
  let discord: FakeDiscord;
  let model: LLMock;
  let home: string;
  let environment: Record<string, string>;
  let heddle: HeddleProcess;
  let url: string;
  let database: string | undefined;

  beforeAll(async () => {
    discord = startFakeDiscord();
    model = new LLMock({ port: 0, journalMaxEntries: 50 });
    model.on({}, { content: "**Yes**, it is." });
    await model.start();
    home = await mkdtemp(join(tmpdir(), "heddle-discord-"));
    ({ databaseUrl: database } = await open.place());
    environment = {
      ...(database !== undefined && { DATABASE_URL: database }),
      ...{ HEDDLE_HOME: home, PORT: "0", UNATTENDED_RUNS_PER_HOUR: "0", OPENAI_BASE_URL: `${model.url}/v1` },
      ...{ OPENAI_API_KEY: "x", DISCORD_API_URL: discord.url, DISCORD_BOT_TOKEN: TOKEN },
    };
    await start();
  });
  afterAll(async () => {
    await killAll();
    await model.stop();
    discord.stop();
    await rm(home, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    const before = discord.began.length;
    heddle = launch({ environment });
    url = await heddle.started;
    await until(() => discord.began.length > before);
    await connected();
  }
  const connected = () =>
    until(
      async () => (await ask(url, "/api/v1/integrations/discord/connections")).connections?.[0],
      (found) => found?.status === "connected",
    );
  const mention = (text: string) => discord.write(ADA, GENERAL, `<@${BOT}> ${text}`);
  const answers = (channel: string) =>
    discord.messages.filter(
      ({ author, channel_id, content }) =>
        author.id === BOT && channel_id === channel && content === "**Yes**, it is.",
    );
  const answered = async (places: string[]) => {
    for (const place of places)
      await until(
        () => answers(place),
        ({ length }) => length > 0,
      );
    expect(places.map((place) => answers(place).length)).toEqual(places.map(() => 1));
  };

  test("a stranger is let in by the operator, and then answered in a thread and alone; commands are known", async () => {
    discord.write(ADA, DIRECT, "Hello?");
    const told = await until(
      () => discord.messages.find(({ author }) => author.id === BOT)?.content ?? "",
      (text) => text !== "",
    );
    expect(told).toContain("Give this code");
    const paired = await fetch(`${url}/api/v1/people/pair`, {
      method: "POST",
      headers: { authorization: `Bearer ${ADMIN_KEY}`, "content-type": "application/json" },
      body: JSON.stringify({ code: told.slice(told.lastIndexOf(" ") + 1) }),
    });
    expect(paired.status).toBe(200);
    // Its channel is gone again, which keeps nothing else from being taken.
    discord.write(ADA, "5", `<@${BOT}> Where am I?`);
    const thread = mention("Is it up?");
    const file = { id: "1", filename: "no.png", content_type: "image/png", size: 5 };
    const attachments = [{ ...file, url: `${new URL(discord.url).origin}/files/no.png` }];
    discord.write(ADA, DIRECT, "And now?", { attachments });
    await answered([thread, DIRECT]);
    expect(discord.commands.map(({ name }) => name)).toEqual(["ask", "stop", "bot", "model", "reset"]);
  });

  test("kill -9 loses nothing and doubles nothing, whether Discord has kept the session or not", async () => {
    const first = [mention("Before the end 1"), mention("Before the end 2")];
    heddle.kill("SIGKILL");
    await heddle.ended;
    const away = mention("While it was away");
    if (database) await lapse(database);
    await start();
    expect(discord.began).toEqual(["identify", "resume"]);
    await answered([...first, away]);
    discord.forgetSessions();
    // Nothing is told of it: it is found where the bot was spoken to before.
    const missed = mention("Missed by the gateway");
    discord.close(4009);
    await answered([missed]);
    expect(discord.began.at(-1)).toBe("identify");
  });
});
