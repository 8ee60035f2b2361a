import assert from "node:assert/strict";
import { after, beforeEach, test } from "node:test";
import { fakeHeddle, registered, runHook } from "heddle/sdk/testing";
import { attributed, errorText } from "../answer-text.ts";
import { idOf } from "../answered.ts";
import { createKnownPlaces, createTaken } from "../known.ts";
import { deliveryMarker, isMarked, toolMarker } from "../markers.ts";
import { block, issueNumber, line, list, login, message, record } from "../payload.ts";
import { postParts } from "../post-parts.ts";
import { showProgress } from "../progress.ts";
import { outOfReach } from "../reach.ts";
import { takeEvent } from "../take-event.ts";

const heddle = fakeHeddle();
beforeEach(() => heddle.clear());
after(() => heddle.restore());

test("readers accept any value, and give one line where there must be one", () => {
  for (const value of [undefined, null, 7, "text", [], {}, { login: null }]) {
    assert.deepEqual(record(value), typeof value === "object" && !Array.isArray(value) ? (value ?? {}) : {});
    assert.ok(Array.isArray(list(value)));
    assert.equal(login(value), "ghost");
    assert.equal(issueNumber(value), value === 7 ? 7 : null);
  }
  assert.equal(line("A title\nState: approved"), "A title State: approved");
  assert.equal(block("one\r\ntwo\0", 100), "one\ntwo");
  // A pair of surrogates is cut as a whole.
  assert.equal(block("ab🧵cd", 4), "ab…");
  assert.equal(message(["head", "", "more"], "body"), "head\nmore\n\nbody");
});

test("what Heddle wrote is known by its marker", () => {
  assert.ok(isMarked(`${deliveryMarker("d1", 1)}\nAn answer`));
  assert.ok(isMarked(`${toolMarker({ task_id: "t1", call_id: "c1" })}\nA comment`));
  for (const text of ["An answer", `Look: ${deliveryMarker("d1", 1)}`, undefined, 7])
    assert.equal(isMarked(text), false);
});

test("a repeated delivery posts what is missing, and nothing twice", async () => {
  const text = Array.from({ length: 30 }, (_, number) => `Line ${number} of the answer`).join("\n");
  const posted: string[] = [];
  let searches = 0;
  const post = (attempt: number, most = Number.POSITIVE_INFINITY) =>
    postParts(
      text,
      { delivery_id: "d1", attempt },
      {
        limit: 200,
        async find(parts) {
          searches++;
          const found = parts.filter(({ marker }) => posted.some((body) => body.startsWith(marker)));
          return new Map(found.map(({ marker }) => [marker, marker]));
        },
        async create(body) {
          if (posted.length >= most) throw new Error("The network has vanished.");
          posted.push(body);
          return body;
        },
      },
    );
  await assert.rejects(post(1, 2), /vanished/);
  assert.deepEqual([posted.length, searches], [2, 0]);
  const made = await post(2);
  assert.equal(made.length, posted.length);
  assert.equal(new Set(posted.map((body) => body.split("\n")[0])).size, posted.length);
  assert.ok(posted.every((body) => body.length <= 200));
  const whole = posted.map((body) => body.slice(body.indexOf("\n") + 1)).join("\n");
  assert.equal(whole, text);
});

test("an event is stored under a key that is never too long, and a bot's own says so", async () => {
  const about = { clientId: "forge:acme/loom", event: "push", botId: "default", source: "forge" };
  await takeEvent({
    ...about,
    ...{ message: { content: "Pushed", run: null }, fromBot: false, idempotencyKey: "x".repeat(300) },
  });
  assert.match(String(heddle.firstEvent.idempotencyKey), /^x{190}~[0-9a-f]{64}$/);
  assert.deepEqual([heddle.firstEvent.runAgent, heddle.firstEvent.notify], [false, false]);
  const run = { assignment: "Answer.", tools: [] };
  await takeEvent({
    ...about,
    ...{ message: { content: "A question", run }, fromBot: true, idempotencyKey: "issue:7" },
  });
  const { idempotencyKey, runAgent, fromBot } = heddle.events[1] ?? {};
  assert.deepEqual([idempotencyKey, runAgent, fromBot], ["issue:7", true, true]);
});

test("an answer has its author's name only if that is somebody else, and a failure is none", () => {
  assert.equal(attributed("Yes."), "Yes.");
  assert.equal(
    attributed("Yes.", "Helper", { delegated_by_display: "Boss" }),
    "**Helper, asked by Boss:**\n\nYes.",
  );
  assert.match(errorText("one\ntwo"), /^> \[!WARNING\][\s\S]+> one\n> two$/);
});

test("a page of a proxy proves no comment", () => {
  assert.equal(idOf({ id: 7 }, "the comment"), 7);
  for (const answer of ["<html>", null, {}, { id: "7" }, { id: 0 }])
    assert.throws(() => idOf(answer, "the comment"), /something other than the comment/);
});

test("places are remembered with the events that they send, whatever the case of their names", async () => {
  const places = createKnownPlaces("repository:");
  await places.remember("acme/Loom", "issues");
  await places.remember("Acme/loom", "push");
  await places.remember("", "push");
  const all = await places.all();
  assert.deepEqual(
    all.map(({ place, events }) => [place.toLowerCase(), events]),
    [["acme/loom", ["issues", "push"]]],
  );
});

test("of what was taken, only the latest is kept", () => {
  const taken = createTaken();
  for (let number = 0; number <= 10_000; number++) taken.add(`event:${number}`);
  assert.deepEqual([taken.has("event:0"), taken.has("event:10000")], [false, true]);
});

test("a stranger's run reaches the repository where it answers, and no other", () => {
  const run = { answers_stranger: true, client_id: "forge:acme/loom" };
  assert.equal(outOfReach(run, "forge:", "Acme/Loom"), undefined);
  assert.match(String(outOfReach(run, "forge:", "acme/secret")), /only acme\/loom is open/);
  assert.match(String(outOfReach(run, "forge:", undefined)), /only acme\/loom is open/);
  assert.equal(outOfReach({ ...run, answers_stranger: false }, "forge:", "acme/secret"), undefined);
  assert.equal(outOfReach({ ...run, client_id: "slack:C1" }, "forge:", "acme/secret"), undefined);
});

test("runs of this source are shown as seen and ended, and a failing reaction harms nothing", async () => {
  const shown: unknown[] = [];
  const before = registered().hooks.length;
  showProgress("forge", async ({ number }, progress) => {
    shown.push([number, progress]);
    if (number === 8) throw new Error("The issue is locked.");
  });
  const about = (number: number, source = "forge") => ({
    source,
    message: { metadata: { forge: { number } } },
  });
  await runHook("before_context_assembly", about(7) as never);
  await runHook("after_response", { ...about(7), status: "complete" } as never);
  await runHook("after_response", { ...about(8), status: "failed" } as never);
  await runHook("after_response", { ...about(9), status: "cancelled" } as never);
  await runHook("before_context_assembly", about(10, "mail") as never);
  // Tests of other integrations, which run in the same process, must not find them.
  registered().hooks.splice(before);
  assert.deepEqual(shown, [
    [7, "seen"],
    [7, "answered"],
    [8, "failed"],
  ]);
});
