import { expect, test } from "bun:test";
import { patiently } from "../../src/runtime/serve.ts";

test("who waits for an answer has time, and who has it does not keep the connection for nothing", async () => {
  const told: (number | string)[] = [];
  const server = { timeout: (_request: Request, seconds: number) => void told.push(seconds) };
  const ask = async (answer: Response) => {
    await patiently(new Request("http://localhost/"), server, async () => {
      told.push("handled");
      return answer;
    });
    return told.splice(0);
  };
  expect(await ask(Response.json({}))).toEqual([255, "handled", 30]);
  expect(await ask(new Response(null, { status: 404 }))).toEqual([255, "handled", 30]);
  const events = new Response("", { headers: { "content-type": "text/event-stream; charset=utf-8" } });
  expect(await ask(events)).toEqual([255, "handled"]);
  const lines = new Response("", { headers: { "content-type": "application/x-ndjson" } });
  expect(await ask(lines)).toEqual([255, "handled"]);
});
