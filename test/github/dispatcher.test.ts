import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { v7 } from "uuid";
import { splitText } from "../../integrations/_forge/split-text.ts";
import { dispatcher } from "../../integrations/github/dispatcher.ts";
import { isPermanent, isRetryable } from "../../src/sdk/errors.ts";
import { dispatchContext } from "../../src/sdk/testing.ts";
import type { DeliverInput } from "../../src/sdk/types.ts";
import { createFakeGitHub, type FakeGitHub, failure } from "./fake-github.ts";
import { gitHubSettings } from "./settings.ts";

const TARGET = {
  type: "github",
  owner: "octo",
  repo: "hello",
  comment_target: { type: "issue_comment", issue_number: 7 },
};
const ISSUE = "octo/hello#7";
const COMMENTS = /\/issues\/7\/comments$/;

const set = gitHubSettings();
let github: FakeGitHub;

beforeEach(() => {
  github = createFakeGitHub({ token: "secret-token" });
  set({ GITHUB_TOKEN: "secret-token", GITHUB_API_URL: `${github.url}/` });
});
afterEach(() => github.close());

function input(result: string, more: Partial<DeliverInput> = {}): DeliverInput {
  const task = {
    id: v7(),
    status: "complete" as const,
    bot_id: "default",
    session_id: v7(),
    channel_id: v7(),
    client_id: "github:octo/hello",
    correlation_id: v7(),
    dispatch_type: "github",
    dispatch_config: TARGET,
  };
  return { task, config: TARGET, result, isError: false, clientActions: [], extraMetadata: {}, ...more };
}

const context = (delivery_id: string = v7(), attempt = 1, signal = AbortSignal.timeout(20_000)) =>
  dispatchContext({ delivery_id, attempt, signal });

async function thrown(work: unknown): Promise<Error> {
  try {
    await work;
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe("beside the code of a pull request", () => {
  const inThread = (comment_id: number, result = "Yes, it leaks.") => {
    const target = { ...TARGET, comment_target: { type: "review_comment", issue_number: 7, comment_id } };
    const given = input(result);
    return { ...given, task: { ...given.task, dispatch_config: target }, config: target };
  };

  test("the answer goes into the conversation, and a repeated delivery finds it there", async () => {
    const { id } = github.api.addReviewComment(ISSUE, "Does this leak?");
    const delivery = v7();
    const first = await dispatcher.deliver(inThread(id), context(delivery));
    expect(github.comments).toEqual([]);
    expect(github.api.reviewComments[1]).toMatchObject({ in_reply_to_id: id });
    expect(github.api.reviewComments[1]?.body).toEndWith("Yes, it leaks.");
    expect(await dispatcher.deliver(inThread(id), context(delivery, 2))).toEqual(first);
    expect(github.api.reviewComments.length).toBe(2);
  });

  test("if the conversation was deleted, the answer goes into the main one, once", async () => {
    const delivery = v7();
    const first = await dispatcher.deliver(inThread(404_404), context(delivery));
    expect(github.commentsOn(ISSUE).length).toBe(1);
    expect(await dispatcher.deliver(inThread(404_404), context(delivery, 2))).toEqual(first);
    expect(github.commentsOn(ISSUE).length).toBe(1);
  });
});

describe("posting", () => {
  test("an answer is one comment with a hidden mark, and the receipt names it", async () => {
    const ctx = context();
    const { receipt } = await dispatcher.deliver(input("Looks good."), ctx);
    const [comment, ...others] = github.commentsOn(ISSUE);
    expect(others).toEqual([]);
    expect(comment?.body).toBe(`<!-- heddle:delivery:${ctx.delivery_id}:1 -->\nLooks good.`);
    expect(receipt as unknown).toEqual({ comment_ids: [comment?.id], urls: [comment?.html_url] });
    // A first attempt does not search for an earlier comment.
    expect(github.requests.map(({ method }) => method)).toEqual(["POST"]);
  });

  test("a long answer is split at line ends into comments that GitHub accepts", async () => {
    const text = Array.from({ length: 3000 }, (_, n) => `line ${n} ${"x".repeat(40)}`).join("\n");
    const { receipt } = await dispatcher.deliver(input(text), context());
    const comments = github.commentsOn(ISSUE);
    expect(comments.length).toBe(3);
    expect(receipt).toMatchObject({ comment_ids: comments.map(({ id }) => id) });
    expect(comments.map(({ body }) => body.split("\n").slice(1).join("\n")).join("\n")).toBe(text);
  });

  test("an error is not posted as an answer", async () => {
    await dispatcher.deliver(input("The model did not answer.\nTried twice.", { isError: true }), context());
    const body = github.commentsOn(ISSUE)[0]?.body ?? "";
    expect(body.split("\n").slice(1)).toEqual([
      "> [!WARNING]",
      "> **No answer: the run failed.**",
      ">",
      "> The model did not answer.",
      "> Tried twice.",
    ]);
  });

  test("an empty answer posts nothing, and the receipt says so", async () => {
    const { receipt } = await dispatcher.deliver(input(" \n"), context());
    expect(receipt).toMatchObject({ comment_ids: [], skipped: "empty text" });
    expect(github.requests).toEqual([]);
  });

  test("a message without a task goes to the same place, under its author's name", async () => {
    await dispatcher.postMessage?.(
      { dispatchConfig: TARGET, config: TARGET, text: "Hello", username: "Alice" },
      context(),
    );
    expect(github.commentsOn(ISSUE)[0]?.body).toEndWith("-->\n**Alice:**\n\nHello");
  });

  test("what a bot posts for another one says so, without images of strangers", async () => {
    await dispatcher.postMessage?.(
      {
        dispatchConfig: TARGET,
        config: TARGET,
        text: "A poem. ![](https://evil.example/x.png)",
        username: "Poet",
        extraMetadata: { bot_id: "poet", icon_emoji: "🪶", delegated_by_display: "Editor" },
      },
      context(),
    );
    const [comment] = github.commentsOn(ISSUE);
    expect(comment?.body).toContain("-->\n**🪶 Poet, asked by Editor:**\n\nA poem.");
    expect(comment?.body).not.toContain("![");
  });
});

describe("a repeated delivery", () => {
  test("whose answer was lost finds its comment and does not post twice", async () => {
    const id = v7();
    github.intercept({
      method: "POST",
      path: COMMENTS,
      times: 1,
      afterwards: true,
      respond: () => failure(502, "Bad gateway"),
    });
    expect(isRetryable(await thrown(dispatcher.deliver(input("Once."), context(id))))).toBe(true);
    const { receipt } = await dispatcher.deliver(input("Once."), context(id, 2));
    const comments = github.commentsOn(ISSUE);
    expect(comments).toHaveLength(1);
    expect(receipt as unknown).toEqual({ comment_ids: [comments[0]?.id], urls: [comments[0]?.html_url] });
  });

  test("posts only the missing parts", async () => {
    const id = v7();
    const text = `${"a".repeat(60_000)}\n${"b".repeat(60_000)}`;
    const hold = () =>
      github.intercept({ method: "POST", path: COMMENTS, times: 1, respond: () => failure(500, "Oops") });
    await dispatcher.deliver(input("another delivery"), context());
    hold();
    await thrown(dispatcher.deliver(input(text), context(id, 1)));
    await dispatcher.deliver(input(text), context(id, 2));
    const { receipt } = await dispatcher.deliver(input(text), context(id, 3));
    const own = github.commentsOn(ISSUE).filter(({ body }) => body.includes(id));
    expect(own.map(({ body }) => body.at(-1))).toEqual(["a", "b"]);
    expect(receipt).toMatchObject({ comment_ids: own.map((comment) => comment.id) });
  });

  test("searches the comments from the newest page back, as far as needed", async () => {
    const id = v7();
    for (let n = 0; n < 330; n++) github.addComment(ISSUE, `chat ${n}`);
    await dispatcher.deliver(input("Late."), context(id, 1));
    await dispatcher.deliver(input("Late."), context(id, 2));
    await dispatcher.deliver(input("Other."), context(v7(), 2));
    expect(github.commentsOn(ISSUE).filter(({ body }) => body.includes("Late."))).toHaveLength(1);
    const pages = github.requests.filter(({ method }) => method === "GET").map(({ query }) => query.page);
    expect(pages).toEqual(["1", "4", "1", "4", "3", "2"]);
  });

  test("finds its comment even if a proxy removes the paging links", async () => {
    const id = v7();
    for (let n = 0; n < 100; n++) github.addComment(ISSUE, `chat ${n}`);
    await dispatcher.deliver(input("Late."), context(id, 1));
    const list = github.commentsOn(ISSUE).map(({ id, html_url, body }) => ({ id, html_url, body }));
    const respond = ({ query }: { query: Record<string, string | undefined> }) =>
      Response.json(query.page === "1" ? list.slice(0, 100) : list.slice(100));
    github.intercept({ method: "GET", path: COMMENTS, respond });
    await dispatcher.deliver(input("Late."), context(id, 2));
    expect(github.commentsOn(ISSUE).filter(({ body }) => body.includes("Late."))).toHaveLength(1);
  });

  test("finds its comment whatever this machine's clock said at the time", async () => {
    // As posted by a machine whose clock is five hours ahead.
    const id = v7({ msecs: Date.now() + 5 * 3600_000 });
    await dispatcher.deliver(input("Once."), context(id, 1));
    await dispatcher.deliver(input("Once."), context(id, 2));
    expect(github.commentsOn(ISSUE)).toHaveLength(1);
  });

  test("posts nothing while the comments cannot be read", async () => {
    const respond = () => new Response("<html>", { headers: { "content-type": "text/html" } });
    github.intercept({ method: "GET", path: COMMENTS, respond });
    expect(isRetryable(await thrown(dispatcher.deliver(input("Once."), context(v7(), 2))))).toBe(true);
    expect(github.commentsOn(ISSUE)).toEqual([]);
  });

  test("is not fooled by a quoted mark", async () => {
    const id = v7();
    github.addComment(ISSUE, `I saw <!-- heddle:delivery:${id}:1 --> in there`);
    await dispatcher.deliver(input("Mine."), context(id, 2));
    expect(github.commentsOn(ISSUE)).toHaveLength(2);
  });
});

describe("failures", () => {
  const refusals: [string, () => Response, "permanent" | "retryable"][] = [
    ["403", () => failure(403, "Resource not accessible by personal access token"), "permanent"],
    ["404", () => failure(404, "Not Found"), "permanent"],
    ["410", () => failure(410, "This issue was deleted"), "permanent"],
    ["422", () => failure(422, "Validation Failed"), "permanent"],
    ["403 at the limit", () => failure(403, "Forbidden", { "x-ratelimit-remaining": "0" }), "retryable"],
    ["403 with Retry-After", () => failure(403, "Slow down", { "retry-after": "60" }), "retryable"],
    ["403 secondary limit", () => failure(403, "You have exceeded a secondary rate limit"), "retryable"],
    ["429", () => failure(429, "Too many requests"), "retryable"],
    ["500", () => failure(500, "Server error"), "retryable"],
    [
      "503",
      () => new Response("<html>", { status: 503, headers: { "content-type": "text/html" } }),
      "retryable",
    ],
  ];
  test("a token that is refused needs a person, and the delivery waits", async () => {
    github.intercept({ path: COMMENTS, respond: () => failure(401, "Bad credentials") });
    const error = await thrown(dispatcher.deliver(input("Text"), context()));
    expect(error.name).toBe("ReauthRequired");
    expect(error.message).toBe("GitHub does not accept GITHUB_TOKEN.");
  });

  test.each(refusals)("%s", async (_, respond, kind) => {
    github.intercept({ path: COMMENTS, respond });
    const error = await thrown(dispatcher.deliver(input("Text"), context()));
    expect([isPermanent(error), isRetryable(error)]).toEqual([kind === "permanent", kind === "retryable"]);
    expect(error.message).toContain("octo/hello#7");
    expect(JSON.stringify([error, error.message, error.cause])).not.toContain("secret-token");
  });

  const html = () => new Response("<html>Sign in</html>", { headers: { "content-type": "text/html" } });
  const redirect = (status: number, location: string) => () =>
    new Response(null, { status, headers: { location } });
  const falseReceipts: [string, () => Response, string][] = [
    ["200 with a login page", html, "200 with text/html"],
    ["302 to a login page", redirect(302, "/login?token=secret-token"), "/login instead"],
    [
      "301, which turns the request into a GET",
      redirect(301, "/repos/octo/hello/pulls"),
      "/repos/octo/hello/pulls instead",
    ],
    ["200 with nothing", () => new Response(null), "200 with nothing"],
    ["200 with an empty object", () => Response.json({}), "200 with application/json"],
    ["200 with a list", () => Response.json([{ id: 1, html_url: "http://x" }]), "200 with"],
    ["200 with null", () => Response.json(null), "200 with"],
    [
      "201 with an invalid id",
      () => Response.json({ id: "7", html_url: "http://x" }, { status: 201 }),
      "201",
    ],
    ["201 without an address", () => Response.json({ id: 7 }, { status: 201 }), "201 with application/json"],
    ["202", () => Response.json({}, { status: 202 }), "202 with"],
    ["204", () => new Response(null, { status: 204 }), "204 with nothing"],
  ];
  test.each(falseReceipts)("%s does not count as a receipt", async (_, respond, said) => {
    github.intercept({ method: "POST", path: COMMENTS, respond });
    github.intercept({ path: /^\/login$/, respond: html });
    const error = await thrown(dispatcher.deliver(input("Text"), context()));
    expect([isPermanent(error), isRetryable(error)]).toEqual([false, true]);
    expect(error.message).toContain("octo/hello#7");
    expect(error.message).toContain(said);
    expect(error.message).toContain("http://127.0.0.1");
    expect(error.message).not.toContain("secret-token");
  });

  test("the lane is the issue, regardless of case", () => {
    const place = (owner: string, issue_number: number) =>
      dispatcher.targetOf({ ...TARGET, owner, comment_target: { type: "issue_comment", issue_number } });
    expect(place("Octo", 7)).toBe(place("octo", 7));
    expect(place("octo", 8)).not.toBe(place("octo", 7));
  });

  test("a time from GitHub is compared with GitHub's clock", async () => {
    const ahead = Date.now() + 5 * 3600_000;
    const date = new Date(ahead).toUTCString();
    const wait = async (headers: Record<string, string>) => {
      const respond = () => failure(403, "API rate limit exceeded", { date, ...headers });
      github.intercept({ path: COMMENTS, times: 1, respond });
      return (await thrown(dispatcher.deliver(input("Text"), context()))) as { retryAfterSeconds?: number };
    };
    const reset = String(Math.floor(ahead / 1000) + 90);
    const { retryAfterSeconds } = await wait({ "x-ratelimit-remaining": "0", "x-ratelimit-reset": reset });
    expect(retryAfterSeconds).toBeWithin(89, 92);
    const after = new Date(ahead + 60_000).toUTCString();
    expect(await wait({ "retry-after": after })).toMatchObject({ retryAfterSeconds: 60 });
  });

  test("GitHub's Retry-After is passed on", async () => {
    const respond = () => failure(429, "Too many requests", { "retry-after": "17" });
    github.intercept({ path: COMMENTS, respond });
    expect(await thrown(dispatcher.deliver(input("Text"), context()))).toMatchObject({
      retryAfterSeconds: 17,
    });
  });

  test("an unreachable server is retried", async () => {
    await github.close();
    const error = await thrown(dispatcher.deliver(input("Text"), context()));
    expect([
      isPermanent(error),
      error.message.startsWith("GitHub cannot be reached: nothing answers at"),
    ]).toEqual([false, true]);
  });

  test("the signal ends a hanging request", async () => {
    github.intercept({ path: COMMENTS, respond: "hang" });
    const controller = new AbortController();
    const delivery = thrown(dispatcher.deliver(input("Text"), context(v7(), 1, controller.signal)));
    controller.abort();
    expect(isPermanent(await delivery)).toBe(false);
  });

  test("without a token the text names the setting", async () => {
    set({ GITHUB_TOKEN: "" });
    const error = await thrown(Promise.try(() => dispatcher.deliver(input("Text"), context())));
    expect(isPermanent(error)).toBe(true);
    expect(error.message).toContain("GITHUB_TOKEN");
  });

  test("without a comment_target there is nothing to answer to", async () => {
    const dispatchConfig = { type: "github", owner: "octo", repo: "hello" };
    const error = await thrown(
      Promise.try(() =>
        dispatcher.postMessage?.({ dispatchConfig, config: dispatchConfig, text: "Text" }, context()),
      ),
    );
    expect(isPermanent(error)).toBe(true);
    expect(github.requests).toEqual([]);
  });
});

describe("splitText", () => {
  test("keeps to the limit, loses only line ends, and never splits a character", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "\n", "😀", "é"), maxLength: 200 });
    fc.assert(
      fc.property(text, fc.integer({ min: 2, max: 50 }), (whole, limit) => {
        const parts = splitText(whole, limit);
        for (const part of parts) {
          expect(part.length).toBeLessThanOrEqual(limit);
          expect(part.isWellFormed()).toBe(true);
        }
        const visible = (value: string) => value.replaceAll("\n", "");
        expect(visible(parts.join(""))).toBe(visible(whole));
      }),
    );
  });
});
