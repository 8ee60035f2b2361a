// MCP servers of both eras: the official example server (2025-11-25), and one made with the official SDK (2026-07-28), for which
// no example server has been published. Both by HTTP on loopback; as programs they are in the fixtures.

import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  acceptedContent,
  createMcpHandler,
  fromJsonSchema,
  inputRequired,
  McpServer,
} from "@modelcontextprotocol/server";

const everything = join(import.meta.dir, "../../node_modules/@modelcontextprotocol/server-everything/dist");

/** The official example server, as a program. */
export const EVERYTHING = { command: "bun", args: [join(everything, "index.js"), "stdio"] };
/** A server of the newer era, as a program. */
export const MODERN = { command: "bun", args: [join(import.meta.dir, "modern-program.ts")] };

export interface ExampleServer {
  url: string;
  /** What it was sent, by header. */
  headers: IncomingMessage["headers"][];
  [Symbol.asyncDispose](): Promise<void>;
}

/** The official example server over streamable HTTP. `forgotten`: what it answers to a session that it does not know. */
export async function everythingServer(forgotten = 404): Promise<ExampleServer & { restart(): void }> {
  const { createServer } = await import(join(everything, "server/index.js"));
  const sessions = new Map<string, StreamableHTTPServerTransport>();
  const server = await listen(async (request, response) => {
    const id = request.headers["mcp-session-id"];
    let transport = typeof id === "string" ? sessions.get(id) : undefined;
    if (!transport && id !== undefined) return void response.writeHead(forgotten).end();
    if (!transport) {
      const made: StreamableHTTPServerTransport = new StreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (sessionId) => void sessions.set(sessionId, made),
      });
      transport = made;
      const { server } = createServer();
      await server.connect(made);
    }
    await transport.handleRequest(request, response);
  });
  /** It knows no sessions any more. */
  return { ...server, restart: () => sessions.clear() };
}

/** A server of the newer era, whose tools can be exchanged. */
export function modernMcp(extra: string[] = []): McpServer {
  const server = new McpServer(
    { name: "modern", version: "1.0.0" },
    { capabilities: { tools: { listChanged: true } } },
  );
  const text = (value: string) => ({ content: [{ type: "text" as const, text: value }] });
  const number = { type: "number" } as const;
  server.registerTool(
    "add",
    {
      description: "Adds two numbers.",
      inputSchema: fromJsonSchema<{ a: number; b: number }>({
        type: "object",
        properties: { a: number, b: number },
        required: ["a", "b"],
      }),
      annotations: { readOnlyHint: true },
    },
    ({ a, b }) => text(String(a + b)),
  );
  server.registerTool("environment", { description: "Its variables." }, () =>
    text(JSON.stringify(Object.keys(process.env).sort())),
  );
  for (const name of extra) {
    if (name === BOOK) registerBook(server);
    else if (name === FLOOD) registerFlood(server);
    else server.registerTool(name, { description: name }, () => text(name));
  }
  return server;
}

/** The name of a tool that asks a person how many seats there should be. */
export const BOOK = "book";

/** The name of a tool that wants to know far too much. */
export const FLOOD = "flood";

function registerFlood(server: McpServer): void {
  const asked = inputRequired.elicit({
    message: "And this?",
    requestedSchema: { type: "object", properties: { more: { type: "string" } } },
  });
  server.registerTool(FLOOD, { description: "Asks and asks." }, () =>
    inputRequired({
      inputRequests: Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`more_${at}`, asked])),
    }),
  );
}

function registerBook(server: McpServer): void {
  const text = (value: string) => ({ content: [{ type: "text" as const, text: value }] });
  server.registerTool(BOOK, { description: "Asks how many." }, ({ mcpReq: { inputResponses } }) => {
    const answer = acceptedContent(inputResponses, "seats") as { seats: number } | undefined;
    if (answer) return text(`Booked ${answer.seats}.`);
    if (inputResponses !== undefined) return text("Not booked.");
    return inputRequired({
      inputRequests: {
        seats: inputRequired.elicit({
          message: "How many seats?",
          requestedSchema: {
            type: "object",
            properties: { seats: { type: "integer", title: "Seats", minimum: 1 } },
            required: ["seats"],
          },
        }),
      },
    });
  });
}

export async function modernServer(tools: string[] = []) {
  const handler = createMcpHandler(() => modernMcp(tools));
  const server = await listen(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const answer = await handler.fetch(
      new Request(`http://127.0.0.1${request.url}`, {
        method: request.method ?? "GET",
        headers: new Headers(request.headers as Record<string, string>),
        ...(request.method === "POST" && { body: Buffer.concat(chunks) }),
      }),
    );
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    for await (const chunk of answer.body ?? []) response.write(chunk);
    response.end();
  });
  return {
    ...server,
    addTool(name: string): void {
      tools.push(name);
      handler.notify.toolsChanged();
    },
  };
}

export async function listen(
  answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<ExampleServer> {
  const headers: IncomingMessage["headers"][] = [];
  const server = createHttpServer((request, response) => {
    headers.push(request.headers);
    answer(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/mcp`,
    headers,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
