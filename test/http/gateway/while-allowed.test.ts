import { expect, test } from "bun:test";
import { whileAllowed } from "../../../src/http/gateway/while-allowed.ts";
import { until } from "../../until.ts";

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
  ["application/json", { holds: async () => true, onDoubt: () => () => undefined }],
])("an error that cuts off an answer of %s is only logged", async (type, validity) => {
  const broken = new Error("the canary of the integration");
  const heard: unknown[] = [];
  const answer = whileAllowed(
    pieces((controller) => controller.error(broken), type),
    { validity, onBreak: (error) => heard.push(error) },
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
    validity: { holds: async () => isAllowed, onDoubt: () => () => undefined },
    onBreak: (error) => {
      throw error;
    },
  });
  const text = answer.text();
  isAllowed = false;
  await expect(text).rejects.toThrow("cut off");
}, 20_000);

test("an answer that is cut off with its key is no error of the integration", async () => {
  let isAllowed = true;
  let doubt = (): unknown => undefined;
  const heard: unknown[] = [];
  const silent = new ReadableStream({ pull: () => new Promise<void>(() => undefined) });
  const answer = whileAllowed(new Response(silent), {
    validity: {
      holds: async () => isAllowed,
      onDoubt: (ask) => {
        doubt = ask;
        return () => undefined;
      },
    },
    onBreak: (error) => heard.push(error),
  });
  const text = answer.text();
  isAllowed = false;
  doubt();
  await expect(text).rejects.toThrow("cut off");
  await Bun.sleep(20);
  expect(heard).toEqual([]);
});

test("doubt is looked into at once, and again if it comes while it is looked into", async () => {
  const doubts: (() => void)[] = [];
  const asked: ((holds: boolean) => void)[] = [];
  let hasUnwatched = false;
  const answer = whileAllowed(
    pieces(() => undefined, "application/json"),
    {
      validity: {
        holds: () => new Promise((resolve) => asked.push(resolve)),
        onDoubt(listener) {
          doubts.push(listener);
          return () => {
            hasUnwatched = true;
          };
        },
      },
      onBreak: () => undefined,
    },
  );
  const cutOff = answer.text().catch((error: Error) => error.message);
  doubts[0]?.();
  doubts[0]?.();
  expect(asked).toHaveLength(1);
  asked[0]?.(true);
  await until(() => asked.length === 2);
  asked[1]?.(false);
  expect(await cutOff).toContain("cut off");
  expect(hasUnwatched).toBe(true);
});

test("a JSON value without a key is not wrapped", () => {
  const answer = Response.json({ ok: true });
  expect(whileAllowed(answer, { onBreak: () => undefined })).toBe(answer);
});
