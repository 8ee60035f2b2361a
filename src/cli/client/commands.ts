// The commands that talk to a running server.

import { isUtf8 } from "node:buffer";
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { loadConfig, processEnvironment } from "../../config/config.ts";
import type { Flags } from "../../config/read-variables.ts";
import { errorMessage, HeddleError } from "../../errors.ts";
import { plain, printLine } from "../plain.ts";
import { decideApproval, type GivenVerdict, listApprovals } from "./approvals.ts";
import { ask, conversation } from "./ask.ts";
import { readAttached } from "./attach.ts";
import { chat } from "./chat.ts";
import { type ConnectFlags, connect } from "./connect.ts";
import { writeFixture } from "./fixture.ts";
import { listMcpServers, loginMcpServer, testMcpServer } from "./mcp.ts";
import { naming } from "./naming.ts";
import { listPending, pair } from "./pair.ts";
import {
  addProvider,
  listModels,
  listProviders,
  type ProviderToAdd,
  removeProvider,
  testProvider,
} from "./providers.ts";
import { recordedIn } from "./recorded.ts";
import {
  createSchedule,
  deleteSchedule,
  listSchedules,
  pauseSchedule,
  runSchedule,
  type ScheduleToCreate,
  showSchedule,
} from "./schedules.ts";
import { type IngestAsked, ingest, reindex, type SearchAsked, search } from "./search.ts";

export interface AskFlags {
  text: string;
  bot?: string | undefined;
  isNew: boolean;
  timeout: string;
  /** Paths of files. */
  attach: string[];
}

export interface ReceiveFlags {
  path?: string | undefined;
  event?: string | undefined;
  delivery?: string | undefined;
  token?: string | undefined;
  tokenHeader?: string | undefined;
  /** Each is "name: value". */
  headers: string[];
}

type AddFlags = Omit<ProviderToAdd, "headers"> & { headers: string[] };

/** The printed part of the server's answer. */
interface TestDelivery {
  event: {
    id: string;
    verdict: string;
    reason: string | null;
    outcomes: { task_id: string | null; message_id: string }[];
  } | null;
  status_code: number;
  answer: unknown;
  signed?: boolean;
}

export function createClientCommands() {
  const server = (flags: Flags & ConnectFlags) =>
    connect(flags, { home: loadConfig(flags).home, environment: processEnvironment() });
  return {
    async ask(flags: Flags & ConnectFlags, { text, bot, isNew, timeout, attach }: AskFlags): Promise<void> {
      const timeoutSeconds = Number(timeout);
      if (!(timeoutSeconds > 0)) {
        throw new HeddleError("config", `--timeout must be a number of seconds; got "${timeout}".`);
      }
      const attachments = await readAttached(attach);
      const asked = text === "-" ? await read("-") : text;
      const question = { text: asked, botId: bot, isNew, timeoutSeconds, attachments };
      const answer = ask(server(flags), question, (line) => console.error(plain(line)));
      printLine(await naming({ bot_id: ["bot", bot] }, answer));
    },

    async search(flags: Flags & ConnectFlags, asked: SearchAsked): Promise<void> {
      printLine(await search(server(flags), asked));
    },

    async ingest(flags: Flags & ConnectFlags, asked: Omit<IngestAsked, "content">): Promise<void> {
      printLine(await ingest(server(flags), { ...asked, content: await read(asked.file) }));
    },

    async reindex(flags: Flags & ConnectFlags, isStart: boolean): Promise<void> {
      const { isTTY } = process.stderr;
      // On a terminal the line is written over; anywhere else only a changed one is written.
      let last = "";
      const show = (line: string) => {
        if (line !== last) process.stderr.write(isTTY ? `\r${line.padEnd(last.length)}` : `${line}\n`);
        last = line;
      };
      try {
        await reindex(server(flags), { isStart, show });
      } finally {
        if (isTTY && last !== "") process.stderr.write("\n");
      }
    },

    async chat(flags: Flags & ConnectFlags, { bot, isNew, attach }: Omit<AskFlags, "text" | "timeout">) {
      const attachments = await readAttached(attach);
      const isInteractive = process.stdin.isTTY === true && process.stdout.isTTY === true;
      const talk = { botId: bot, clientId: conversation(isNew), attachments };
      const ended = chat(server(flags), talk, {
        input: process.stdin,
        write: (text) => void process.stdout.write(text),
        note: (text) => void process.stderr.write(isInteractive ? `\x1b[2m${text}\x1b[0m` : text),
        isInteractive,
        onInterrupt(listener) {
          process.on("SIGINT", listener);
          return () => process.removeListener("SIGINT", listener);
        },
      });
      await naming({ bot_id: ["bot", bot] }, ended);
    },

    async replay(flags: Flags & ConnectFlags, id: string): Promise<void> {
      const replayed = server(flags).post(`/api/v1/inbox/${encodeURIComponent(id)}/replay`);
      print((await naming({ id: ["webhook", id] }, replayed)) as TestDelivery);
    },

    async fixture(flags: Flags & ConnectFlags, wanted: { id: string; dir: string }): Promise<void> {
      const written = writeFixture(server(flags), wanted);
      const path = await naming({ id: ["run or webhook", wanted.id] }, written);
      printLine(`Wrote ${path}. Say in it what you expect, then: heddle eval ${wanted.dir}`);
    },

    listMcpServers: (flags: Flags & ConnectFlags) => listMcpServers(server(flags), printLine),
    testMcpServer: (flags: Flags & ConnectFlags, id: string) =>
      naming({ id: ["MCP server", id] }, testMcpServer(server(flags), id, printLine)),
    loginMcpServer: (flags: Flags & ConnectFlags, id: string) =>
      naming({ id: ["MCP server", id] }, loginMcpServer(server(flags), id, printLine)),
    listProviders: (flags: Flags & ConnectFlags) => listProviders(server(flags), printLine),
    addProvider: (flags: Flags & ConnectFlags, { headers, ...added }: AddFlags) =>
      addProvider(server(flags), { ...added, headers: headers.map(headerOf) }, printLine),
    testProvider: (flags: Flags & ConnectFlags, tested: { id: string; model: string | undefined }) =>
      naming({ id: ["provider", tested.id] }, testProvider(server(flags), tested, printLine)),
    listModels: (flags: Flags & ConnectFlags, id: string) =>
      naming({ id: ["provider", id] }, listModels(server(flags), id, printLine)),
    removeProvider: (flags: Flags & ConnectFlags, id: string) =>
      naming({ id: ["provider", id] }, removeProvider(server(flags), id, printLine)),

    pair: (flags: Flags & ConnectFlags, code: string | undefined) =>
      code === undefined ? listPending(server(flags), printLine) : pair(server(flags), code, printLine),
    listApprovals: (flags: Flags & ConnectFlags) => listApprovals(server(flags), printLine),
    decideApproval: (flags: Flags & ConnectFlags, given: GivenVerdict) =>
      naming({ id: ["approval", given.id] }, decideApproval(server(flags), given, printLine)),
    listSchedules: (flags: Flags & ConnectFlags) => listSchedules(server(flags), printLine),
    createSchedule: (flags: Flags & ConnectFlags, created: ScheduleToCreate) =>
      naming(
        { channel_id: ["channel", created.channel], bot_id: ["bot", created.bot] },
        createSchedule(server(flags), created, printLine),
      ),
    pauseSchedule: (flags: Flags & ConnectFlags, id: string, isPaused: boolean) =>
      naming({ id: ["schedule", id] }, pauseSchedule(server(flags), { id, isPaused }, printLine)),
    runSchedule: (flags: Flags & ConnectFlags, id: string) =>
      naming({ id: ["schedule", id] }, runSchedule(server(flags), id, printLine)),
    showSchedule: (flags: Flags & ConnectFlags, id: string) =>
      naming({ id: ["schedule", id] }, showSchedule(server(flags), id, printLine)),
    deleteSchedule: (flags: Flags & ConnectFlags, id: string) =>
      naming({ id: ["schedule", id] }, deleteSchedule(server(flags), id, printLine)),

    async receive(
      flags: Flags & ConnectFlags,
      { integration, file, ...given }: ReceiveFlags & { integration: string; file: string },
    ): Promise<void> {
      const recorded = recordedIn(await read(file));
      const path = given.path ?? recorded.path;
      const sent = {
        body: recorded.body,
        headers: { ...recorded.headers, ...Object.fromEntries(given.headers.map(headerOf)) },
        ...(path !== undefined && { path }),
        ...(given.event !== undefined && { event: given.event }),
        ...(given.delivery !== undefined && { delivery: given.delivery }),
        ...(given.token !== undefined && { token: given.token }),
        ...(given.tokenHeader !== undefined && { token_header: given.tokenHeader }),
      };
      const to = `/api/v1/admin/integrations/${encodeURIComponent(integration)}/receive`;
      const received = server(flags).post(to, sent);
      const testDelivery = (await naming({ id: ["integration", integration] }, received)) as TestDelivery;
      if (testDelivery.signed === false) {
        console.error(
          "The manifest declares no webhook.verifier, so this was sent unsigned; pass --token, with --token-header for a header of the sender's own.",
        );
      }
      print(testDelivery);
    },
  };
}

async function read(file: string): Promise<string> {
  const bytes = await (file === "-" ? buffer(process.stdin) : readFile(file)).catch((cause: unknown) => {
    throw new HeddleError("config", `${file} cannot be read: ${errorMessage(cause)}`, { cause });
  });
  if (isUtf8(bytes) && !bytes.includes(0)) return bytes.toString("utf8");
  const name = file === "-" ? "Standard input" : file;
  throw new HeddleError("config", `${name} must be a text in UTF-8.`);
}

function headerOf(given: string): [name: string, value: string] {
  const at = given.indexOf(":");
  if (at < 1) throw new HeddleError("config", `--header must be "name: value"; got "${given}".`);
  return [given.slice(0, at).trim().toLowerCase(), given.slice(at + 1).trim()];
}

/** Throws if the integration refused the webhook, so that a script sees a failing exit code. */
function print({ event, status_code, answer }: TestDelivery): void {
  const tasks = event?.outcomes.flatMap(({ task_id }) => task_id ?? []) ?? [];
  const facts = [
    event ? `${event.verdict}, recorded as ${event.id}` : "not recorded",
    ...tasks.map((id) => `task ${id}`),
    ...(event?.reason ? [`reason: ${event.reason}`] : []),
    `answer ${status_code}: ${typeof answer === "string" ? answer : JSON.stringify(answer)}`,
  ];
  printLine(facts.join("\n"));
  if (status_code >= 400) {
    throw new HeddleError("upstream", `The integration refused the webhook: it answered ${status_code}.`);
  }
}
