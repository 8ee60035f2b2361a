// A model endpoint on this machine that records what it gets and answers as it is told.

import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  method: string;
  /** With the query. */
  url: string;
  headers: IncomingHttpHeaders;
  // biome-ignore lint/suspicious/noExplicitAny: any vendor's body; the test says what it expects.
  body: any;
}

export type Reply =
  | { status: number; json: unknown }
  | { events: object[] }
  | { status: number; text: string; type: string }
  | { redirect: string; status: number };

export async function fakeEndpoint(reply: (request: Received) => Reply | Promise<Reply> = says("Hello")) {
  const requests: Received[] = [];
  const server = createServer(async (incoming, response) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    const text = Buffer.concat(parts).toString();
    const { method = "", url = "", headers } = incoming;
    const request = { method, url, headers, body: text === "" ? undefined : JSON.parse(text) };
    requests.push(request);
    answer(response, await reply(request));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin,
    url: `${origin}/v1`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(response: ServerResponse, reply: Reply): void {
  if ("redirect" in reply) {
    response.writeHead(reply.status, { location: reply.redirect }).end();
  } else if ("text" in reply) {
    response.writeHead(reply.status, { "content-type": reply.type }).end(reply.text);
  } else if ("json" in reply) {
    response.writeHead(reply.status, { "content-type": "application/json" }).end(JSON.stringify(reply.json));
  } else {
    response.writeHead(200, { "content-type": "text/event-stream" });
    for (const event of reply.events) {
      const name = "type" in event ? `event: ${event.type}\n` : "";
      response.write(`${name}data: ${JSON.stringify(event)}\n\n`);
    }
    response.end("choices" in (reply.events[0] ?? {}) ? "data: [DONE]\n\n" : "");
  }
}

const delta = (content: object, finish_reason: string | null = null) => ({
  choices: [{ index: 0, delta: content, finish_reason }],
});

export const USAGE = {
  prompt_tokens: 1_000,
  completion_tokens: 100,
  prompt_tokens_details: { cached_tokens: 600 },
};

/** A chat completion in several pieces, or a tool call if the request has tools. */
export const says =
  (text: string, usage: object | null = USAGE) =>
  ({ body, url }: Received): Reply => {
    if (url.endsWith("/models")) return { status: 200, json: { data: [{ id: "one" }, { id: "two" }] } };
    const end = usage ? [{ choices: [], usage }] : [];
    const call = {
      index: 0,
      id: "call_1",
      function: { name: body.tools?.[0]?.function.name, arguments: '{"number": 7}' },
    };
    const said = body.tools
      ? [delta({ tool_calls: [call] }), delta({}, "tool_calls")]
      : [...text.split(/(?<= )/).map((content) => delta({ content })), delta({}, "stop")];
    return { events: [...said, ...end] };
  };

export const refuses = (status: number, message: string): Reply => ({ status, json: { error: { message } } });
