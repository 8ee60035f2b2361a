import { expect, test } from "bun:test";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createBoundedFetch } from "../../src/llm/bounded-fetch.ts";

async function serve(answer: (path: string) => { status: number; location?: string }) {
  const seen: string[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    seen.push(`${request.method} ${request.url} ${request.headers["api-key"]} ${Buffer.concat(parts)}`);
    const { status, location } = answer(request.url ?? "");
    response.writeHead(status, location === undefined ? {} : { location }).end("said");
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const stop = () => new Promise((done) => server.close(done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, stop };
}

const send = createBoundedFetch();
const asked = { method: "POST", headers: { "api-key": "secret" }, body: "prompt" };

test.each([301, 302, 307, 308])(
  "%d within the server is followed, with method, key and body",
  async (status) => {
    const server = await serve((path) => (path === "/old" ? { status, location: "/new" } : { status: 200 }));
    const response = await send(`${server.url}/old`, asked);
    expect([response.status, await response.text()]).toEqual([200, "said"]);
    expect(server.seen).toEqual(["POST /old secret prompt", "POST /new secret prompt"]);
    await server.stop();
  },
);

test("another server gets neither the key nor the prompt", async () => {
  const other = await serve(() => ({ status: 200 }));
  for (const status of [301, 302, 307, 308]) {
    const server = await serve(() => ({ status, location: `${other.url}/v1` }));
    await expect(send(`${server.url}/v1`, asked)).rejects.toMatchObject({
      kind: "refused",
      message: expect.stringContaining(`another server, ${other.url}`),
    });
    await server.stop();
  }
  expect(other.seen).toEqual([]);
  await other.stop();
});

test("redirects without end or to nowhere end", async () => {
  const server = await serve((path) => ({ status: 307, location: path === "/loop" ? "/loop" : "http://[" }));
  await expect(send(`${server.url}/loop`, asked)).rejects.toMatchObject({ kind: "refused" });
  expect(server.seen).toHaveLength(6);
  await expect(send(`${server.url}/nowhere`, asked)).rejects.toMatchObject({ kind: "refused" });
  await server.stop();
});
