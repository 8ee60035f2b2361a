// A model for chats in a browser, which does what the message tells it to: it writes, waits, calls tools or fails. While it
// is there, the bot "spinner" uses it.

import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Ui } from "./ui.ts";

export interface FakeModel extends AsyncDisposable {
  /** Lets every answer that waits go on. */
  release(): void;
  /** What the model was sent last. */
  last(): Request | undefined;
}

interface Request {
  messages: { role: string; content: unknown }[];
}

const ANSWER = `The warp is **tight** in all sheds. Two looms need a look:

| Loom | Tension | Since |
|---|---|---|
| seven | 38 newtons | Tuesday |
| twelve | 61 newtons | this morning |

Measure them again with this, and see https://loom.example.com/tension for what is usual:

\`\`\`ts
const tension = await loom("seven").measure({ samples: 12 });
if (tension < 40) await loom("seven").stop("The warp is too loose, and a thread will break soon enough.");
\`\`\`

1. Stop the loom **before** the thread is tied.
2. Tie it.
`;

/** Words of a message that decide what becomes of it. */
const HOLD = "wait for it";
const TOOL = "look it up";
const FAIL = "fail";
/** Other words, and the call that the model answers them with first. */
const CALLS: Record<string, { name: string; args: object }> = {
  // Goes on until it is stopped, and says how far it is.
  "wind the spools": { name: "loom_wind", args: {} },
  "send the picture": {
    name: "send_file",
    args: { path: "common/heddle.png", caption: "A heddle, seen from the side" },
  },
  "give it away": {
    name: "delegate_to_agent",
    args: { bot_id: "reed", prompt: "Count the dents of the reed." },
  },
  "write it down": {
    name: "workspace_write",
    args: { path: "common/note.md", content: "Warp 7 is loose.\n" },
  },
};

export async function startFakeModel(api: Ui["api"]): Promise<FakeModel> {
  let last: Request | undefined;
  const waiting = new Set<() => void>();
  const server = createServer(async (incoming, response) => {
    const parts: Buffer[] = [];
    for await (const part of incoming) parts.push(part as Buffer);
    last = JSON.parse(Buffer.concat(parts).toString()) as Request;
    const hold = () =>
      new Promise<void>((resolve) => {
        waiting.add(resolve);
        response.once("close", resolve);
      });
    await answer(response, last, hold);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await api("POST", "/api/v1/admin/providers", {
    id: "fake",
    adapter: "chat_completions",
    base_url: `http://127.0.0.1:${port}/v1`,
    default_model: "weaver-1",
    is_default: false,
    models: { "weaver-1": { context_window: 100_000, images: true, prices: { input: 1, output: 4 } } },
  });
  await api("POST", "/api/v1/bots", {
    id: "spinner",
    name: "Spinner",
    model: "fake/weaver-1",
    system_prompt: "You know everything about looms.",
    tools: ["search_documents", "loom_wind", "send_file"],
    delegate_bots: ["reed"],
  });
  await api("POST", "/api/v1/bots", {
    id: "reed",
    name: "Reed",
    description: "Counts.",
    model: "fake/weaver-1",
  });
  return {
    last: () => last,
    release() {
      for (const resolve of waiting) resolve();
      waiting.clear();
    },
    async [Symbol.asyncDispose]() {
      for (const id of ["spinner", "reed"]) await api("DELETE", `/api/v1/bots/${id}`);
      await api("DELETE", "/api/v1/admin/providers/fake");
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function answer(response: ServerResponse, request: Request, hold: () => Promise<void>): Promise<void> {
  const { messages } = request;
  // Messages without an answer between them come as one, each with a context at its end.
  const asked = JSON.stringify(messages.findLast(({ role }) => role === "user")?.content);
  const text = (asked.split("<heddle_context>").at(-2) ?? asked).split("\\n").findLast(Boolean) ?? "";
  const called = Object.entries(CALLS).find(([words]) => text.includes(words))?.[1];
  const isToolDone = messages.at(-1)?.role === "tool";
  if (text.includes(FAIL)) {
    response.writeHead(400, { "content-type": "application/json" });
    response.end(JSON.stringify({ error: { message: "The loom of the model is broken." } }));
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  const send = (delta: object, finish_reason: string | null = null) =>
    response.write(`data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason }] })}\n\n`);
  if (text.includes(TOOL) && !isToolDone) {
    send({ content: "Let me look." });
    const call = { name: "search_documents", arguments: JSON.stringify({ query: "opening hours" }) };
    send({ tool_calls: [{ index: 0, id: "call_0", type: "function", function: call }] });
    send({}, "tool_calls");
  } else if (called && !isToolDone) {
    const call = { name: called.name, arguments: JSON.stringify(called.args) };
    send({ tool_calls: [{ index: 0, id: "call_0", type: "function", function: call }] });
    send({}, "tool_calls");
  } else {
    if (text.includes(HOLD)) {
      send({ content: "I begin, and then I wait. " });
      await hold();
    }
    for (const piece of ANSWER.match(/[\s\S]{1,40}/g) ?? []) send({ content: piece });
    send({}, "stop");
  }
  response.write(`data: ${JSON.stringify({ choices: [], usage: usageOf(request) })}\n\n`);
  response.end("data: [DONE]\n\n");
}

/** About what an endpoint would count: of all but the first request of a run, it had most before. */
function usageOf(request: Request) {
  const prompt_tokens = Math.ceil(JSON.stringify(request).length / 4);
  const cached_tokens = request.messages.length > 2 ? Math.floor(prompt_tokens * 0.75) : 0;
  return { prompt_tokens, completion_tokens: 180, prompt_tokens_details: { cached_tokens } };
}
