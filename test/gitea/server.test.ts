// Gitea at a whole server: a real process that is killed, Gitea as a fake that sends signed webhooks.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { oneDatabase } from "../database.ts";
import { type FakeGitea, SECRET, startFakeGitea, TOKEN } from "../fakes/gitea.ts";
import { askedAt } from "../faults/asked.ts";
import { ask, type HeddleProcess, killAll, launch } from "../faults/process.ts";
import { until } from "../until.ts";

setDefaultTimeout(120_000);

oneDatabase("Gitea", (open) => {
  let gitea: FakeGitea;
  let folder: string;
  let environment: Record<string, string>;
  let heddle: HeddleProcess;
  let url: string;

  beforeAll(async () => {
    gitea = startFakeGitea(() => `${url}/integrations/gitea/webhook`);
    folder = await mkdtemp(join(tmpdir(), "heddle-gitea-"));
    const { databaseUrl } = await open.place();
    environment = {
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
      ...{ HEDDLE_HOME: folder, PORT: "0", UNATTENDED_RUNS_PER_HOUR: "0", GITEA_BOT_LOGIN: "heddle-bot" },
      ...{ GITEA_URL: gitea.url, GITEA_TOKEN: TOKEN, GITEA_WEBHOOK_SECRET: SECRET },
    };
    await start();
  });
  afterAll(async () => {
    await killAll();
    gitea.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    heddle = launch({ environment });
    url = await heddle.started;
    await until(
      () => ask(url, "/api/v1/integrations"),
      ({ integrations }) =>
        integrations.some(({ id, status }: Record<string, string>) => id === "gitea" && status === "ready"),
    );
  }
  const answers = () => gitea.comments.filter(({ user }) => user.login === "heddle-bot");
  const answered = (count: number) => until(answers, (all) => all.length >= count);

  test("issues, comments and reviews are answered once, with reactions; what is forged is refused", async () => {
    const opened = await gitea.openIssue(7, "The shuttle jams");
    expect([opened?.status, await opened?.json()]).toMatchObject([
      200,
      { status: "processed", run_agent: true },
    ]);
    await answered(1);
    await gitea.comment(7, "Why is that?");
    await answered(2);
    await gitea.openPull(8, "Faster shuttle");
    await gitea.reject(8, "It tears.");
    await answered(4);
    expect(answers().map(({ number }) => number)).toEqual([7, 7, 8, 8]);
    const asked = gitea.comments.find(({ body }) => body === "Why is that?");
    await until(
      () => gitea.reactions,
      (all) => all.includes(`comments/${asked?.id} rocket`),
    );
    const own = await gitea.comment(7, "I answered.", { id: 99, login: "heddle-bot" });
    expect(await own?.json()).toMatchObject({ status: "ignored", reason: "bot_self" });
    const forged = await fetch(`${url}/integrations/gitea/webhook`, {
      ...{
        method: "POST",
        body: "{}",
        headers: { "x-gitea-signature": "0".repeat(64), "x-gitea-event": "issues" },
      },
    });
    expect(forged.status).toBe(403);
  });

  test("what happens while the server is killed is answered once after the start", async () => {
    const people = ["gitea:id:5"];
    await askedAt(url, { type: "gitea", owner: "acme", repo: "loom", number: 7 }, people);
    const isQuestion = ({ body }: { body: string }) => body.includes("`create_schedule`");
    const question = await until(
      () => answers().find(isQuestion),
      (found) => found !== undefined,
    );
    heddle.kill("SIGKILL");
    await heddle.ended;
    gitea.online = false;
    const before = answers().length;
    await gitea.openIssue(9, "The warp tears");
    await gitea.openPull(10, "Stronger warp");
    await gitea.comment(9, "Since yesterday.");
    gitea.online = true;
    await start();
    await answered(before + 3);
    const late = answers().slice(before);
    expect(late.map(({ number }) => number).sort()).toEqual([10, 9, 9]);
    expect(await ask(url, "/api/v1/integrations/gitea/connections")).toMatchObject({
      connections: [{ name: "missed-events", status: "connected" }],
    });
    // The question is older than the kill. The comment in which it was asked says how it ended.
    const command = /\/approve [\w-]+/.exec(question?.body ?? "")?.[0] ?? "";
    const decided = await gitea.comment(7, `${command} Go on.`);
    expect(await decided?.json()).toMatchObject({ status: "processed", decision: "approved" });
    const ended = await until(
      () => answers().filter(isQuestion),
      ([first]) => first?.body.includes("✅ Approved by ada") === true,
    );
    expect(ended.map(({ id }) => id)).toEqual([question?.id ?? 0]);
    await until(
      () => ask(url, "/api/v1/schedules"),
      ({ schedules }) => schedules.length === 1,
    );
    expect(await (await gitea.comment(7, command))?.json()).toMatchObject({ reason: "not_asked_here" });
    expect((await ask(url, "/api/v1/deliveries?status=dead")).deliveries).toEqual([]);
  });
});
