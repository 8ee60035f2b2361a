import { expect, test } from "bun:test";
import { PassThrough } from "node:stream";
import { chat, type Terminal } from "../../../src/cli/client/chat.ts";
import type { StreamingConnection } from "../../../src/cli/client/connect.ts";
import { until } from "../../until.ts";

type Sent = { event: string; id?: string; data: object };

const unused = async () => {
  throw new Error("not used");
};

/** A server that answers each message with the next of these lists of events. */
function serverWith(...answers: (Sent[] | Promise<Sent[]>)[]) {
  const asked: { body: unknown; headers: unknown }[] = [];
  const posted: string[] = [];
  const server: StreamingConnection = {
    get: unused,
    patch: unused,
    delete: unused,
    post: async (path) => void posted.push(path),
    async stream(_, body, { headers }) {
      asked.push({ body, headers });
      const answer = answers.shift() ?? [];
      const text = (events: Sent[]) =>
        events
          .map(({ event, id = "x", data }) => `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
          .join("");
      if (Array.isArray(answer)) return new Response(text(answer));
      const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
      const writer = writable.getWriter();
      void writer.write(new TextEncoder().encode(text([{ event: "accepted", data: { task_id: "t1" } }])));
      void answer.then(async (events) => {
        await writer.write(new TextEncoder().encode(text(events)));
        await writer.close();
      });
      return new Response(readable);
    },
  };
  return { server, asked, posted };
}

function terminalWith(isInteractive: boolean) {
  const input = new PassThrough();
  const listeners = new Set<() => void>();
  let shown = "";
  const write = (text: string) => {
    shown += text;
  };
  const terminal: Terminal = {
    input,
    write,
    note: write,
    isInteractive,
    onInterrupt(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
  const interrupt = () => {
    for (const listener of [...listeners]) listener();
  };
  return { terminal, input, interrupt, shown: () => shown };
}

const talk = { clientId: "cli:anna" };

test("a conversation is streamed with its tool calls, without control characters", async () => {
  const { server, asked } = serverWith([
    { event: "accepted", data: { task_id: "t1" } },
    { event: "text_delta", data: { text: "Let me look." } },
    { event: "tool_start", data: { tool: "clock", args: { zone: "UTC" } } },
    { event: "text_delta", data: { text: "It is\u001b[2J ten." } },
    { event: "response", data: { text: "It is ten." } },
  ]);
  const { terminal, input, shown } = terminalWith(true);
  input.end("Time?\n");
  await chat(server, { ...talk, botId: "helper" }, terminal);
  expect(shown()).toBe(
    'Ctrl-C cancels an answer, and leaves at the prompt.\n> Let me look.\n· clock {"zone":"UTC"}\nIt is[2J ten.\n> \n',
  );
  expect(asked[0]?.body).toMatchObject({ message: "Time?", client_id: "cli:anna", bot_id: "helper" });
});

test("what a run waits for is said, and what was decided", async () => {
  const { server } = serverWith([
    { event: "llm_retry", data: { reason: "Rate limit reached.", model: "m", delay_ms: 5_000 } },
    { event: "text_delta", data: { text: "I send it." } },
    { event: "tool_start", data: { tool: "send", args: { to: "Ada" } } },
    {
      event: "approval_request",
      data: { approval_id: "a1", tool: "send", arguments: { to: "Ada\u001b[2J" } },
    },
    { event: "approval_resolved", data: { approval_id: "a1", tool: "send", verdict: "denied" } },
    { event: "text_delta", data: { text: "Not sent." } },
    { event: "response", data: { text: "Not sent." } },
  ]);
  const { terminal, input, shown } = terminalWith(true);
  input.end("Send it\n");
  await chat(server, talk, terminal);
  expect(shown().split("> ")[1]).toBe(
    `[The model is asked again: Rate limit reached.]
I send it.
· send {"to":"Ada"}
[send {"to":"Ada\\u001b[2J"} waits for a person: heddle approvals approve a1, or deny.]
[send: denied.]
Not sent.
`,
  );
});

test("a lost connection is resumed after the last event", async () => {
  const { server, asked } = serverWith(
    [{ event: "text_delta", id: "place-1", data: { text: "Hel" } }],
    [
      { event: "text_delta", id: "place-2", data: { text: "lo" } },
      { event: "response", data: { text: "Hello" } },
    ],
  );
  const { terminal, input, shown } = terminalWith(true);
  input.end("Hi\n");
  await chat(server, talk, terminal);
  expect(shown()).toContain("> Hello\n");
  expect(asked.map(({ headers }) => headers)).toEqual([undefined, { "last-event-id": "place-1" }]);
});

test("Ctrl-C cancels the run, and leaves at the prompt", async () => {
  const end = Promise.withResolvers<Sent[]>();
  const { server, posted } = serverWith(end.promise);
  const { terminal, input, interrupt, shown } = terminalWith(true);
  const talking = chat(server, talk, terminal);
  input.write("Hi\n");
  await until(() => {
    interrupt();
    return posted.length > 0;
  });
  expect(posted[0]).toBe("/api/v1/tasks/t1/cancel");
  end.resolve([{ event: "cancelled", data: {} }]);
  await talking;
  expect(shown()).not.toContain("heddle:");
});

test("without a terminal only answers are written, and a failed run fails the command", async () => {
  const { server } = serverWith(
    [
      { event: "text_delta", data: { text: "One" } },
      { event: "response", data: { text: "One" } },
    ],
    [{ event: "error", data: { message: "The model is out." } }],
  );
  const { terminal, input, shown } = terminalWith(false);
  input.end("1\n\n2\n");
  expect(await chat(server, talk, terminal).catch(({ message }) => message)).toBe("The model is out.");
  expect(shown()).toBe("One\n");
});
