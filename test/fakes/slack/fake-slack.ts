// Slack on loopback for tests: the Web API and Socket Mode, as strict as the real one where it matters. It knows one workspace with a
// bot, two people, a channel and a direct message.

import type { ServerWebSocket } from "bun";
import { APP_TOKEN, BOT, BOT_TOKEN, OTHER_TOKEN, TEAM } from "./ids.ts";
import { type Call, METHODS, SlackRefusal } from "./methods.ts";

export interface Posted {
  channel: string;
  ts: string;
  user?: string;
  bot_id?: string;
  text: string;
  thread_ts?: string;
  metadata?: unknown;
  blocks?: unknown[];
  username?: string;
  /** With which token it was posted. */
  token?: string;
  streaming?: boolean;
  /** What a stream said before each further piece. */
  grown?: string[];
  edits: string[];
  reactions: string[];
  cards: Record<string, string>;
}

/** A call that is refused. */
export interface SlackRefuses {
  method: string;
  error: string;
  retryAfter?: number;
  /** Only in this channel. */
  channel?: string;
  /** Only with this argument. */
  having?: string;
  /** The call is carried out, and answered with 500 all the same. */
  isDone?: boolean;
  /** Until it is taken away, instead of once. */
  isLasting?: boolean;
}

export interface FakeSlack {
  url: string;
  messages: Posted[];
  /** What only one person was shown. */
  whispers: { user: string; text: string }[];
  files: Map<string, { name: string; bytes: Uint8Array; channel?: string; thread?: string }>;
  /** The methods that were called, in order. */
  calls: string[];
  /** Methods that are refused, once for each entry: "chat.postMessage" → "ratelimited". */
  refuse: SlackRefuses[];
  /** Scopes that the app has not got, by method. */
  missing: Set<string>;
  /** Envelopes that were answered, with what. */
  acknowledged: Map<string, unknown>;
  connections: number;
  /** Channels whose events do not go over Socket Mode, and what takes them. */
  routes: Map<string, (payload: object) => void>;
  /** Where Socket Mode connects: "ws://127.0.0.1:1234". */
  socketUrl: string;
  /** A person writes; returns the message's ts. Sent over Socket Mode, unless nothing is connected. */
  write(user: string, channel: string, text: string, more?: object): string;
  /** Sends an envelope; resolves with its id. */
  send(type: string, payload: object): string;
  /** Sends what was not acknowledged again, as Slack does. */
  sendAgain(): void;
  /** How many envelopes nobody has acknowledged. */
  waiting(): number;
  nextTs(): string;
  stop(): void;
}

export function startFakeSlack(): FakeSlack {
  const sockets = new Set<ServerWebSocket<unknown>>();
  const pending = new Map<string, string>();
  const sent = new Set<string>();
  let count = 0;
  const fake: FakeSlack = {
    ...{
      url: "",
      socketUrl: "",
      messages: [],
      whispers: [],
      files: new Map(),
      calls: [],
      refuse: [],
      connections: 0,
    },
    ...{ missing: new Set(), acknowledged: new Map(), routes: new Map() },
    nextTs: () => `${Math.floor(Date.now() / 1000)}.${String(++count).padStart(6, "0")}`,
    write(user, channel, text, more = {}) {
      const ts = fake.nextTs();
      const event = {
        ...{ type: "message", channel, user, text, ts, event_ts: ts },
        ...{ channel_type: channel.startsWith("D") ? "im" : "channel", ...more },
      };
      fake.messages.push({ ...event, edits: [], reactions: [], cards: {} });
      fake.send("events_api", envelopeOf(event));
      // Slack reports a mention twice.
      if (text.includes(`<@${BOT}>`)) fake.send("events_api", envelopeOf({ ...event, type: "app_mention" }));
      return ts;
    },
    send(type, payload) {
      const route = fake.routes.get(channelIn(payload));
      if (route) {
        route(payload);
        return "";
      }
      const envelope_id = crypto.randomUUID();
      const text = JSON.stringify({
        envelope_id,
        type,
        payload,
        accepts_response_payload: type !== "events_api",
      });
      sent.add(envelope_id);
      pending.set(envelope_id, text);
      for (const socket of sockets) socket.send(text);
      return envelope_id;
    },
    sendAgain() {
      for (const text of pending.values()) for (const socket of sockets) socket.send(text);
    },
    waiting: () => pending.size,
    stop: () => void server.stop(true),
  };
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request, bun) {
      const { pathname } = new URL(request.url);
      if (pathname.startsWith("/link/"))
        return bun.upgrade(request) ? undefined : new Response("", { status: 400 });
      if (pathname.startsWith("/upload/")) return takeFile(fake, pathname.slice(8), request);
      if (pathname.startsWith("/files/")) return giveFile(fake, pathname.slice(7), request);
      return answer(fake, pathname.replace("/api/", ""), request);
    },
    websocket: {
      open(socket) {
        sockets.add(socket);
        fake.connections++;
        socket.send(JSON.stringify({ type: "hello", num_connections: 1 }));
        // What nobody has acknowledged.
        for (const text of pending.values()) socket.send(text);
      },
      close: (socket) => void sockets.delete(socket),
      message(_socket, text) {
        const { envelope_id, payload } = JSON.parse(String(text));
        if (!sent.has(envelope_id)) throw new Error(`Nobody sent ${envelope_id}`);
        pending.delete(envelope_id);
        fake.acknowledged.set(envelope_id, payload);
      },
    },
  });
  fake.url = server.url.origin;
  fake.socketUrl = fake.url.replace("http", "ws");
  return fake;
}

/** Events have it as a text, buttons as an object. */
// biome-ignore lint/suspicious/noExplicitAny: payloads differ
const channelIn = ({ event, channel }: any): string =>
  event?.channel ?? event?.item?.channel ?? channel?.id ?? "";

let events = 0;
export const envelopeOf = (event: object, team = TEAM) => ({
  ...{
    type: "event_callback",
    team_id: team,
    api_app_id: "A0",
    event_id: `Ev${++events}`,
    event_time: 1,
    event,
  },
});

async function answer(fake: FakeSlack, method: string, request: Request): Promise<Response> {
  fake.calls.push(method);
  const token = request.headers.get("authorization")?.replace("Bearer ", "");
  const known = METHODS[method];
  const fail = (error: string, more: object = {}) => Response.json({ ok: false, error, ...more });
  if (!known) return fail("unknown_method");
  if (token === undefined) return fail("not_authed");
  const tokens = method === "apps.connections.open" ? [APP_TOKEN] : [BOT_TOKEN, OTHER_TOKEN];
  if (!tokens.includes(token)) return fail("invalid_auth");
  if (fake.missing.has(method)) return fail("missing_scope", { needed: "a:scope" });
  const given = await argumentsOf(request);
  const at = fake.refuse.findIndex(
    (one) =>
      one.method === method &&
      (one.channel === undefined || one.channel === given.channel) &&
      (one.having === undefined || given[one.having] !== undefined),
  );
  const refusal = fake.refuse[at];
  if (refusal && !refusal.isLasting) fake.refuse.splice(at, 1);
  if (refusal?.retryAfter !== undefined)
    return new Response("", { status: 429, headers: { "retry-after": String(refusal.retryAfter) } });
  if (refusal && !refusal.isDone) return fail(refusal.error);
  const unknown = Object.keys(given).find((name) => name !== "token" && !known.takes.includes(name));
  if (unknown !== undefined) return fail("invalid_arguments", { detail: unknown });
  try {
    const result = known.run({ ...given, token }, fake);
    return refusal ? new Response("", { status: 500 }) : Response.json({ ok: true, ...result });
  } catch (error) {
    if (error instanceof SlackRefusal) return fail(error.message);
    throw error;
  }
}

async function argumentsOf(request: Request): Promise<Call> {
  const fields = new URLSearchParams(await request.text());
  return Object.fromEntries(
    [...fields].map(([name, value]) => {
      const isJson = value.startsWith("{") || value.startsWith("[") || value === "true" || value === "false";
      return [name, isJson ? JSON.parse(value) : value];
    }),
  );
}

async function takeFile(fake: FakeSlack, id: string, request: Request): Promise<Response> {
  const file = fake.files.get(id);
  if (!file) return new Response("", { status: 404 });
  file.bytes = new Uint8Array(await request.arrayBuffer());
  return new Response("OK");
}

function giveFile(fake: FakeSlack, id: string, request: Request): Response {
  // Slack shows a page to sign in.
  if (request.headers.get("authorization") !== `Bearer ${BOT_TOKEN}`)
    return new Response("<html>", { headers: { "content-type": "text/html; charset=utf-8" } });
  const file = fake.files.get(id);
  return file ? new Response(Buffer.from(file.bytes)) : new Response("", { status: 404 });
}
