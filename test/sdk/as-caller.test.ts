import { expect, test } from "bun:test";
import { createSdk } from "../../src/sdk/create.ts";
import { createEnvironmentBackend } from "../../src/sdk/environment.ts";
import { asHeddleError } from "../../src/sdk/errors.ts";
import { fakeHeddle } from "../../src/sdk/testing.ts";

const { asCaller } = createSdk(createEnvironmentBackend({}));
const request = new Request("http://heddle.internal/board", { headers: { "heddle-caller-ticket": "t1" } });

test("a route reads what its caller may see, below /api/v1 and nowhere else", async () => {
  await expect(asCaller(request).get("/channels")).rejects.toThrow("needs a Heddle server");
  const asked: string[] = [];
  const heddle = fakeHeddle({
    async askAsCaller(ticket, path) {
      asked.push(`${ticket} ${path}`);
      if (path === "/secrets") {
        return Response.json({ error: { code: "forbidden", message: "No.", field: "x" } }, { status: 403 });
      }
      return path === "/events" ? new Response("data: 1") : Response.json({ channels: [] });
    },
  });
  const failing = (path: string) =>
    asCaller(request)
      .get(path)
      .catch((error) => asHeddleError(error)?.code);
  try {
    expect(
      await asCaller(request).get("/channels", { query: { q: "a b&c", limit: 5, cursor: null } }),
    ).toEqual({
      channels: [],
    });
    expect(await failing("/secrets")).toBe("forbidden");
    expect(await failing("/events")).toBe("validation");
    expect(asked).toEqual(["t1 /channels?q=a+b%26c&limit=5", "t1 /secrets", "t1 /events"]);
    for (const path of [
      "channels",
      "/../admin",
      "/a/..",
      "/./a",
      "/a?b=c",
      "/a#b",
      "//evil.example",
      "/a//b",
      // As a URL reads these, they lead out of the API.
      "/%2e%2e/%2E%2e/health",
      "/a/.%2e",
      "/..\\..\\health",
      "/a/.\t./.\n./health",
    ]) {
      expect(await failing(path)).toBe("validation");
    }
    expect(asked.length).toBe(3);
  } finally {
    heddle.restore();
  }
});
