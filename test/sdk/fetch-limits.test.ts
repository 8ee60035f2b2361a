// The time limits of the SDK's fetch in the server and in a process, against a real listener.

import { afterAll, describe, expect, test } from "bun:test";
import { createGuardedFetch } from "../../src/guarded-fetch/fetch.ts";
import { fetchWithTimeout } from "../../src/sdk/fetch.ts";

const never = new Promise<Response>(() => {});
const server = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  idleTimeout: 0,
  fetch: ({ url }) => {
    if (url.endsWith("/silent")) return never;
    const count = url.endsWith("/stalls") ? 1 : 4;
    let sent = 0;
    const body = new ReadableStream({
      async pull(controller) {
        await Bun.sleep(20);
        if (sent++ < count) controller.enqueue(new TextEncoder().encode(`${sent}`));
        else if (count === 4) controller.close();
        else await never;
      },
    });
    return new Response(body);
  },
});
afterAll(() => server.stop(true));

const guarded = createGuardedFetch({ allowPrivateHosts: ["127.0.0.1"] });

describe.each([
  ["in a process", fetchWithTimeout],
  ["in the server", guarded],
])("%s", (_, fetch) => {
  const ask = (path: string, init: Parameters<typeof fetch>[1]) =>
    fetch(`http://127.0.0.1:${server.port}${path}`, init)
      .then((response) => response.text())
      .catch((error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : "no error"));

  test("a stream may last as long as data keeps arriving", async () => {
    for (const timeoutSeconds of [false, Number.POSITIVE_INFINITY] as const) {
      expect(await ask("/slow", { timeoutSeconds, idleSeconds: 5 })).toBe("1234");
    }
  });

  test("the limit includes the body", async () => {
    expect(await ask("/stalls", { timeoutSeconds: 0.2 })).toContain("TimeoutError");
  });

  test("silence aborts the request, before the answer and within its body", async () => {
    for (const path of ["/silent", "/stalls"]) {
      expect(await ask(path, { timeoutSeconds: false, idleSeconds: 0.2 })).toBe(
        "TimeoutError: Nothing arrived for 0.2 seconds.",
      );
    }
  });

  test.each([0, -1, Number.NaN, "5", 1e12])("a limit of %p is refused", async (limit) => {
    for (const name of ["timeoutSeconds", "idleSeconds"]) {
      expect(await ask("/slow", { [name]: limit } as never)).toContain(
        `${name} must be a number of seconds above 0`,
      );
    }
  });
});
