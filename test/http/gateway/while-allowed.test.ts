import { expect, test } from "bun:test";
import { whileAllowed } from "../../../src/http/gateway/while-allowed.ts";

/** Yields two pieces, then calls `then`. */
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
])("an error that cuts off an answer of %s is only logged", async (type, isAllowed) => {
  const broken = new Error("the canary of the integration");
  const heard: unknown[] = [];
  const answer = whileAllowed(
    pieces((controller) => controller.error(broken), type),
    { isAllowed, onBreak: (error) => heard.push(error) },
  );
  // Bun would print any other error that cuts off an answer.
  await expect(answer.text()).rejects.toMatchObject({
    name: "AbortError",
    message: "The answer was cut off.",
  });
  expect(heard).toEqual([broken]);
});

test("a complete answer arrives unchanged", async () => {
  const whole = pieces((controller) => controller.close(), "text/plain");
  const answer = whileAllowed(whole, {
    onBreak: (error) => {
      throw error;
    },
  });
  expect(await answer.text()).toBe("piece piece ");
});

test("an endless JSON value is cut off with its key", async () => {
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

test("a JSON value without a key is not wrapped", () => {
  const answer = Response.json({ ok: true });
  expect(whileAllowed(answer, { onBreak: () => undefined })).toBe(answer);
});
