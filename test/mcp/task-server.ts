// A server of the protocol of 2025-11-25 with a tool that runs as a task, made with the official SDK. Its tasks outlive sessions, as those
// of a server with a database do.

import { InMemoryTaskMessageQueue, InMemoryTaskStore } from "@modelcontextprotocol/sdk/experimental/tasks";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { listen } from "./example-servers.ts";

/** The name of the tool. */
export const WEAVE = "weave";

export async function taskServer() {
  const taskStore = new InMemoryTaskStore();
  const taskMessageQueue = new InMemoryTaskMessageQueue();
  const tasks: string[] = [];
  const methods: string[] = [];

  function create(): McpServer {
    const server = new McpServer(
      { name: "looms", version: "1.0.0" },
      {
        capabilities: { tools: {}, tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
        taskStore,
        taskMessageQueue,
      },
    );
    server.experimental.tasks.registerToolTask(
      WEAVE,
      { description: "Weaves for a long time.", execution: { taskSupport: "required" } },
      {
        async createTask({ taskStore: store }) {
          const task = await store.createTask({ ttl: 600_000, pollInterval: 100 });
          tasks.push(task.taskId);
          return { task };
        },
        getTask: (extra) => extra.taskStore.getTask(extra.taskId),
        getTaskResult: async (extra) => (await extra.taskStore.getTaskResult(extra.taskId)) as never,
      },
    );
    return server;
  }

  const server = await listen(async (request, response) => {
    // Without sessions, to which the SDK's store would bind the tasks.
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined } as object);
    await create().connect(transport as Transport);
    let body: { method?: string } | undefined;
    if (request.method === "POST") {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      body = JSON.parse(Buffer.concat(chunks).toString());
      methods.push(body?.method ?? "");
    }
    await transport.handleRequest(request, response, body);
  });
  return {
    ...server,
    /** Those that were begun, in order. */
    tasks,
    /** What it was asked. */
    methods,
    finish: (task: string, text: string) =>
      taskStore.storeTaskResult(task, "completed", { content: [{ type: "text", text }] }),
    statusOf: async (task: string) => (await taskStore.getTask(task))?.status,
  };
}
