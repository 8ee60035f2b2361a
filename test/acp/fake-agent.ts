// A coding agent as a program, with the agent side of the official SDK. What it is asked to do says how it behaves.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import {
  agent,
  methods,
  ndJsonStream,
  PROTOCOL_VERSION,
  type RequestPermissionResponse,
  type SessionUpdate,
} from "@agentclientprotocol/sdk";

let folder = "";
let isCancelled = false;
const sessionId = "session-1";

const app = agent({ name: "fake" })
  .onRequest(methods.agent.initialize, ({ params }) => {
    if (params.clientCapabilities?.fs?.writeTextFile || params.clientCapabilities?.terminal)
      throw new Error("too much");
    return {
      protocolVersion: process.env.FAKE_VERSION ? 99 : PROTOCOL_VERSION,
      agentCapabilities: {},
      agentInfo: { name: "fake", version: "4.5.6" },
    };
  })
  .onRequest(methods.agent.session.new, ({ params }) => {
    if (process.env.FAKE_SULKS) throw new Error("Sign in first.");
    folder = params.cwd;
    return { sessionId };
  })
  .onNotification(methods.agent.session.cancel, () => {
    isCancelled = true;
  })
  .onRequest(methods.agent.session.prompt, async ({ params, client }) => {
    const [first] = params.prompt;
    const task = first?.type === "text" ? first.text : "";
    const update = (one: SessionUpdate) =>
      client.notify(methods.client.session.update, { sessionId, update: one });
    const say = (text: string) =>
      update({ sessionUpdate: "agent_message_chunk", content: { type: "text", text } });
    if (task.includes("DIE")) {
      process.stderr.write("The loom is broken.\n");
      process.exit(3);
    }
    if (task.includes("HANG")) {
      writeFileSync(join(folder, "hangs"), "");
      while (!isCancelled) await new Promise((resolve) => setTimeout(resolve, 20));
      await new Promise((resolve) => setTimeout(resolve, 300));
      writeFileSync(join(folder, "cancelled"), "");
      return { stopReason: "cancelled" };
    }
    await say("I look at it first.");
    if (task.includes("FLOOD")) for (let at = 0; at < 200; at++) await say("x".repeat(10_000));
    const path = join(folder, "hello.txt");
    const size = Number(/LONG (\d+)/.exec(task)?.[1] ?? 0);
    const text = size === 0 ? "Hello\n" : `${"x".repeat(size)}\nrm -rf the end\n`;
    const toolCall = {
      toolCallId: "call-1",
      title: "Write hello.txt",
      kind: task.includes("RUN") ? ("execute" as const) : ("edit" as const),
      locations: [{ path }],
      content: [{ type: "diff" as const, path, oldText: null, newText: text }],
      rawInput: { path, token: process.env.FAKE_TOKEN ?? "" },
    };
    await update({ sessionUpdate: "tool_call", status: "pending", ...toolCall });
    const { outcome } = await client.request<RequestPermissionResponse>(
      methods.client.session.requestPermission,
      {
        sessionId,
        toolCall,
        options: [
          { optionId: "always", name: "Always", kind: "allow_always" },
          { optionId: "yes", name: "Yes", kind: "allow_once" },
          { optionId: "no", name: "No", kind: "reject_once" },
        ],
      },
    );
    const isAllowed = outcome.outcome === "selected" && outcome.optionId === "yes";
    if (isAllowed) writeFileSync(path, text);
    await update({
      sessionUpdate: "tool_call_update",
      toolCallId: "call-1",
      status: isAllowed ? "completed" : "failed",
    });
    const seen = Object.keys(process.env).filter((name) => /KEY|DATABASE|HEDDLE|SECRET/.test(name));
    await say(`${JSON.stringify(outcome)} ${seen.join(" ")} ${isAllowed ? "written" : "not written"}`);
    return { stopReason: task.includes("REFUSE") ? "refusal" : "end_turn" };
  });

app.connect(
  ndJsonStream(
    Writable.toWeb(process.stdout) as WritableStream<Uint8Array>,
    Readable.toWeb(process.stdin) as unknown as ReadableStream<Uint8Array>,
  ),
);
