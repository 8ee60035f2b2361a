// GitLab at a whole server: a real process that is killed, GitLab as a fake that sends signed webhooks.

import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { oneDatabase } from "../database.ts";
import { ADA, type FakeGitLab, PROJECT, SIGNING_TOKEN, startFakeGitLab, TOKEN } from "../fakes/gitlab.ts";
import { askedAt } from "../faults/asked.ts";
import { ask, type HeddleProcess, killAll, launch } from "../faults/process.ts";
import { until } from "../until.ts";

setDefaultTimeout(120_000);

oneDatabase("GitLab", (open) => {
  let gitlab: FakeGitLab;
  let folder: string;
  let environment: Record<string, string>;
  let heddle: HeddleProcess;
  let url: string;

  beforeAll(async () => {
    gitlab = startFakeGitLab(() => `${url}/integrations/gitlab/webhook`);
    folder = await mkdtemp(join(tmpdir(), "heddle-gitlab-"));
    const { databaseUrl } = await open.place();
    environment = {
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
      ...{ HEDDLE_HOME: folder, PORT: "0", UNATTENDED_RUNS_PER_HOUR: "0", GITLAB_BOT_USERNAME: "heddle-bot" },
      ...{ GITLAB_URL: gitlab.url, GITLAB_TOKEN: TOKEN, GITLAB_WEBHOOK_SECRET: SIGNING_TOKEN },
    };
    await start();
  });
  afterAll(async () => {
    await killAll();
    gitlab.stop();
    await rm(folder, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    heddle = launch({ environment });
    url = await heddle.started;
    await until(
      () => ask(url, "/api/v1/integrations"),
      ({ integrations }) =>
        integrations.some(({ id, status }: Record<string, string>) => id === "gitlab" && status === "ready"),
    );
  }
  const answers = () => gitlab.notes.filter(({ author }) => author.username === "heddle-bot");
  const answered = (count: number) => until(answers, (all) => all.length === count);

  test("an issue is answered, and a comment in its thread, once, with reactions", async () => {
    const opened = await gitlab.openIssue(7, "The shuttle jams");
    expect([opened?.status, await opened?.json()]).toMatchObject([
      200,
      { status: "processed", run_agent: true },
    ]);
    await answered(1);
    const thread = "a".repeat(40);
    await gitlab.comment(7, "Why is that?", ADA, thread);
    const [, second] = await answered(2);
    expect(second).toMatchObject({ of: "issues/7", discussion: thread });
    const asked = gitlab.notes.find(({ body }) => body === "Why is that?");
    await until(
      () => gitlab.reactions,
      (all) => all.includes(`issues/7/notes/${asked?.id} rocket`),
    );
    expect(gitlab.reactions).toContain("issues/7 eyes");
    const { deliveries } = await until(
      () => ask(url, "/api/v1/deliveries"),
      (page) => page.deliveries.every(({ status }: { status: string }) => status === "delivered"),
    );
    const receipts = deliveries.flatMap(
      ({ receipt }: { receipt: { note_ids: number[] } }) => receipt.note_ids,
    );
    expect(receipts.sort()).toEqual(answers().map(({ id }) => id));
    expect(answers().length).toBe(2);
  });

  test("what is confidential, the bot's own, or forged, starts nothing", async () => {
    const secret = await gitlab.openIssue(8, "A hole", true);
    expect(await secret?.json()).toMatchObject({ status: "ignored", reason: "confidential" });
    const own = await gitlab.comment(7, "I answered.", { id: 99, username: "heddle-bot", name: "Heddle" });
    expect(await own?.json()).toMatchObject({ status: "ignored", reason: "bot_self" });
    const forged = await fetch(`${url}/integrations/gitlab/webhook`, {
      ...{
        method: "POST",
        body: "{}",
        headers: { "x-gitlab-token": SIGNING_TOKEN, "content-type": "application/json" },
      },
    });
    expect(forged.status).toBe(403);
  });

  test("what happens while the server is killed is answered once after the start, in its thread", async () => {
    const people = ["gitlab:ada"];
    await askedAt(url, { type: "gitlab", project: PROJECT, kind: "issue", iid: 7 }, people);
    const isQuestion = ({ body }: { body: string }) => body.includes("`create_schedule`");
    const question = await until(
      () => answers().find(isQuestion),
      (found) => found !== undefined,
    );
    heddle.kill("SIGKILL");
    await heddle.ended;
    gitlab.online = false;
    const before = answers().length;
    await gitlab.openIssue(9, "The warp tears");
    const thread = "b".repeat(40);
    await gitlab.comment(9, "Since yesterday.", ADA, thread);
    await gitlab.openIssue(10, "Another hole", true);
    gitlab.online = true;
    await start();
    const all = await until(answers, (found) => found.length >= before + 2);
    const late = all.slice(before).map(({ of, discussion }) => [of, discussion === thread]);
    expect(late.sort()).toEqual([
      ["issues/9", false],
      ["issues/9", true],
    ]);
    expect(await ask(url, "/api/v1/integrations/gitlab/connections")).toMatchObject({
      connections: [{ name: "missed-activity", status: "connected" }],
    });
    const { channels } = await ask(url, "/api/v1/channels");
    expect(channels.map(({ client_id }: { client_id: string }) => client_id)).toContain(`gitlab:${PROJECT}`);
    // The question is older than the kill. The comment in which it was asked says how it ended.
    const command = /deny [\w-]+/.exec(question?.body ?? "")?.[0] ?? "";
    const decided = await gitlab.comment(7, `${command} Not today.`);
    expect(await decided?.json()).toMatchObject({ status: "processed", decision: "denied" });
    const ended = await until(
      () => answers().filter(isQuestion),
      ([first]) => first?.body.includes("❌ Denied by ada") === true,
    );
    expect(ended.map(({ id }) => id)).toEqual([question?.id ?? 0]);
    expect(await (await gitlab.comment(7, command))?.json()).toMatchObject({ reason: "not_asked_here" });
    expect((await ask(url, "/api/v1/schedules")).schedules).toEqual([]);
    expect((await ask(url, "/api/v1/deliveries?status=dead")).deliveries).toEqual([]);
  });
});
