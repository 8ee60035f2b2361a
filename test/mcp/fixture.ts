// The MCP servers of a Heddle server, over a real database.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getLogger } from "@logtape/logtape";
import { eq } from "drizzle-orm";
import { LATER } from "../../src/agent/tools/later.ts";
import {
  createToolRegistry,
  type RegisteredTool,
  type ToolRegistry,
} from "../../src/agent/tools/registry.ts";
import type { Closers } from "../../src/compose/closers.ts";
import { openMcp } from "../../src/compose/mcp.ts";
import type { Config } from "../../src/config/config.ts";
import { openHome } from "../../src/config/home.ts";
import { mcpWaits } from "../../src/db/schema.ts";
import { createEvents } from "../../src/events/events.ts";
import type { McpServers } from "../../src/mcp/servers.ts";
import { createRedactor } from "../../src/redact.ts";
import type { ToolContext } from "../../src/sdk/types.ts";
import type { TestDatabase } from "../database.ts";
import { testVault } from "../secrets/test-vault.ts";
import { until } from "../until.ts";

export interface TestMcp {
  servers: McpServers;
  tools: ToolRegistry;
  home: string;
  redact: (text: string) => string;
  /** Resolves when the server is in the state. */
  reaches(id: string, state: string): Promise<void>;
  /** Calls a tool by the name that a model uses. */
  call(name: string, args?: object, context?: Partial<ToolContext>): Promise<unknown>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

export async function testMcp(
  db: TestDatabase,
  {
    home = "",
    environment = {},
    baseUrl,
  }: { home?: string; environment?: Record<string, string>; baseUrl?: string } = {},
): Promise<TestMcp> {
  const folder = home === "" ? await mkdtemp(join(tmpdir(), "heddle-mcp-")) : home;
  const closers: Closers = [];
  const redactor = createRedactor();
  const log = getLogger("heddle");
  const events = await createEvents({ db, log });
  closers.push(events.close);
  const tools = createToolRegistry();
  const config = {
    home: folder,
    environment: { PATH: process.env.PATH, ...environment },
    processConfinement: "auto",
    processPaths: [],
    timezone: "UTC",
    allowPrivateHosts: [],
  } as unknown as Config;
  const storage = { db, home: openHome(folder), vault: testVault(), redactor, events, log };
  const servers = await openMcp(config, storage as never, { tools }, closers, () => baseUrl);
  servers.start();
  let isClosed = false;
  const close = async () => {
    if (isClosed) return;
    isClosed = true;
    for (const one of closers.reverse()) await one();
  };
  return {
    servers,
    tools,
    home: folder,
    redact: redactor.redact,
    async reaches(id, state) {
      await until(
        () => servers.list().find((one) => one.id === id)?.status,
        (status) => status?.state === state,
      );
    },
    async call(name, args = {}, context = {}) {
      const tool = tools.get(name) as RegisteredTool;
      const whole = { ...contextOf(), ...context };
      for (;;) {
        const result = await tool.run(args as never, whole);
        if (result !== LATER) return result;
        // As a run that is suspended and woken.
        await until(
          async () => (await db.query.select().from(mcpWaits).where(eq(mcpWaits.id, whole.call_id)))[0],
          (wait) => {
            whole.signal.throwIfAborted();
            return wait?.status !== "waiting";
          },
        );
        const found = await tool.reconcile?.(args as never, whole);
        if (found?.outcome !== "not_done") return found;
      }
    },
    close,
    async [Symbol.asyncDispose]() {
      await close();
      if (home === "") await rm(folder, { recursive: true, force: true });
    },
  };
}

const contextOf = (): ToolContext => ({
  bot_id: "default",
  session_id: crypto.randomUUID(),
  channel_id: crypto.randomUUID(),
  client_id: "test:mcp",
  correlation_id: crypto.randomUUID(),
  task_id: crypto.randomUUID(),
  call_id: crypto.randomUUID(),
  progress: () => undefined,
  signal: new AbortController().signal,
});
