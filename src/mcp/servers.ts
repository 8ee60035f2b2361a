// The MCP servers that Heddle is a client of: those that are stored, kept in memory on every server of the database, and those of
// mcp.yaml. Each process that runs tasks has connections of its own.

import type { AuthProvider, FetchLike, Tool } from "@modelcontextprotocol/client";
import type { YieldingTool } from "../agent/tools/registry.ts";
import type { AsRead } from "../db/as-read.ts";
import type { Database, Queryable } from "../db/database.ts";
import { followTable } from "../db/follow-table.ts";
import { createDeclared } from "../declared/declared.ts";
import { errorMessage, HeddleError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { Returned, SignedIn, SigningIn } from "../oauth/returned.ts";
import type { Timers } from "../processes/restart-delay.ts";
import type { JsonObject } from "../sdk/json.ts";
import type { Vault } from "../secrets/vault.ts";
import { createCallTool } from "./call-tool.ts";
import { type ConnectionStatus, disabledSince, type Opened } from "./client/client.ts";
import { type Connection, createConnection } from "./client/connection.ts";
import { type ListedTool, listedTools } from "./client/listed-tool.ts";
import type { GivenMcpChange, GivenMcpServer } from "./fields.ts";
import { followMcpFile } from "./file.ts";
import { isSameList, merged } from "./known-list.ts";
import { createOAuth } from "./oauth/oauth.ts";
import { createQuestions } from "./questions/questions.ts";
import { canSignIn, fingerprintOf, isSame, type McpServer } from "./server.ts";
import { secretsOf, shownSecrets } from "./server-secrets.ts";
import { createMcpStore, type KnownList } from "./store.ts";
import { createCompileTools, type ServerTool } from "./tools.ts";
import { type FollowedWaits, followWaits } from "./waits/look.ts";
import { createWaits, type Wake } from "./waits/waits.ts";

export interface McpServersOptions {
  db: Database;
  vault: Pick<Vault, "sealConfig" | "openConfig" | "seal" | "open">;
  addSecret: (secret: string) => void;
  /** For tokens, which last an hour. */
  addPassing: (...secrets: string[]) => void;
  /** Where mcp.yaml is, and the variables that it may name. */
  file: { path: string; environment: (name: string) => string | undefined };
  /** Opens a way to the server; called for each attempt. `tokens` are those of whoever signed in. */
  open: (server: McpServer, tokens: AuthProvider | undefined) => Opened | Promise<Opened>;
  /** How the server's authorization server is reached. */
  authFetch: (server: McpServer) => FetchLike;
  /** BASE_URL */
  publicUrl: () => string | undefined;
  /** Takes the tools of all servers. */
  onTools: (tools: YieldingTool[]) => void;
  /** Called when a server comes into another state. */
  onState: (id: string, state: string) => void;
  /** Lets a run go on that was suspended. */
  wake: Wake;
  /** Called when a run goes on. */
  onCommit: () => void;
  version: string;
  timers: Timers;
  random: () => number;
  log: Logger;
}

export interface McpServerView extends McpServer {
  status: ConnectionStatus;
  tools: ServerTool[];
  listed_at: Date | null;
  can_sign_in: boolean;
  /** Who signed Heddle in at it; null: nobody. */
  signed_in: SignedIn | null;
}

export type McpServers = Awaited<ReturnType<typeof openMcpServers>>;

const CHANNEL = "heddle_mcp";

interface Running {
  server: McpServer;
  /** The sign-in that it uses: a connection ends when that changes. */
  signIn: number | null;
  connection: Connection;
}

export async function openMcpServers(options: McpServersOptions) {
  const { db, vault, addSecret, addPassing, file, open, authFetch, publicUrl } = options;
  const { onTools, onState, wake, onCommit, version, timers, random, log } = options;
  const { all, find, changeable, free, setStored, setOfFile } = createDeclared<McpServer>({
    what: "MCP server",
    file: "mcp.yaml",
  });
  let lists = new Map<string, KnownList>();
  const running = new Map<string, Running>();
  const ending = new Set<Promise<void>>();
  let writing: Promise<unknown> = Promise.resolve();
  let isStarted = false;
  let isClosed = false;

  const connectionOf = (id: string) => running.get(id)?.connection;
  const waits = createWaits({ db, vault, wake, onWait: () => looking?.begun(), now: timers.now });
  const calls = createCallTool({
    connectionTo: connectionOf,
    ask: (...asked) => questions.ask(...asked),
    waits,
    noteMissing: (id, scope) => oauth.noteMissing(find(id), scope),
  });
  const compileTools = createCompileTools(calls.call, async (context) => {
    await questions.endLeft(context.task_id);
    return calls.isHeld(context);
  });

  const listOf = (server: McpServer): KnownList | undefined => {
    const list = lists.get(server.id);
    return list?.fingerprint === fingerprintOf(server) ? list : undefined;
  };

  const toolsOf = (server: McpServer): ServerTool[] =>
    compileTools(server, (listOf(server)?.tools ?? []) as unknown as ListedTool[]);

  /** Connects to new servers, disconnects from those that are gone, and registers the tools. */
  function settle(): void {
    const wanted = new Map(all().flatMap((server) => (server.is_enabled ? [[server.id, server]] : [])));
    for (const [id, { server, connection, signIn }] of running) {
      const now = wanted.get(id);
      if (now && isSame(now, server) && oauth.signInOf(now) === signIn) continue;
      running.delete(id);
      const ended = connection.close().finally(() => ending.delete(ended));
      ending.add(ended);
    }
    for (const [id, server] of wanted) {
      if (isClosed || running.has(id)) continue;
      const connection = connectionTo(server);
      running.set(id, { server, connection, signIn: oauth.signInOf(server) });
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
      open: () => open(server, oauth.providerFor(server)),
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
    const tools = listedTools(given);
    if (tools.length < given.length) {
      const facts = { id: server.id, count: given.length, kept: tools.length };
      log.warning("MCP server {id} lists {count} tools; those after the first {kept} are left out", facts);
    }
    const list: KnownList = {
      fingerprint: fingerprintOf(server),
      tools: tools as unknown as JsonObject[],
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
    const [rows, known] = await Promise.all([store.list(), store.known(), oauth.read()]);
    for (const secret of rows.flatMap(shownSecrets)) addSecret(secret);
    setStored(rows);
    // What this process has just been told may not be stored yet.
    lists = merged(lists, known, all());
    settle();
  }

  const announce = (tx: Queryable, id: string) => follower.announce(tx, id);
  const store = createMcpStore({ db, vault, addSecret, announce });
  const oauth = createOAuth({
    ...{ db, vault, addPassing, announce, find, fetchFor: authFetch, publicUrl, log },
    now: timers.now,
  });
  const follower = await followTable({ db, channel: CHANNEL, log, read });
  const following = await followMcpFile({
    ...file,
    log,
    onChange(servers) {
      for (const secret of servers.flatMap((one) => [...secretsOf(one), ...shownSecrets(one)])) {
        addSecret(secret);
      }
      setOfFile(servers);
      settle();
    },
  });

  const questions = createQuestions({
    ...{ db, vault, log, now: timers.now },
    onChange: (id) => onState(id, "question"),
    settle: waits.settle,
  });
  let looking: FollowedWaits | undefined;

  const view = (server: McpServer): McpServerView => ({
    ...server,
    status: running.get(server.id)?.connection.status() ?? disabledSince(server.updated_at),
    tools: toolsOf(server),
    listed_at: listOf(server)?.listed_at ?? null,
    can_sign_in: canSignIn(server),
    signed_in: oauth.signedIn(server),
  });

  return {
    questions,
    list: (): McpServerView[] => all().map(view),
    get: (id: string): McpServerView => view(find(id)),
    /** Connects to all of them, from now on. */
    start(): void {
      isStarted = true;
      looking = followWaits({ waits, connectionTo: connectionOf, onCommit, log, now: timers.now });
      for (const { connection } of running.values()) void connection.start();
    },
    /** Throws `conflict` or `validation`. */
    async create(given: GivenMcpServer): Promise<McpServerView> {
      free(given.id);
      await store.create(given);
      log.info("MCP server {id} was added", { id: given.id });
      await follower.refresh(given.id);
      return view(find(given.id));
    },
    async update(id: string, change: GivenMcpChange, asRead?: AsRead): Promise<McpServerView> {
      changeable(id);
      await store.update(id, change, asRead);
      log.info("MCP server {id} was changed: {fields}", { id, fields: Object.keys(change).join(", ") });
      await follower.refresh(id);
      return view(find(id));
    },
    async delete(id: string): Promise<void> {
      const server = changeable(id);
      const credentials = await oauth.stored(id);
      await store.delete(id);
      log.info("MCP server {id} was deleted", { id });
      await follower.refresh(id);
      await oauth.takeBack(server, credentials);
    },
    /** Resolves with the address at which the person signs Heddle in. */
    signIn: oauth.begin,
    /** Resolves with the server at which Heddle is signed in now. */
    async finishSignIn(returned: Returned, by: Omit<SigningIn, "base">): Promise<McpServerView> {
      const id = await oauth.finish(returned, by);
      log.info("{name} signed in at MCP server {id}", { name: by.name, id });
      await follower.refresh(id);
      return view(find(id));
    },
    async signOut(id: string): Promise<void> {
      await oauth.end(id);
      log.info("MCP server {id} was signed out of", { id });
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
      await looking?.close();
      await Promise.all([following.close(), follower.close()]);
      await Promise.all([...running.values()].map(({ connection }) => connection.close()));
      await Promise.all([...ending]);
      await writing;
    },
  };
}
