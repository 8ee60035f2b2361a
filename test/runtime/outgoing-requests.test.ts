import { expect, test } from "bun:test";
import { mostOutgoingRequests } from "../../src/runtime/outgoing-requests.ts";

const inBun = (value?: string) => mostOutgoingRequests({ BUN_CONFIG_MAX_HTTP_REQUESTS: value }, true);

test("Bun's limit is 256 unless its variable has a valid number; elsewhere there is none", () => {
  expect(["2000", undefined, "", "many", "0", "1.5", "70000"].map(inBun)).toEqual([
    2000, 256, 256, 256, 256, 256, 256,
  ]);
  expect(mostOutgoingRequests({}, false)).toBe(Number.POSITIVE_INFINITY);
});

// Bun's own behaviour, which the limit above relies on.
test("a process with the variable has more than 256 requests open at once", async () => {
  const script = `
    let open = 0;
    const all = Promise.withResolvers();
    const server = Bun.serve({ port: 0, idleTimeout: 0, async fetch() { if (++open === 300) all.resolve(); await all.promise; return new Response("ok"); } });
    await Promise.all(Array.from({ length: 300 }, () => fetch(server.url).then((answer) => answer.text())));
    console.log(open);
    process.exit(0);`;
  const child = Bun.spawn([process.execPath, "-e", script], {
    env: { ...process.env, BUN_CONFIG_MAX_HTTP_REQUESTS: "300" },
  });
  expect(await new Response(child.stdout).text()).toBe("300\n");
});
