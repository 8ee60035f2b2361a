import { afterEach, beforeEach, expect, spyOn, test } from "bun:test";
import { whoAmI } from "../../integrations/github/who-am-i.ts";
import { createFakeGitHub, type FakeGitHub, failure } from "./fake-github.ts";
import { gitHubSettings } from "./settings.ts";

const set = gitHubSettings();
let github: FakeGitHub;

beforeEach(() => {
  github = createFakeGitHub({ token: "secret-token" });
  set({ GITHUB_TOKEN: "secret-token", GITHUB_API_URL: github.url, GITHUB_BOT_LOGIN: "Heddle-Bot" });
});
afterEach(() => github.close());

const ask = () => whoAmI(AbortSignal.timeout(10_000));

test("GitHub says whose token it is, and whether the bot would answer itself", async () => {
  expect(await ask()).toBe("GitHub knows the token as heddle-bot.");
  set({ GITHUB_BOT_LOGIN: "" });
  expect(await ask()).toContain("Set GITHUB_BOT_LOGIN to it");
  set({ GITHUB_BOT_LOGIN: "somebody" });
  expect(await ask()).toContain("GITHUB_BOT_LOGIN is somebody");
});

test("a token that GitHub does not accept, or that belongs to no account, is told in words", async () => {
  set({ GITHUB_TOKEN: "another" });
  await expect(ask()).rejects.toThrow("GitHub does not accept GITHUB_TOKEN.");
  set({ GITHUB_TOKEN: "" });
  await expect(ask()).rejects.toThrow("GITHUB_TOKEN must be set.");
  set({ GITHUB_TOKEN: "secret-token" });
  github.intercept({
    path: /^\/user$/,
    respond: () => failure(403, "Resource not accessible by integration"),
  });
  expect(await ask()).toBe("GitHub accepts the token; it belongs to no account.");
});

test("an answer of something else, such as a login page, is no success", async () => {
  github.intercept({
    path: /^\/user$/,
    respond: () => new Response("<html>", { headers: { "content-type": "text/html" } }),
  });
  await expect(ask()).rejects.toThrow("text/html");
});

test("a request has a time limit of its own, shorter than that of a delivery", async () => {
  const limits = spyOn(AbortSignal, "timeout");
  await whoAmI(new AbortController().signal);
  expect(limits.mock.calls).toEqual([[30_000]]);
  limits.mockRestore();
});
