// One connection to Discord's gateway: https://discord.com/developers/docs/events/gateway

import { type JsonObject, type ListenContext, ReauthRequired, Retryable } from "heddle/sdk";
import { settings } from "./config.ts";

/** What Discord needs to resume a session where a connection has ended. */
export interface Session {
  id: string;
  url: string;
}

export interface Dispatch {
  t: string;
  s: number;
  d: JsonObject;
}

interface Wanted {
  url: string;
  session: Session | undefined;
  /** The last event that was handled. */
  sequence: () => number;
  /** Called with one event after another; what it throws ends the connection. */
  handle(event: Dispatch): Promise<void>;
  /** Called at once, whatever is being handled. */
  hurry(event: Dispatch): void;
  /** Discord cannot resume the session. */
  forget(): Promise<void>;
}

const OP = { event: 0, beat: 1, identify: 2, resume: 6, reconnect: 7, invalid: 9, hello: 10, ack: 11 };
/** Servers; messages and reactions in their channels; the same where a person and the bot are alone. */
const INTENTS = (1 << 0) | (1 << 9) | (1 << 10) | (1 << 12) | (1 << 13);
const MESSAGE_CONTENT = 1 << 15;
/** Discord may not have kept the session. */
const SESSION_IS_OVER = [4007, 4009];

const closings: Record<number, string> = {
  4004: "Discord does not accept DISCORD_BOT_TOKEN.",
  4013: "Discord does not know the intents that Heddle asks for.",
  4014: "Message Content Intent is off. Turn it on at the page Bot of the application, or set DISCORD_MESSAGE_CONTENT to false.",
};

interface Payload {
  op: number;
  t?: string;
  s?: number;
  d?: unknown;
}

/** Resolves when it is aborted; throws when the connection has ended. */
export async function connectGateway(wanted: Wanted, ctx: ListenContext): Promise<void> {
  const url = new URL(wanted.session?.url ?? wanted.url);
  url.search = "?v=10&encoding=json";
  const socket = new WebSocket(url);
  const ended = Promise.withResolvers<void>();
  ended.promise.catch(() => {});
  const fail = (error: unknown) => ended.reject(error);
  const onAbort = () => ended.resolve();
  ctx.signal.addEventListener("abort", onAbort, { once: true });
  let beating: ReturnType<typeof setInterval> | undefined;
  let received = wanted.sequence();
  let taking: Promise<void> = Promise.resolve();
  const send = (op: number, d: unknown) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(JSON.stringify({ op, d }));
  };
  // The last event received. A new connection resumes after the last one that was handled.
  const beat = () => send(OP.beat, received === 0 ? null : received);

  function take({ op, t, s, d }: Payload): void {
    if (op === OP.hello) {
      const { heartbeat_interval } = d as { heartbeat_interval: number };
      // More often than Discord asks for, so that a network that has vanished is noticed within a minute.
      beating ??= setInterval(beat, Math.min(heartbeat_interval, (ctx.silenceSeconds * 1_000) / 3));
      if (wanted.session) send(OP.resume, resuming(wanted.session, wanted.sequence()));
      else send(OP.identify, identity());
    } else if (op === OP.beat) beat();
    else if (op === OP.reconnect) fail(new Retryable("Discord has asked to connect again."));
    else if (op === OP.invalid) {
      const error = new Retryable("Discord cannot resume the session.");
      taking = taking.then(async () => {
        if (d !== true) await wanted.forget();
        throw error;
      });
      taking.catch(fail);
    } else if (op === OP.event && t !== undefined && s !== undefined) {
      received = s;
      const event: Dispatch = { t, s, d: (d ?? {}) as JsonObject };
      wanted.hurry(event);
      // Whatever cannot be taken ends the connection, and comes again with the next one.
      taking = taking.then(() => wanted.handle(event));
      taking.catch(fail);
    }
  }

  socket.addEventListener("message", ({ data }) => {
    ctx.alive();
    try {
      take(JSON.parse(String(data)) as Payload);
    } catch {
      fail(new Error("What answers is not Discord."));
    }
  });
  socket.addEventListener("error", () =>
    fail(
      new Error(
        `Discord's gateway at ${url.host} cannot be reached. Is there a firewall or a proxy in between?`,
      ),
    ),
  );
  socket.addEventListener("close", ({ code }) => {
    const text = closings[code];
    if (text !== undefined) return fail(new ReauthRequired(text));
    const over = SESSION_IS_OVER.includes(code) ? wanted.forget() : Promise.resolve();
    over.then(() => fail(new Retryable(`Discord has closed the connection (${code}).`)), fail);
  });
  try {
    await ended.promise;
  } finally {
    clearInterval(beating);
    ctx.signal.removeEventListener("abort", onAbort);
    // Any code other than 1000 and 1001 keeps the session, so that it can be resumed after a restart.
    socket.close(4200);
    await taking.catch(() => {});
  }
}

const resuming = ({ id }: Session, seq: number) => ({
  token: settings.DISCORD_BOT_TOKEN,
  session_id: id,
  seq,
});

const identity = () => ({
  token: settings.DISCORD_BOT_TOKEN,
  intents: settings.DISCORD_MESSAGE_CONTENT ? INTENTS | MESSAGE_CONTENT : INTENTS,
  properties: { os: process.platform, browser: "heddle", device: "heddle" },
});
