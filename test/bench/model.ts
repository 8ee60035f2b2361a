// A model that takes no time: it requests one tool call, then answers, as streamed chat completions. Asked for the notes of a
// conversation, it repeats the beginning of what it got.

interface Request {
  messages: { role: string; content?: unknown }[];
}

export interface Model {
  url: string;
  stop(): void;
}

/**
 * With `stalls` it never answers: runs stay open and leave the machine to whatever is measured. With `talks` it answers without
 * the tool.
 */
export function startModel({ stalls = false, talks = false } = {}): Model {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    async fetch(request) {
      if (stalls) return new Promise<Response>(() => {});
      const { messages } = (await request.json()) as Request;
      const notes = notesFor(messages);
      if (notes !== undefined) return answered(says(notes));
      const answer = talks || messages.at(-1)?.role === "tool" ? ANSWER : TOOL_CALL;
      return answered(answer);
    },
  });
  return { url: `http://127.0.0.1:${server.port}/v1`, stop: () => server.stop(true) };
}

/** What a summary is worth is judged by the words that it has from the conversation. */
const NOTES_LENGTH = 2_000;

function notesFor([system, asked]: Request["messages"]): string | undefined {
  if (!String(system?.content).startsWith("You keep the notes of an agent")) return undefined;
  return String(asked?.content).slice(0, NOTES_LENGTH);
}

const answered = (stream: string) =>
  new Response(stream, { headers: { "content-type": "text/event-stream" } });

const chunk = (delta: object, finish: string | null) => ({
  id: "c",
  object: "chat.completion.chunk",
  created: 1,
  model: "bench",
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const stream = (...chunks: object[]) =>
  `${chunks.map((one) => `data: ${JSON.stringify(one)}\n\n`).join("")}data: [DONE]\n\n`;

const TOOL_CALL = stream(
  chunk(
    {
      role: "assistant",
      content: null,
      tool_calls: [
        { index: 0, id: "call_1", type: "function", function: { name: "bench_tool", arguments: '{"n":1}' } },
      ],
    },
    null,
  ),
  chunk({}, "tool_calls"),
);
const says = (content: string) => stream(chunk({ role: "assistant", content }, null), chunk({}, "stop"));
const ANSWER = says("Done.");
