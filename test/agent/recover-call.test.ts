// What becomes of calls that were running when the worker died.

import { expect, test } from "bun:test";
import { eq } from "drizzle-orm";
import type { Tool } from "../../src/agent/tools/registry.ts";
import { messages, tasks, toolCalls } from "../../src/db/schema.ts";
import { HeddleError } from "../../src/errors.ts";
import type { ToolContext } from "../../src/sdk/types.ts";
import { eachDatabase } from "../database.ts";
import { addBot, addSession, addTask, agentOver, call, scriptedLlm, tool } from "./fixture.ts";

interface Made {
  tool: string;
  call_id: string;
}

/** Tools that never return the first time, and say what was asked of them. */
function interruptible(made: Made[], asked: Made[], onLast: () => void) {
  const names = ["reads", "repeats", "did_it", "did_not", "cannot_tell", "fails_to_tell", "says_nothing"];
  const again = new Set<string>();
  const run =
    (name: string) =>
    (_args: unknown, { call_id }: ToolContext) => {
      made.push({ tool: name, call_id });
      if (again.has(name)) return `${name} again`;
      again.add(name);
      if (again.size === names.length) onLast();
      return new Promise(() => undefined);
    };
  const ask = (name: string, answer: () => unknown) =>
    (async (args: object, { call_id }: ToolContext) => {
      expect(args).toEqual({ of: name });
      asked.push({ tool: name, call_id });
      return answer();
    }) as unknown as Tool["reconcile"];
  const parameters = { type: "object", properties: { of: { type: "string" } } };
  const more: Record<string, Partial<Tool>> = {
    reads: { annotations: { readOnly: true }, reconcile: ask("reads", () => ({ outcome: "unknown" })) },
    repeats: { annotations: { idempotent: true } },
    did_it: {
      reconcile: ask("did_it", () => ({
        outcome: "done",
        result: { message: "Sent", client_action: { n: 1 } },
      })),
    },
    did_not: { reconcile: ask("did_not", () => ({ outcome: "not_done" })) },
    cannot_tell: { reconcile: ask("cannot_tell", () => ({ outcome: "unknown" })) },
    fails_to_tell: {
      reconcile: ask("fails_to_tell", () => {
        throw new Error("The service is down.");
      }),
    },
  };
  return {
    names,
    tools: names.map((name) => tool(name, run(name), { parameters, ...more[name] })),
  };
}

eachDatabase("calls that were interrupted", (open) => {
  test("are made again if that does no harm, and otherwise their tools are asked", async () => {
    const db = await open();
    const task = await addTask(db, await addSession(db, await addBot(db)), "Go");
    const stop = new AbortController();
    const made: Made[] = [];
    const asked: Made[] = [];
    const { names, tools } = interruptible(made, asked, () =>
      stop.abort(new HeddleError("unavailable", "The worker is stopping.")),
    );
    const calls = names.map((name) => call(`of ${name}`, name, { of: name }));
    const before = agentOver(db, scriptedLlm([{ calls }]), { tools });
    await expect(before.agent.runTurn(task, stop.signal)).rejects.toMatchObject({ code: "unavailable" });
    expect(asked).toEqual([]);
    const first = made.splice(0);

    await db.query.update(tasks).set({ attempt: 2 }).where(eq(tasks.id, task.id));
    const llm = scriptedLlm(["Done"]);
    const after = agentOver(db, llm, { tools });
    const outcome = await after.agent.runTurn({ ...task, attempt: 2 }, new AbortController().signal);

    const idOf = (name: string) => first.find((one) => one.tool === name)?.call_id;
    expect(new Set(first.map(({ call_id }) => call_id)).size).toBe(names.length);
    expect(made.toSorted((a, b) => (a.tool < b.tool ? -1 : 1))).toEqual(
      ["did_not", "reads", "repeats"].map((name) => ({ tool: name, call_id: String(idOf(name)) })),
    );
    // They are asked at once.
    expect(asked.toSorted((a, b) => (a.tool < b.tool ? -1 : 1))).toEqual(
      ["cannot_tell", "did_it", "did_not", "fails_to_tell"].map((name) => ({
        tool: name,
        call_id: String(idOf(name)),
      })),
    );
    const results = llm.requests[0]?.messages.filter(({ role }) => role === "tool") ?? [];
    expect(results.map(({ content }) => content)).toEqual([
      "reads again",
      "repeats again",
      "Sent",
      "did_not again",
      ...Array(3).fill(expect.stringContaining("outcome is unknown")),
    ]);
    expect(outcome.clientActions).toEqual([{ n: 1 }]);
    expect(after.fired.at(-1)?.ctx.extra.tool_calls_made).toBe(names.length);
    const rows = await db.query.select().from(toolCalls).where(eq(toolCalls.task_id, task.id));
    expect(
      rows
        .filter(({ status }) => status === "done")
        .map(({ tool_name }) => tool_name)
        .sort(),
    ).toEqual(["did_it", "did_not", "reads", "repeats"]);
    const stored = await db.query.select().from(messages).where(eq(messages.task_id, task.id));
    expect(stored.filter(({ role }) => role === "tool")).toHaveLength(names.length);
  });
});
