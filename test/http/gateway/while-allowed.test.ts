import { expect, test } from "bun:test";
import { whileAllowed } from "../../../src/http/gateway/while-allowed.ts";

/** Two pieces, then whatever `then` does. */
function pieces(then: (controller: ReadableStreamDefaultController) => void, type: string): Response {
  let sent = 0;
  const body = new ReadableStream({
    pull(controller) {
      if (sent++ < 2) controller.enqueue(new TextEncoder().encode("piece "));
      else then(controller);
    },
  });
  return new Response(body, { headers: { "content-type": type } });
}

test.each([
  ["text/plain", undefined],
  ["application/json-seq", undefined],
  ["application/json", async () => true],
])("what breaks off an answer of %s is told to the log alone", async (type, isAllowed) => {
  const broken = new Error("the canary of the integration");
  const heard: unknown[] = [];
  const answer = whileAllowed(
    pieces((controller) => controller.error(broken), type),
    { isAllowed, onBreak: (error) => heard.push(error) },
  );
  // Bun prints every other error that breaks an answer off.
  await expect(answer.text()).rejects.toMatchObject({
    name: "AbortError",
    message: "The answer was cut off.",
  });
  expect(heard).toEqual([broken]);
});

test("an answer that is whole arrives as it is", async () => {
  const whole = pieces((controller) => controller.close(), "text/plain");
  const answer = whileAllowed(whole, {
    onBreak: (error) => {
      throw error;
    },
  });
  expect(await answer.text()).toBe("piece piece ");
});

test("one JSON value without an end breaks off with its key", async () => {
  const endless = pieces(() => undefined, "application/json");
  let isAllowed = true;
  const answer = whileAllowed(endless, {
    isAllowed: async () => isAllowed,
    onBreak: (error) => {
      throw error;
    },
  });
  const text = answer.text();
  isAllowed = false;
  await expect(text).rejects.toThrow("cut off");
}, 20_000);

test("what a stranger gets as one JSON value is left alone", () => {
  const answer = Response.json({ ok: true });
  expect(whileAllowed(answer, { onBreak: () => undefined })).toBe(answer);
});
