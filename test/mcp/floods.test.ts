// MCP servers that ask, list and change without end: what that costs is bounded. The program is one in this process.

import { expect, test } from "bun:test";
import { getLogger } from "@logtape/logtape";
import { HeddleError } from "../../src/errors.ts";
import { createConnection } from "../../src/mcp/client/connection.ts";
import { failureOf } from "../../src/mcp/client/failure.ts";
import { listedTools } from "../../src/mcp/client/listed-tool.ts";
import { createRefresh } from "../../src/mcp/client/refresh.ts";
import { createStdioTransport, type StartProcess } from "../../src/mcp/client/stdio-transport.ts";
import { realTimers, type Timers } from "../../src/processes/restart-delay.ts";
import { until } from "../until.ts";

interface Message {
  id?: number;
  method?: string;
  result?: { action?: string };
  params?: { reason?: string };
}
type Say = (message: object) => Promise<void>;

/** `takes` is what it does with what it is sent. */
function program(takes: (message: Message, say: Say) => unknown) {
  const start: StartProcess = (onOutput) => {
    const { promise: exited, resolve } = Promise.withResolvers<{ code: number; signal: null }>();
    const say: Say = async (message) => {
      const line = `${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`;
      await onOutput(new TextEncoder().encode(line), "stdout");
    };
    return {
      pid: 1,
      exited,
      write: async (text) => void (await takes(JSON.parse(text) as Message, say)),
      async end() {
        resolve({ code: 0, signal: null });
        return true;
      },
      memory: async () => undefined,
    };
  };
  return createStdioTransport(start);
}

test("a program that asks without end, and takes no answers, is not read any more", async () => {
  let answered = 0;
  let said = 0;
  const taking = Promise.withResolvers<void>();
  const transport = program(async ({ id, method }, say) => {
    if (method === "go") for (; said < 1_000; said++) await say({ id: said, method: "ping" });
    else if (id !== undefined) {
      await taking.promise;
      answered += 1;
    }
  });
  transport.onmessage = (message) => {
    if ("method" in message && "id" in message)
      void transport.send({ jsonrpc: "2.0", id: message.id, result: {} });
  };
  await transport.start();
  const going = transport.send({ jsonrpc: "2.0", method: "go" });
  await until(() => said >= 50);
  for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate);
  expect(said).toBeLessThan(60);
  taking.resolve();
  await going;
  await until(() => answered === 1_000);
  await transport.close();
});

test("a program that talks without end leaves others their time", async () => {
  let said = 0;
  const transport = program(async (_, say) => {
    for (; said < 40; said++) await say({ method: "notifications/message", params: {} });
  });
  let busyMs = 0;
  // One takes as long as many small ones do.
  transport.onmessage = () => {
    const begun = performance.now();
    while (performance.now() - begun < 3);
    busyMs += performance.now() - begun;
  };
  await transport.start();
  const begun = performance.now();
  await transport.send({ jsonrpc: "2.0", method: "go" });
  expect(said).toBe(40);
  expect(busyMs).toBeLessThan((performance.now() - begun) / 3);
  await transport.close();
});

test("a program whose message is too large is ended, and the connection says why", async () => {
  const transport = program(async ({ id, method }, say) => {
    if (method === "initialize") {
      const serverInfo = { name: "large", version: "1" };
      await say({ id, result: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo } });
    } else if (method === "tools/list") {
      await say({ id, result: { tools: [{ name: "large", description: "x".repeat(17 * 1024 * 1024) }] } });
    } else if (id !== undefined) await say({ id, error: { code: -32_601, message: "no" } });
  });
  const connection = createConnection({
    ...{ id: "large", version: "1", timeoutSeconds: 30 },
    open: () => ({ transport, lastWords: transport.lastWords, fault: transport.fault }),
    ...{ onList: () => undefined, onStatus: () => undefined },
    ...{ timers: realTimers, random: () => 0, log: getLogger("heddle") },
  });
  await connection.start();
  await until(
    () => connection.status().error,
    (error) => error === "The program was ended, because a message of it is larger than 16 MB.",
  );
  await connection.close();
});

test("a tool that breaks the rules is left out or mended, and the others of its server work", async () => {
  const schema = { type: "object" };
  const tools = [
    { name: "good", inputSchema: schema, title: 7, icons: "none", annotations: { readOnlyHint: "yes" } },
    ...[{ name: 5, inputSchema: schema }, null, "tool", { inputSchema: schema }],
    ...[{ name: "bare" }, { name: "typeless", inputSchema: { properties: { a: true }, required: ["a", 5] } }],
    ...[
      { name: "list", inputSchema: { type: "array" } },
      { name: "text", inputSchema: "object" },
    ],
    {
      name: "odd-output",
      inputSchema: schema,
      outputSchema: { type: "array" },
      execution: { taskSupport: 1 },
    },
  ];
  const transport = program(async ({ id, method }, say) => {
    if (method === "initialize") {
      const serverInfo = { name: "odd", version: "1" };
      await say({ id, result: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo } });
    } else if (method === "tools/list") await say({ id, result: { tools } });
    else if (method === "tools/call") await say({ id, result: { content: [{ type: "hologram" }, 7] } });
    else if (id !== undefined) await say({ id, error: { code: -32_601, message: "no" } });
  });
  let listed: { name: string; inputSchema: object }[] = [];
  const connection = createConnection({
    ...{ id: "odd", version: "1", timeoutSeconds: 30, open: () => ({ transport }) },
    ...{ onList: (given: typeof listed) => (listed = given), onStatus: () => undefined },
    ...{ timers: realTimers, random: () => 0, log: getLogger("heddle") },
  });
  await connection.start();
  expect(connection.status()).toMatchObject({ state: "connected", error: null });
  expect(listed.map(({ name }) => name)).toEqual(["good", "bare", "typeless", "odd-output"]);
  expect(listed[2]?.inputSchema).toMatchObject({ type: "object", properties: { a: {} }, required: ["a"] });
  const { signal } = new AbortController();
  const called = connection.use({ signal, ask: async () => ({ action: "decline" }) }, (client, options) =>
    client.callTool({ name: "good" }, options),
  );
  const failure = await called.then(() => undefined, failureOf);
  expect(failure?.reason).toStartWith(
    "Its answer to tools/call is not in the form of the protocol: content.0: Invalid input",
  );
  await connection.close();
});

test("in one call a server asks a person ten times at most", async () => {
  const replies: (string | undefined)[] = [];
  let call = 0;
  const transport = program(async ({ id, method, result }, say) => {
    if (method === "initialize") {
      const serverInfo = { name: "nosy", version: "1" };
      await say({ id, result: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo } });
    } else if (method === "tools/list") {
      await say({ id, result: { tools: [{ name: "nosy", inputSchema: { type: "object" } }] } });
    } else if (method === "tools/call") {
      call = id ?? 0;
      const requestedSchema = { type: "object", properties: {} };
      for (let at = 0; at < 30; at++)
        await say({ id: at, method: "elicitation/create", params: { message: "Who?", requestedSchema } });
    } else if (result) {
      replies.push(result.action);
      if (replies.length === 30) await say({ id: call, result: { content: [] } });
    } else if (id !== undefined) await say({ id, error: { code: -32_601, message: "no" } });
  });
  const connection = createConnection({
    ...{ id: "nosy", version: "1", timeoutSeconds: 30, open: () => ({ transport }) },
    ...{ onList: () => undefined, onStatus: () => undefined },
    ...{ timers: realTimers, random: () => 0, log: getLogger("heddle") },
  });
  await connection.start();
  expect(connection.status()).toMatchObject({ state: "connected", error: null });
  const { signal } = new AbortController();
  const ask = async () => ({ action: "accept", content: {} }) as const;
  await connection.use({ signal, ask }, (client, options) => client.callTool({ name: "nosy" }, options));
  expect(replies.filter((action) => action === "accept")).toHaveLength(10);
  expect(replies.filter((action) => action === "decline")).toHaveLength(20);
  await connection.close();
});

test("a list that changes all the time is read now and then, and once more after the last change", async () => {
  let reads = 0;
  let elapse = () => {};
  const timers: Timers = {
    now: () => 0,
    after(_, run) {
      elapse = run;
      return () => undefined;
    },
  };
  const reading = { done: () => {} };
  const refresh = createRefresh(() => {
    reads += 1;
    return new Promise((resolve) => {
      reading.done = resolve;
    });
  }, timers);
  for (let at = 0; at < 5; at++) refresh();
  expect(reads).toBe(1);
  reading.done();
  await new Promise(setImmediate);
  refresh();
  expect(reads).toBe(1);
  elapse();
  expect(reads).toBe(2);
  reading.done();
  await new Promise(setImmediate);
  elapse();
  refresh();
  expect(reads).toBe(3);
});

test("of a list that is too long as a whole, its first tools are kept", () => {
  const tool = (name: string) => ({
    name,
    description: "x".repeat(8_000),
    inputSchema: { type: "object", description: "x".repeat(90_000) },
  });
  const tools = Array.from({ length: 200 }, (_, at) => tool(`t${at}`));
  const kept = listedTools(tools);
  expect(kept.length).toBeGreaterThan(30);
  expect(JSON.stringify(kept).length).toBeLessThan(4_100_000);
  expect(kept.map(({ name }) => name)).toEqual(tools.slice(0, kept.length).map(({ name }) => name));
  expect(listedTools(Array.from({ length: 600 }, () => ({ name: "t", inputSchema: {} })))).toHaveLength(500);
});

test("a server is told in words why a call ends", async () => {
  const told: unknown[] = [];
  const called = Promise.withResolvers<void>();
  const transport = program(async ({ id, method, params }, say) => {
    if (method === "initialize") {
      const serverInfo = { name: "slow", version: "1" };
      await say({ id, result: { protocolVersion: "2025-11-25", capabilities: { tools: {} }, serverInfo } });
    } else if (method === "tools/list") await say({ id, result: { tools: [] } });
    else if (method === "tools/call") called.resolve();
    else if (method === "notifications/cancelled") told.push(params?.reason);
    else if (id !== undefined) await say({ id, error: { code: -32_601, message: "no" } });
  });
  const connection = createConnection({
    ...{ id: "slow", version: "1", timeoutSeconds: 0.5, open: () => ({ transport }) },
    ...{ onList: () => undefined, onStatus: () => undefined },
    ...{ timers: realTimers, random: () => 0, log: getLogger("heddle") },
  });
  await connection.start();
  const calling = new AbortController();
  const call = (signal: AbortSignal) =>
    connection.use({ signal }, (client, options) =>
      client.callTool({ name: "wait", arguments: {} }, options),
    );
  const cancelled = call(calling.signal);
  await called.promise;
  calling.abort(new HeddleError("cancelled", "Cancelled by Ada."));
  await expect(cancelled).rejects.toThrow("Cancelled by Ada.");
  await expect(call(new AbortController().signal)).rejects.toMatchObject({ code: "timeout" });
  await until(
    () => told.length,
    (count) => count === 2,
  );
  expect(told).toEqual(["Cancelled by Ada.", "The MCP server did not answer within 0.5 seconds."]);
  await connection.close();
});
