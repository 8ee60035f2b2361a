// Coding agents that break the rules of their protocol cost this process no more than those that keep to them.

import { expect, spyOn, test } from "bun:test";
import type { RequestPermissionRequest } from "@agentclientprotocol/sdk";
import { type AgentWork, runAgent, type StartAgent } from "../../src/acp/run-agent.ts";
import { createWorkLog } from "../../src/acp/work-log.ts";
import { createUnanswered } from "../../src/mcp/client/unanswered.ts";
import { until } from "../until.ts";

interface Message {
  id?: number;
  method?: string;
  result?: { outcome: { outcome: string } };
}
type Say = (...messages: unknown[]) => Promise<void>;

const update = (fields: object) => ({
  ...{ jsonrpc: "2.0", method: "session/update" },
  params: { sessionId: "s", update: fields },
});
const says = (text: string) =>
  update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text } });
const permission = (id: number) => ({
  ...{ jsonrpc: "2.0", id, method: "session/request_permission" },
  params: {
    ...{ sessionId: "s", toolCall: { toolCallId: `${id}`, title: "Tidy up", kind: "edit" } },
    options: [{ optionId: "yes", name: "Yes", kind: "allow_once" }],
  },
});

/** An agent in this process: `play` is what it does when it is asked to work, `takes` how it takes what it is sent. */
function agentThat(
  play: (say: Say) => Promise<void>,
  takes: (message: Message) => unknown = () => undefined,
) {
  const start: StartAgent = (onOutput) => {
    const { promise: exited, resolve } = Promise.withResolvers<{ code: number; signal: null }>();
    const say: Say = async (...messages) => {
      const [bytes] = messages;
      if (bytes instanceof Uint8Array) return onOutput(bytes, "stdout");
      const lines = messages.map((one) => (typeof one === "string" ? one : JSON.stringify(one)));
      await onOutput(new TextEncoder().encode(`${lines.join("\n")}\n`), "stdout");
    };
    const answer = (id: number | undefined, result: object) => void say({ jsonrpc: "2.0", id, result });
    return {
      pid: 1,
      exited,
      async write(text) {
        const message = JSON.parse(text) as Message;
        if (message.method === "initialize") answer(message.id, { protocolVersion: 1 });
        else if (message.method === "session/new") answer(message.id, { sessionId: "s" });
        else if (message.method === "session/prompt")
          void play(say).then(() => answer(message.id, { stopReason: "end_turn" }));
        else await takes(message);
      },
      async end() {
        resolve({ code: 0, signal: null });
        return true;
      },
      memory: async () => undefined,
    };
  };
  return start;
}

const work = (permit?: (request: RequestPermissionRequest) => Promise<never>): AgentWork => ({
  ...{ name: "fake", folder: "/work", note: "", version: "1", task: "Work.", onProgress: () => undefined },
  signal: new AbortController().signal,
  permit: permit ?? (async () => ({ outcome: "cancelled" })),
});

const NOISE = [
  ...["no JSON", {}, [], 7, null, { jsonrpc: "1.0", id: 1, method: "x" }],
  { jsonrpc: "2.0", id: 999, result: {} },
  { jsonrpc: "2.0", id: "0", error: { code: 1, message: "for nobody" } },
  { jsonrpc: "2.0", id: null, method: "session/request_permission" },
  { jsonrpc: "2.0", method: "session/gossip", params: {} },
  { jsonrpc: "2.0", method: "session/update" },
  update({ sessionUpdate: "agent_message_chunk", content: "a text" }),
  update({ sessionUpdate: "tool_call", title: 7, toolCallId: {}, content: {}, locations: [null, 7] }),
  update({ sessionUpdate: "of a later version" }),
];

test("what is no message of the protocol is dropped, and is not in this process's log", async () => {
  using logged = spyOn(console, "error").mockImplementation(() => undefined);
  const start = agentThat(async (say) => {
    await say(...NOISE, says("Hello"), says(" there."), ...NOISE);
  });
  const { answer, stopReason } = await runAgent(start, work());
  expect([answer, stopReason]).toEqual(["Hello there.", "end_turn"]);
  expect(logged).not.toHaveBeenCalled();
});

test("an agent that speaks something else is given up", async () => {
  const start = agentThat(async (say) => {
    for (let at = 0; at < 200; at++) await say(...NOISE);
  });
  const failed = runAgent(start, work());
  await expect(failed).rejects.toThrow(
    "The coding agent fake failed: More than 1,000 of its messages are none of the Agent Client Protocol.",
  );
});

test("the reason of a failure ends with what the agent could not open", async () => {
  const start: StartAgent = (onOutput) => {
    const exited = (async () => {
      await onOutput(new TextEncoder().encode("Module not found"), "stderr");
      return { code: 1, signal: null };
    })();
    return {
      ...{ pid: 1, exited, write: async () => undefined, end: async () => true },
      memory: async () => undefined,
    };
  };
  const failed = runAgent(start, { ...work(), note: "(It cannot open /home/agent.ts.)" });
  await expect(failed).rejects.toThrow(/It wrote: Module not found \(It cannot open \/home\/agent\.ts\.\)$/);
});

test("an agent that asks without end, and takes no answers, is not read any more", async () => {
  let asked = 0;
  let answered = 0;
  let said = 0;
  const taking = Promise.withResolvers<void>();
  const start = agentThat(
    async (say) => {
      for (; said < 1_000; said++) await say(permission(said));
      await until(() => answered === 1_000);
    },
    async ({ result }) => {
      await taking.promise;
      if (result?.outcome.outcome === "cancelled") answered += 1;
    },
  );
  const running = runAgent(
    start,
    work(async () => {
      asked += 1;
      return { outcome: "cancelled" } as never;
    }),
  );
  await until(() => asked > 50);
  // It would say more in each of these turns if it were read.
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  expect([said < 60, asked < 60]).toEqual([true, true]);
  taking.resolve();
  expect((await running).stopReason).toBe("end_turn");
  expect([asked, answered]).toEqual([1_000, 1_000]);
});

test("an agent that talks without end leaves others their time", async () => {
  let said = 0;
  let busyMs = 0;
  const start = agentThat(async (say) => {
    // A title is passed on as progress. One takes as long as many small ones do.
    for (; said < 40; said++)
      await say(update({ sessionUpdate: "tool_call", toolCallId: "1", title: "Look" }));
  });
  const onProgress = () => {
    const begun = performance.now();
    while (performance.now() - begun < 3);
    busyMs += performance.now() - begun;
  };
  const begun = performance.now();
  const { actions } = await runAgent(start, { ...work(), onProgress });
  expect([said, actions]).toEqual([40, ["Look"]]);
  expect(busyMs).toBeLessThan((performance.now() - begun) / 3);
});

test("what an agent says in pieces is put together, and a message that is too large is its last", async () => {
  const pieces = agentThat(async (say) => {
    const text = new TextEncoder().encode(`${JSON.stringify(says("Grüße, Köln"))}\n`);
    for (const byte of text) await say(Uint8Array.of(byte));
  });
  expect((await runAgent(pieces, work())).answer).toBe("Grüße, Köln");
  const large = agentThat((say) => say(says("x".repeat(17 * 1024 * 1024))));
  await expect(runAgent(large, work())).rejects.toThrow("A message of it is larger than 16 MB.");
});

test("an agent that ends at once after its last words is heard, however long the rest would be", async () => {
  const start: StartAgent = (onOutput) => {
    const { promise: exited, resolve } = Promise.withResolvers<{ code: number; signal: null }>();
    const tell = (...messages: object[]) =>
      onOutput(
        new TextEncoder().encode(messages.map((one) => `${JSON.stringify(one)}\n`).join("")),
        "stdout",
      );
    return {
      ...{ pid: 1, exited, end: async () => true, memory: async () => undefined },
      async write(text) {
        const { id, method } = JSON.parse(text) as Message;
        const answer = (result: object) => ({ jsonrpc: "2.0", id, result });
        if (method === "initialize") void tell(answer({ protocolVersion: 1 }));
        else if (method === "session/new") void tell(answer({ sessionId: "s" }));
        else if (method === "session/prompt") {
          void (async () => {
            const first = tell(update({ sessionUpdate: "tool_call", toolCallId: "1", title: "Look" }));
            resolve({ code: 0, signal: null });
            await first;
            await tell(says("Done."), answer({ stopReason: "end_turn" }));
          })();
        }
      },
    };
  };
  const onProgress = () => {
    const begun = performance.now();
    // The rest after it would be two seconds.
    while (performance.now() - begun < 500);
  };
  expect((await runAgent(start, { ...work(), onProgress })).answer).toBe("Done.");
});

test("requests under one id count as often as they are made, and those that are cancelled do not", () => {
  const { read, wrote, room } = createUnanswered();
  for (let at = 0; at < 51; at++) read({ id: 1, method: "x" });
  expect(room()).toBeInstanceOf(Promise);
  wrote({ id: 1, result: {} });
  wrote({ id: 2, result: {} });
  wrote({ id: 3, method: "ours" });
  expect(room()).toBeUndefined();
  read({ id: 1, method: "x" });
  expect(room()).toBeInstanceOf(Promise);
  read({ method: "notifications/cancelled", params: { requestId: 1 } });
  read({ method: "notifications/cancelled" });
  expect(room()).toBeUndefined();
});

test("what it says is kept within bounds", () => {
  const log = createWorkLog("/work", () => undefined);
  for (let at = 0; at < 50_000; at++)
    log.note({ sessionUpdate: "agent_message_chunk", content: { type: "text", text: `${at % 10}` } });
  const long = "x".repeat(1_000);
  const { answer } = log.done("end_turn");
  expect([answer.length, answer.slice(-3)]).toEqual([20_000, "789"]);
  for (let at = 0; at < 500; at++) {
    const call = { sessionUpdate: "tool_call", toolCallId: `${at}${long}`, title: `${at} ${long}` };
    log.note({ ...call, kind: "edit", locations: [{ path: `/work/${at}/${long}` }] });
  }
  const { actions, files } = log.done("end_turn");
  expect([actions.length, files.length]).toEqual([100, 200]);
  expect(Math.max(...[...actions, ...files].map(({ length }) => length))).toBe(300);
});
