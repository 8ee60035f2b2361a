// Measures how much of each request a cache could serve over a chat of 20 turns, and runs a chat of 500 turns in a small window.

import { cacheable, shared } from "../agent/chatting.ts";
import { api, type MeasuredServer } from "./server.ts";

const TURNS = 20;
const LONG_TURNS = 500;
/** Tokens; for the long chat. */
export const SMALL_WINDOW = 16_000;
const FACT = "The pump in the cellar has the serial number KX-4711.";

export interface CachedMeasured {
  /** The least share of a turn's last request that begins the next turn's first one. */
  sharedPercent: number;
  /** The share of all bytes that an earlier request began with. */
  cacheablePercent: number;
}

export interface LongChatMeasured {
  /** The longest request, as a share of the window by its own estimate of 3.5 characters a token. */
  longestPercent: number;
  summaries: number;
  /** Whether search_history found what was said in turn 3. */
  isFound: boolean;
  msPerTurn: number;
}

export interface ChattingModel {
  url: string;
  bodies: string[];
  results: string[];
  summaries: number;
  stop(): void;
}

interface Body {
  messages: { role: string; content: string | null; tool_calls?: unknown }[];
  tools?: { function: { name: string } }[];
}

/** Calls a tool in every turn, searches when asked to find something, and writes summaries. */
export function startChattingModel(): ChattingModel {
  const model: Omit<ChattingModel, "url" | "stop"> = { bodies: [], results: [], summaries: 0 };
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      const text = await request.text();
      const { messages } = JSON.parse(text) as Body;
      const [last] = messages.slice(-1);
      const asked = messages.findLast(({ role }) => role === "user")?.content ?? "";
      if (messages[0]?.content?.startsWith("You keep the notes of an agent")) {
        model.summaries += 1;
        return says({ content: "They talked about the house; details are in the history." });
      }
      model.bodies.push(text);
      if (last?.role === "tool") {
        model.results.push(last.content ?? "");
        return says({ content: `Noted, ${sentence(model.bodies.length, 30)}` });
      }
      const search = { name: "search_history", arguments: '{"query":"serial number of the pump"}' };
      const call = { name: "bench_tool", arguments: '{"n":1}' };
      return says({
        tool_calls: [
          {
            index: 0,
            id: `call_${model.bodies.length}`,
            type: "function",
            function: asked.startsWith("Find") ? search : call,
          },
        ],
      });
    },
  });
  return Object.assign(model, {
    url: `http://127.0.0.1:${server.port}/v1`,
    stop: () => void server.stop(true),
  });
}

function says(delta: object): Response {
  const chunk = { id: "c", object: "chat.completion.chunk", created: 1, model: "bench" };
  const events = [
    { ...chunk, choices: [{ index: 0, delta: { role: "assistant", ...delta }, finish_reason: null }] },
    {
      ...chunk,
      choices: [{ index: 0, delta: {}, finish_reason: "tool_calls" in delta ? "tool_calls" : "stop" }],
    },
  ];
  const text = `${events.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("")}data: [DONE]\n\n`;
  return new Response(text, { headers: { "content-type": "text/event-stream" } });
}

const sentence = (seed: number, words: number): string =>
  Array.from({ length: words }, (_, at) => `word${(seed * 31 + at * 7919) % 997}`).join(" ");

export async function measureCached(server: MeasuredServer, model: ChattingModel): Promise<CachedMeasured> {
  const say = await newChat(server, "bench:cached");
  const starts: number[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    starts.push(model.bodies.length);
    await say(`${turn}: ${sentence(turn, 40)}?`);
  }
  const { bodies } = model;
  const shares = starts.slice(1).map((start) => {
    const before = bodies[start - 1] ?? "";
    return shared(before, bodies[start] ?? "") / before.length;
  });
  return { sharedPercent: 100 * Math.min(...shares), cacheablePercent: 100 * cacheable(bodies) };
}

export async function measureLongChat(
  server: MeasuredServer,
  model: ChattingModel,
): Promise<LongChatMeasured> {
  const say = await newChat(server, "bench:long");
  const started = performance.now();
  for (let turn = 1; turn <= LONG_TURNS; turn++)
    await say(turn === 3 ? FACT : `${turn}: ${sentence(turn, 40)}?`);
  const msPerTurn = (performance.now() - started) / LONG_TURNS;
  await say("Find the serial number.");
  const longest = model.bodies.toSorted((a, b) => b.length - a.length)[0] ?? "{}";
  return {
    longestPercent: (100 * charactersIn(JSON.parse(longest) as Body)) / 3.5 / SMALL_WINDOW,
    summaries: model.summaries,
    isFound: (model.results.at(-1) ?? "").includes("KX-4711"),
    msPerTurn,
  };
}

/** What a model reads, without the punctuation of JSON. */
const charactersIn = ({ messages, tools }: Body): number =>
  messages.reduce(
    (sum, { content, tool_calls }) => sum + (content ?? "").length + JSON.stringify(tool_calls ?? "").length,
    0,
  ) + JSON.stringify(tools ?? []).length;

/** Returns a function that sends a message and waits until it is answered. */
async function newChat(
  server: MeasuredServer,
  clientId: string,
): Promise<(content: string) => Promise<void>> {
  const { session_id } = await api<{ session_id: string }>(server, "/api/v1/sessions", {
    bot_id: "bench",
    client_id: clientId,
  });
  return async (content) => {
    const { task_id } = await api<{ task_id: string }>(server, `/api/v1/sessions/${session_id}/messages`, {
      content,
      run_agent: true,
    });
    for (;;) {
      const { status, error } = await api<{ status: string; error: string | null }>(
        server,
        `/api/v1/tasks/${task_id}`,
      );
      if (status === "complete") return;
      if (status !== "pending" && status !== "running") throw new Error(`A turn is ${status}: ${error}`);
      await Bun.sleep(2);
    }
  };
}
