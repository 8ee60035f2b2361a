import { expect, test } from "bun:test";
import { withBusyTimeout } from "../../src/runtime/serve.ts";

test("the idle timeout is long while a request is handled, and short again after the response", async () => {
  const log: (number | string)[] = [];
  const server = { timeout: (_request: Request, seconds: number) => void log.push(seconds) };
  const ask = async (answer: Response) => {
    await withBusyTimeout(new Request("http://localhost/"), server, async () => {
      log.push("handled");
      return answer;
    });
    return log.splice(0);
  };
  expect(await ask(Response.json({}))).toEqual([255, "handled", 30]);
  expect(await ask(new Response(null, { status: 404 }))).toEqual([255, "handled", 30]);
  const events = new Response("", { headers: { "content-type": "text/event-stream; charset=utf-8" } });
  expect(await ask(events)).toEqual([255, "handled"]);
  const lines = new Response("", { headers: { "content-type": "application/x-ndjson" } });
  expect(await ask(lines)).toEqual([255, "handled"]);
});
