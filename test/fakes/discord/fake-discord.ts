// Discord on loopback for tests: the gateway and the REST API, which refuse what the real ones refuse. There is one server with a text channel
// and one for voice, and a direct message.

import type { ServerWebSocket } from "bun";
import { ADA, BEN, BOT, DIRECT, GENERAL, QUIET, TOKEN } from "./ids.ts";
import { answerTo, type Call, DiscordError } from "./methods.ts";

export interface Posted {
  id: string;
  channel_id: string;
  type: number;
  content: string;
  author: { id: string; username: string; bot?: boolean };
  nonce?: string;
  // biome-ignore lint/suspicious/noExplicitAny: checked field by field
  components: any[];
  message_reference?: { message_id: string };
  mentions: { id: string; username: string }[];
  attachments: object[];
  files: { name: string; bytes: Uint8Array }[];
  edits: string[];
  /** Those of the bot. */
  reactions: string[];
  edited_timestamp: string | null;
}

interface FakeChannel {
  id: string;
  type: number;
  name?: string;
  parent_id?: string;
  owner_id?: string;
}

/** A command or a button. */
export interface FakeInteraction {
  id: string;
  token: string;
  channel_id: string;
  /** How it was answered first. */
  answered?: { type: number; data?: { flags?: number } };
  /** What it shows as its answer. */
  original?: string;
  /** What only the person sees. */
  whispers: string[];
  isExpired?: boolean;
}

/** A call that is refused. */
export interface DiscordRefuses {
  /** How its path ends; with a channel, what it contains. */
  path: string;
  status: number;
  code?: number;
  retry_after?: number;
  /** Only in this channel and its threads. */
  channel?: string;
  /** The call is carried out, and refused all the same. */
  isDone?: boolean;
  /** Until it is taken away, instead of once. */
  isLasting?: boolean;
}

export interface FakeDiscord {
  url: string;
  /** Where the gateway is: "ws://127.0.0.1:1234". */
  gatewayUrl: string;
  messages: Posted[];
  channels: Map<string, FakeChannel>;
  interactions: FakeInteraction[];
  commands: { name: string }[];
  typing: string[];
  /** Calls that are refused, once for each entry. */
  refuse: DiscordRefuses[];
  /** "identify" and "resume", as connections began. */
  began: string[];
  /** Whether the bot may read messages. */
  mayRead: boolean;
  /** Discord forgets the session: the next "resume" is refused. */
  forgetSessions(): void;
  /** Ends the open connections. */
  close(code: number): void;
  write(user: string, channel: string, content: string, more?: object): string;
  /** Tells of anything, whether Discord would or not. */
  tell(t: string, d: unknown): void;
  /** Tells of a message once more. */
  tellAgain(id: string): void;
  edit(id: string, content: string): void;
  remove(id: string): void;
  /** Somebody reacts to a message, or takes that back. */
  react(user: string, id: string, emoji: { id: string | null; name: string }, isGone?: boolean): void;
  interact(user: string, channel: string, what: object): FakeInteraction;
  nextId(): string;
  stop(): void;
}

interface Connection {
  isIn: boolean;
}

const NAMES: Record<string, string> = { [ADA]: "Ada", [BEN]: "Ben", [BOT]: "heddle" };
const OP = { event: 0, beat: 1, identify: 2, resume: 6, invalid: 9, hello: 10, ack: 11 };
const MESSAGE_CONTENT = 1 << 15;
const GUILD_MESSAGES = 1 << 9;
const DIRECT_MESSAGES = 1 << 12;
const GUILD_REACTIONS = 1 << 10;
const DIRECT_REACTIONS = 1 << 13;

export function startFakeDiscord(): FakeDiscord {
  const sockets = new Set<ServerWebSocket<Connection>>();
  let session: string | undefined;
  let history: { op: number; t: string; s: number; d: object }[] = [];
  let sequence = 0;
  let intents = 0;
  let last = BigInt(Date.now() - 1_420_070_400_000) << 22n;

  const fake: FakeDiscord = {
    ...{
      url: "",
      gatewayUrl: "",
      messages: [],
      interactions: [],
      commands: [],
      typing: [],
      refuse: [],
      began: [],
    },
    mayRead: true,
    channels: new Map(
      [
        { id: GENERAL, type: 0, name: "general" },
        { id: QUIET, type: 2, name: "Voice" },
        { id: DIRECT, type: 1, recipients: [{ username: "ada" }] },
      ].map((channel) => [channel.id, channel]),
    ),
    nextId() {
      last += 1n;
      return String(last);
    },
    forgetSessions() {
      session = undefined;
      history = [];
    },
    close(code) {
      for (const socket of sockets) socket.close(code);
    },
    write(user, channel, content, more = {}) {
      const message: Posted = {
        ...{ id: fake.nextId(), channel_id: channel, type: 0, content },
        author: { id: user, username: NAMES[user] ?? user },
        mentions: content.includes(`<@${BOT}>`) ? [{ id: BOT, username: "heddle" }] : [],
        ...{
          attachments: [],
          components: [],
          files: [],
          edits: [],
          reactions: [],
          edited_timestamp: null,
          ...more,
        },
      };
      fake.messages.push(message);
      tell("MESSAGE_CREATE", { ...message, ...(channel !== DIRECT && { guild_id: "1" }) });
      return message.id;
    },
    tellAgain(id) {
      tell("MESSAGE_CREATE", { ...fake.messages.find((one) => one.id === id), guild_id: "1" });
    },
    edit(id, content) {
      const message = fake.messages.find((one) => one.id === id) as Posted;
      Object.assign(message, { content, edited_timestamp: new Date().toISOString() });
      tell("MESSAGE_UPDATE", message);
    },
    remove(id) {
      const at = fake.messages.findIndex((one) => one.id === id);
      const [message] = fake.messages.splice(at, 1);
      tell("MESSAGE_DELETE", { id, channel_id: message?.channel_id });
    },
    react(user, id, emoji, isGone = false) {
      const channel_id = fake.messages.find((one) => one.id === id)?.channel_id ?? GENERAL;
      const person = { id: user, username: NAMES[user] ?? user };
      tell(`MESSAGE_REACTION_${isGone ? "REMOVE" : "ADD"}`, {
        ...{ user_id: user, message_id: id, channel_id, emoji },
        ...(channel_id !== DIRECT && { guild_id: "1", ...(!isGone && { member: { user: person } }) }),
      });
    },
    tell(t, d) {
      const event = { op: OP.event, t, s: ++sequence, d: d as object };
      history.push(event);
      for (const socket of sockets) if (socket.data.isIn) send(socket, event);
    },
    interact(user, channel, what) {
      const id = fake.nextId();
      const interaction: FakeInteraction = { id, token: `token-${id}`, channel_id: channel, whispers: [] };
      fake.interactions.push(interaction);
      const person = { id: user, username: NAMES[user] };
      tell("INTERACTION_CREATE", {
        ...{ id, token: interaction.token, channel_id: channel, application_id: "900000000000000001" },
        ...{ member: { user: person }, ...what },
      });
      return interaction;
    },
    stop: () => void server.stop(true),
  };

  const send = (socket: ServerWebSocket<Connection>, message: object) => socket.send(JSON.stringify(message));
  /** What the bot is told of: of messages only what it has asked for, and without that no words but those to itself. */
  function shown(t: string, d: object): object | undefined {
    if (!t.startsWith("MESSAGE_")) return d;
    const { channel_id, mentions = [], author } = d as Partial<Posted>;
    const isAlone = channel_id === DIRECT;
    if (t.startsWith("MESSAGE_REACTION_"))
      return (intents & (isAlone ? DIRECT_REACTIONS : GUILD_REACTIONS)) === 0 ? undefined : d;
    if ((intents & (isAlone ? DIRECT_MESSAGES : GUILD_MESSAGES)) === 0) return undefined;
    const isForIt = isAlone || author?.id === BOT || mentions.some(({ id }) => id === BOT);
    const isRead = isForIt || (intents & MESSAGE_CONTENT) !== 0;
    return isRead ? d : { ...d, content: "", attachments: [], components: [] };
  }

  function tell(t: string, given: object): void {
    const d = shown(t, given);
    if (session === undefined || d === undefined) return;
    const event = { op: OP.event, t, s: ++sequence, d };
    history.push(event);
    for (const socket of sockets) if (socket.data.isIn) send(socket, event);
  }

  function identify(socket: ServerWebSocket<Connection>, { token, properties, ...asked }: Call): void {
    if (socket.data.isIn) return void socket.close(4005);
    if (token !== TOKEN || !properties?.os) return void socket.close(4004);
    if (!Number.isInteger(asked.intents)) return void socket.close(4013);
    if ((asked.intents & MESSAGE_CONTENT) !== 0 && !fake.mayRead) return void socket.close(4014);
    intents = asked.intents;
    fake.began.push("identify");
    session = `session-${fake.began.length}`;
    history = [];
    sequence = 0;
    socket.data.isIn = true;
    tell("READY", { session_id: session, resume_gateway_url: fake.gatewayUrl, user: { id: BOT } });
  }

  function resume(socket: ServerWebSocket<Connection>, { token, session_id, seq }: Call): void {
    if (token !== TOKEN) return void socket.close(4004);
    if (session_id !== session || seq > sequence) return void send(socket, { op: OP.invalid, d: false });
    fake.began.push("resume");
    for (const event of history) if (event.s > seq) send(socket, event);
    socket.data.isIn = true;
    send(socket, { op: OP.event, t: "RESUMED", s: ++sequence, d: {} });
  }

  const server = Bun.serve<Connection>({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request, server) {
      const { pathname, searchParams } = new URL(request.url);
      if (request.headers.get("upgrade") === "websocket") {
        if (searchParams.get("v") !== "10") return new Response("", { status: 400 });
        return server.upgrade(request, { data: { isIn: false } })
          ? undefined
          : new Response("", { status: 400 });
      }
      return refuseOrAnswer(fake, pathname.replace("/api/v10", ""), searchParams, request);
    },
    websocket: {
      open(socket) {
        sockets.add(socket);
        send(socket, { op: OP.hello, d: { heartbeat_interval: 5_000 } });
      },
      close: (socket) => void sockets.delete(socket),
      message(socket, text) {
        const { op, d } = JSON.parse(String(text));
        if (op === OP.beat) send(socket, { op: OP.ack });
        else if (op === OP.identify) identify(socket, d);
        else if (op === OP.resume) resume(socket, d);
        else socket.close(4001);
      },
    },
  });
  fake.url = `${server.url.origin}/api/v10`;
  fake.gatewayUrl = server.url.origin.replace("http", "ws");
  return fake;
}

async function refuseOrAnswer(
  fake: FakeDiscord,
  path: string,
  query: URLSearchParams,
  request: Request,
): Promise<Response> {
  const fail = (status: number, code: number, more: object = {}) =>
    Response.json({ code, message: "Refused", ...more }, { status });
  if (path.startsWith("/files/")) return new Response(`content of ${path.slice(7)}`);
  const needsToken = !path.startsWith("/interactions/") && !path.startsWith("/webhooks/");
  if (needsToken && request.headers.get("authorization") !== `Bot ${TOKEN}`) return fail(401, 0);
  const at = fake.refuse.findIndex((one) => fits(fake, path, request.method, one));
  const refusal = fake.refuse[at];
  if (refusal && !refusal.isLasting) fake.refuse.splice(at, 1);
  const given = { method: request.method, path, query, ...(await bodyOf(request)) };
  if (refusal) {
    const { status, code = 0, retry_after, isDone } = refusal;
    if (isDone) await answerTo(fake, given);
    return fail(status, code, retry_after === undefined ? {} : { retry_after });
  }
  try {
    const answer = await answerTo(fake, given);
    return answer === undefined ? new Response(null, { status: 204 }) : Response.json(answer);
  } catch (error) {
    if (error instanceof DiscordError) return fail(error.status, error.code);
    throw error;
  }
}

function fits(fake: FakeDiscord, path: string, method: string, refusal: DiscordRefuses): boolean {
  const [, , id = ""] = path.split("/");
  const { channel } = refusal;
  if (channel === undefined) return path.endsWith(refusal.path);
  const isThere = id === channel || fake.channels.get(id)?.parent_id === channel;
  return isThere && method !== "GET" && path.includes(refusal.path) && !path.endsWith("/threads");
}

async function bodyOf(request: Request): Promise<{ given: Call; files: Posted["files"] }> {
  const type = request.headers.get("content-type") ?? "";
  if (!type.startsWith("multipart/")) return { given: JSON.parse((await request.text()) || "{}"), files: [] };
  const form = await request.formData();
  const files: Posted["files"] = [];
  for (const [key, value] of form.entries()) {
    if (!(value instanceof Blob) || !/^files\[\d\]$/.test(key)) continue;
    files.push({ name: (value as File).name, bytes: new Uint8Array(await value.arrayBuffer()) });
  }
  return { given: JSON.parse(String(form.get("payload_json"))), files };
}
