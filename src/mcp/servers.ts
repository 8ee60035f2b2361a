// The MCP servers that Heddle is a client of: those that are stored, kept in memory on every server of the database, and those of
// mcp.yaml. Each process that runs tasks has connections of its own.

import type { Tool } from "@modelcontextprotocol/client";
import type { YieldingTool } from "../agent/tools/registry.ts";
import type { Database } from "../db/database.ts";
import { followTable } from "../db/follow-table.ts";
import { errorMessage, HeddleError, notFound } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Timers } from "../processes/restart-delay.ts";
import type { JsonObject } from "../sdk/json.ts";
import { urlSecrets } from "../secrets/urls.ts";
import type { Vault } from "../secrets/vault.ts";
import type { ConnectionStatus, Opened } from "./client/client.ts";
import { type Connection, createConnection } from "./client/connection.ts";
import { type ListedTool, listedTool, MOST_TOOLS } from "./client/listed-tool.ts";
import { resultOf } from "./client/result.ts";
import type { GivenMcpChange, GivenMcpServer } from "./fields.ts";
import { followMcpFile } from "./file.ts";
import { isSameList, newer } from "./known-list.ts";
import { fingerprintOf, isSame, type McpServer } from "./server.ts";
import { createMcpStore, type KnownList } from "./store.ts";
import { createCompileTools, type ServerTool } from "./tools.ts";

export interface McpServersOptions {
  db: Database;
  vault: Pick<Vault, "sealConfig" | "openConfig">;
  addSecret: (secret: string) => void;
  /** Where mcp.yaml is, and the variables that it may name. */
  file: { path: string; environment: (name: string) => string | undefined };
  /** Opens a way to the server; called for each attempt. */
  open: (server: McpServer) => Opened | Promise<Opened>;
  /** Takes the tools of all servers. */
  onTools: (tools: YieldingTool[]) => void;
  /** Called when a server comes into another state. */
  onState: (id: string, state: string) => void;
  version: string;
  timers: Timers;
  random: () => number;
  log: Logger;
}

export interface McpServerView extends McpServer {
  status: ConnectionStatus;
  tools: ServerTool[];
  listed_at: Date | null;
}

export type McpServers = Awaited<ReturnType<typeof openMcpServers>>;

const CHANNEL = "heddle_mcp";

interface Running {
  server: McpServer;
  connection: Connection;
}

export async function openMcpServers(options: McpServersOptions) {
  const { db, vault, addSecret, file, open, onTools, onState, version, timers, random, log } = options;
  let stored: McpServer[] = [];
  let ofFile: McpServer[] = [];
  let lists = new Map<string, KnownList>();
  const running = new Map<string, Running>();
  const ending = new Set<Promise<void>>();
  let writing: Promise<unknown> = Promise.resolve();
  let isStarted = false;
  let isClosed = false;

  const compileTools = createCompileTools(async (id, tool, args, { signal, progress }) => {
    const to = running.get(id);
    if (!to) throw new HeddleError("unavailable", `The MCP server ${id} is disabled.`);
    const result = await to.connection.call(tool, args, {
      signal,
      onProgress: ({ message, progress: done, total }) =>
        progress(message ?? (total ? `${done} of ${total}` : String(done)), total ? done / total : undefined),
    });
    return resultOf(id, result);
  });

  /** Those of the file first; of two with one id, the file's. */
  const all = (): McpServer[] => [
    ...ofFile,
    ...stored.filter(({ id }) => !ofFile.some((other) => other.id === id)),
  ];

  const listOf = (server: McpServer): KnownList | undefined => {
    const list = lists.get(server.id);
    return list?.fingerprint === fingerprintOf(server) ? list : undefined;
  };

  const toolsOf = (server: McpServer): ServerTool[] =>
    compileTools(server, (listOf(server)?.tools ?? []) as unknown as ListedTool[]);

  /** Connects to what is new, ends what is gone, and registers the tools. */
  function settle(): void {
    const wanted = new Map(all().flatMap((server) => (server.is_enabled ? [[server.id, server]] : [])));
    for (const [id, { server, connection }] of running) {
      const now = wanted.get(id);
      if (now && isSame(now, server)) continue;
      running.delete(id);
      const ended = connection.close().finally(() => ending.delete(ended));
      ending.add(ended);
    }
    for (const [id, server] of wanted) {
      if (isClosed || running.has(id)) continue;
      const connection = connectionTo(server);
      running.set(id, { server, connection });
      if (isStarted) void connection.start();
    }
    register();
  }

  const register = (): void =>
    onTools(
      all()
        .filter(({ is_enabled }) => is_enabled)
        .flatMap((server) => toolsOf(server).flatMap(({ usable }) => usable ?? [])),
    );

  function connectionTo(server: McpServer): Connection {
    let state = "";
    return createConnection({
      id: server.id,
      version,
      timeoutSeconds: server.timeout_seconds,
      open: () => open(server),
      onList: (tools, status) => keep(server, tools, status),
      onStatus(status) {
        if (status.state === state) return;
        state = status.state;
        onState(server.id, state);
      },
      timers,
      random,
      log,
    });
  }

  function keep(server: McpServer, given: Tool[], status: ConnectionStatus): void {
    if (given.length > MOST_TOOLS) {
      log.warning("MCP server {id} lists {count} tools; those after the first {most} are left out", {
        id: server.id,
        count: given.length,
        most: MOST_TOOLS,
      });
    }
    const list: KnownList = {
      fingerprint: fingerprintOf(server),
      tools: given.slice(0, MOST_TOOLS).map((tool) => listedTool(tool) as unknown as JsonObject),
      listed_at: new Date(timers.now()),
      protocol_version: status.protocol_version,
      server_name: status.server?.name ?? null,
      server_version: status.server?.version ?? null,
    };
    const before = lists.get(server.id);
    lists.set(server.id, list);
    if (before && isSameList(before, list)) return;
    register();
    onState(server.id, "tools_changed");
    // A run must not wait for this: the list is known here already.
    writing = writing
      .then(() => store.keep(server.id, list))
      .catch((error) =>
        log.warning("The tools of MCP server {id} could not be stored: {reason}", {
          id: server.id,
          reason: errorMessage(error),
        }),
      );
  }

  async function read(): Promise<void> {
    const [rows, known] = await Promise.all([store.list(), store.known()]);
    for (const { url } of rows) for (const secret of urlSecrets(url ?? "")) addSecret(secret);
    for (const token of rows.flatMap(tokensOf)) addSecret(token);
    stored = rows;
    // What this process has just been told may not be stored yet.
    lists = new Map([...known].map(([id, list]) => [id, newer(lists.get(id), list)]));
    settle();
  }

  const store = createMcpStore({ db, vault, addSecret, announce: (tx, id) => follower.announce(tx, id) });
  const follower = await followTable({ db, channel: CHANNEL, log, read });
  const following = await followMcpFile({
    ...file,
    log,
    onChange(servers) {
      for (const { headers, env, oauth, url } of servers) {
        for (const secret of [...Object.values(headers), ...Object.values(env), oauth?.client_secret ?? ""]) {
          if (secret !== "") addSecret(secret);
        }
        for (const secret of urlSecrets(url ?? "")) addSecret(secret);
      }
      for (const token of servers.flatMap(tokensOf)) addSecret(token);
      ofFile = servers;
      settle();
    },
  });

  function find(id: string): McpServer {
    const server = all().find((one) => one.id === id);
    if (!server) throw notFound("MCP server", id);
    return server;
  }

  const view = (server: McpServer): McpServerView => ({
    ...server,
    status: running.get(server.id)?.connection.status() ?? disabled(server),
    tools: toolsOf(server),
    listed_at: listOf(server)?.listed_at ?? null,
  });

  function changeable(id: string): void {
    if (find(id).source === "stored") return;
    throw new HeddleError("conflict", `The MCP server "${id}" is declared in mcp.yaml; change it there.`);
  }

  return {
    list: (): McpServerView[] => all().map(view),
    get: (id: string): McpServerView => view(find(id)),
    /** Connects to all of them, from now on. */
    start(): void {
      isStarted = true;
      for (const { connection } of running.values()) void connection.start();
    },
    /** Throws `conflict` or `validation`. */
    async create(given: GivenMcpServer): Promise<McpServerView> {
      if (ofFile.some(({ id }) => id === given.id)) {
        const message = `An MCP server "${given.id}" is declared in mcp.yaml.`;
        throw new HeddleError("conflict", message, { field: "id" });
      }
      await store.create(given);
      log.info("MCP server {id} was added", { id: given.id });
      await follower.refresh(given.id);
      return view(find(given.id));
    },
    async update(id: string, change: GivenMcpChange): Promise<McpServerView> {
      changeable(id);
      await store.update(id, change);
      log.info("MCP server {id} was changed: {fields}", { id, fields: Object.keys(change).join(", ") });
      await follower.refresh(id);
      return view(find(id));
    },
    async delete(id: string): Promise<void> {
      changeable(id);
      await store.delete(id);
      log.info("MCP server {id} was deleted", { id });
      await follower.refresh(id);
    },
    /** Asks the server for its tools. Throws what went wrong. */
    async check(id: string, signal: AbortSignal): Promise<McpServerView> {
      const server = find(id);
      const to = running.get(id);
      if (!to) throw new HeddleError("conflict", `The MCP server "${id}" is disabled.`);
      await to.connection.check(signal);
      return view(server);
    },
    async close(): Promise<void> {
      isClosed = true;
      await Promise.all([following.close(), follower.close()]);
      await Promise.all([...running.values()].map(({ connection }) => connection.close()));
      await Promise.all([...ending]);
      await writing;
    },
  };
}

/** In "Bearer <token>" the token by itself, since it is often shown without its word. */
const tokensOf = ({ headers }: McpServer): string[] =>
  Object.values(headers).flatMap((value) =>
    value.includes(" ") ? [value.slice(value.indexOf(" ") + 1)] : [],
  );

const disabled = ({ updated_at }: McpServer): ConnectionStatus => ({
  state: "disabled",
  since: updated_at ?? new Date(0),
  error: null,
  protocol_version: null,
  server: null,
});
