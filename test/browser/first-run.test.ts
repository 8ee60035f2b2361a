// A person's way from an empty home to an answered GitHub webhook: after the start command, everything is done in the browser. Only
// GitHub and the model are faked, each by a server that speaks its protocol.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { LLMock } from "@copilotkit/aimock";
import examples from "@octokit/webhooks-examples";
import { type Browser, chromium } from "playwright-core";
import { compiledBinary } from "../compiled-binary.ts";
import { makeHome } from "../databases-of-run.ts";
import { createFakeGitHub, type FakeGitHub } from "../github/fake-github.ts";
import { until } from "../until.ts";
import { CHROMIUM } from "./chromium.ts";

const TOKEN = "ghp_of_the_first_run_test";
const SECRET = "webhook-secret-of-the-first-run-test";

const pullRequestOpened = examples
  .find(({ name }) => name === "pull_request")
  ?.examples.find((example) => "action" in example && example.action === "opened");

describe.skipIf(CHROMIUM === null || process.platform !== "linux")("from an empty home", () => {
  const home = makeHome();
  const model = new LLMock({ port: 0 });
  let github: FakeGitHub;
  let browser: Browser;
  let started: { child: ChildProcess; link: string };

  beforeAll(async () => {
    github = createFakeGitHub({ token: TOKEN });
    model.addFixtures([{ match: {}, response: { content: "Looks good to me." } }]);
    await model.start();
    browser = await chromium.launch({
      executablePath: String(CHROMIUM),
      args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    });
    started = await startInTerminal(home);
  }, 180_000);

  afterAll(async () => {
    await browser?.close();
    if (started) {
      const exited = once(started.child, "exit");
      started.child.kill("SIGTERM");
      await exited;
    }
    await model.stop();
    await github?.close();
    rmSync(home, { recursive: true, force: true });
  });

  test("to an answered webhook, with nothing but the start command and the browser", async () => {
    const page = await browser.newPage();
    page.setDefaultTimeout(12_000);
    const faults: string[] = [];
    page.on("pageerror", ({ message }) => faults.push(message));
    page.on("console", (message) => {
      if (message.type() === "error") faults.push(message.text());
    });
    await page.goto(started.link);
    await page.getByRole("link", { name: "First steps" }).first().click();

    await page.getByRole("button", { name: /^Another/ }).click();
    await page.getByLabel("Address of the endpoint").fill(`${model.url}/v1`);
    await page.getByRole("textbox", { name: /^Model/ }).fill("the-model");
    await page.getByRole("button", { name: "Add it" }).click();
    await page.getByRole("button", { name: "Test it" }).click();
    await page.getByText(/the-model answered in/).waitFor();
    await page.getByRole("button", { name: "Go on" }).click();

    await page.getByRole("button", { name: /^GitHub/ }).click();
    await page.getByLabel("GITHUB_TOKEN", { exact: true }).fill(TOKEN);
    await page.getByLabel("GITHUB_WEBHOOK_SECRET", { exact: true }).fill(SECRET);
    await page.getByLabel("GITHUB_BOT_LOGIN", { exact: true }).fill("heddle-bot");
    await page.getByLabel("GITHUB_API_URL", { exact: true }).fill(github.url);
    await page.getByRole("button", { name: "Save 4 changes" }).click();
    await page.getByRole("button", { name: "Test connection" }).click();
    await page.getByText("GitHub knows the token as heddle-bot.").waitFor();
    const url = await page
      .getByText(/^http:.*\/integrations\/github\/webhook$/)
      .first()
      .textContent();
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByText("Waiting for your first event").waitFor();

    await sendWebhook(String(url));
    await page.getByText("It arrived").waitFor();
    await page.getByRole("link", { name: "Watch its run" }).click();
    await page.getByText("Looks good to me.").first().waitFor();
    await until(
      () => github.comments.map(({ body }) => body),
      ([body]) => body?.includes("Looks good to me.") === true,
    );
    await page.getByRole("link", { name: /Delivered.*Delivery to github/ }).waitFor();
    expect(await page.content()).not.toContain(TOKEN);
    expect(faults).toEqual([]);
  }, 120_000);
});

/** A start in a terminal prints a link that signs in. */
async function startInTerminal(home: string): Promise<{ child: ChildProcess; link: string }> {
  const command = `${await compiledBinary()} serve --home ${home} --port 0 --host 127.0.0.1`;
  const child = spawn("script", ["-qfec", `exec ${command}`, "/dev/null"], {
    env: { PATH: process.env.PATH ?? "", TERM: "xterm", HOME: home, PROCESS_CONFINEMENT: "none" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const said: string[] = [];
  for await (const line of createInterface(child.stdout as NodeJS.ReadableStream)) {
    said.push(line);
    const link = /http:\S+#once_[\w-]+/.exec(line)?.[0];
    if (link) {
      (child.stdout as NodeJS.ReadableStream).resume();
      return { child, link };
    }
  }
  throw new Error(`No link was printed:\n${said.join("\n")}`);
}

/** Sends what GitHub sends when a pull request is opened. */
async function sendWebhook(url: string): Promise<void> {
  const body = JSON.stringify(pullRequestOpened);
  const answer = await fetch(url, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-github-event": "pull_request",
      "x-github-delivery": crypto.randomUUID(),
      "x-hub-signature-256": `sha256=${createHmac("sha256", SECRET).update(body).digest("hex")}`,
    },
    body,
  });
  expect(answer.status).toBe(200);
}
