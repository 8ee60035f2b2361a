// Discord's events over its gateway. What came while nobody listened comes again with the same session, or is looked up.

import { type JsonObject, type ListenContext, listen, log, store } from "heddle/sdk";
import { isRefused } from "../_injections/readable.ts";
import { call, isFinal, listenerError } from "./client.ts";
import { registerCommands } from "./commands.ts";
import { connectGateway, type Dispatch, type Session } from "./gateway.ts";
import { takeInteraction } from "./interactions.ts";
import { type Self, whoAmI } from "./known.ts";
import type { DiscordMessage } from "./message.ts";
import { takeReaction } from "./reacted.ts";
import { takeDeletion, takeEdit, takeMessage } from "./receive.ts";

const SILENCE_SECONDS = 45;
const MOST_PLACES = 200;
/** As many messages as Discord gives at a time, and pages of each channel. */
const PAGE = 100;
const MOST_PAGES = 20;
/** How often the sequence number is stored while no event is for the bot. */
const WRITE_MS = 10_000;

listen({
  name: "gateway",
  silenceSeconds: SILENCE_SECONDS,
  async run(ctx) {
    try {
      await listenToDiscord(ctx);
    } catch (error) {
      throw listenerError(error);
    }
  },
});

/** Where the next connection resumes. */
interface State {
  session?: Session;
  sequence: number;
  /** The last message of each channel in which the bot was spoken to, or listened. */
  last: Record<string, string>;
}

async function listenToDiscord(ctx: ListenContext): Promise<void> {
  const self = await whoAmI(ctx.signal);
  await registerCommands(ctx.signal);
  const key = `gateway:${self.id}`;
  const state: State = (await store.get<State>(key)) ?? { sequence: 0, last: {} };
  const { url } =
    state.session ?? (await call<{ url: string }>("GET", "/gateway/bot", { signal: ctx.signal }));
  let writtenAt = Number.NEGATIVE_INFINITY;
  const write = async () => {
    writtenAt = performance.now();
    await store.set(key, state);
  };
  /** Commands and buttons that are being taken, by the number of their event. */
  const inHand = new Map<number, Promise<void>>();
  await connectGateway(
    {
      ...{ url, session: state.session, sequence: () => state.sequence },
      async handle(event) {
        const interaction = inHand.get(event.s);
        await interaction;
        inHand.delete(event.s);
        const isOurs = await handle(event, { self, state, ctx, write });
        state.sequence = event.s;
        // Only now, so that nothing is lost; idempotency keys keep what comes again from being answered twice.
        if (isOurs || interaction || performance.now() - writtenAt > WRITE_MS) await write();
      },
      hurry({ t, s, d }) {
        if (t !== "INTERACTION_CREATE") return;
        const taking = takeInteraction(d).catch((error) =>
          log.warning("A command or a button of Discord was not taken", { reason: String(error) }),
        );
        inHand.set(s, taking);
      },
      async forget() {
        delete state.session;
        state.sequence = 0;
        await write();
      },
    },
    ctx,
  );
}

interface Running {
  self: Self;
  state: State;
  ctx: ListenContext;
}

/** Whether it was for the bot. */
async function handle(
  { t, s, d }: Dispatch,
  { self, state, ctx, write }: Running & { write(): Promise<void> },
): Promise<boolean> {
  const as = `as ${self.username}`;
  if (t === "READY") {
    const { session_id, resume_gateway_url } = d as { session_id: string; resume_gateway_url: string };
    state.session = { id: session_id, url: resume_gateway_url };
    state.sequence = s;
    // Before anybody is told that Discord is heard: without the session, what comes from now on would be lost with this process.
    await write();
    ctx.connected(as);
    await catchUp({ self, state, ctx });
    return true;
  }
  if (t === "RESUMED") ctx.connected(as);
  if (t === "MESSAGE_CREATE") return take(d as unknown as DiscordMessage, { self, state, ctx });
  const outcome = await takeChange(t, d, self).catch(untakeable);
  return outcome === "noted" || outcome === "told";
}

/** Takes what changes something about a message. */
async function takeChange(t: string, d: JsonObject, self: Self): Promise<string> {
  if (t === "MESSAGE_UPDATE") return takeEdit(d, self);
  if (t === "MESSAGE_DELETE") return takeDeletion(d);
  if (t === "MESSAGE_REACTION_ADD" || t === "MESSAGE_REACTION_REMOVE")
    return takeReaction(d, { isGone: t === "MESSAGE_REACTION_REMOVE", self });
  return "unhandled";
}

async function take(message: DiscordMessage, { self, state, ctx }: Running): Promise<boolean> {
  const outcome = await takeMessage({ ...message }, self, ctx.signal).catch(untakeable);
  const isHeard = outcome === "taken" || outcome === "overheard";
  if (!isHeard && state.last[message.channel_id] === undefined) return false;
  delete state.last[message.channel_id];
  state.last[message.channel_id] = message.id;
  // A thread that begins at a message has its id.
  if (outcome === "taken") state.last[message.id] ??= message.id;
  for (const [oldest] of Object.entries(state.last).slice(0, -MOST_PLACES)) delete state.last[oldest];
  return outcome === "taken";
}

/** What can never be taken, since its channel is gone, the server refuses it or it cannot be read, must not keep what follows from being taken. */
function untakeable(error: unknown): string {
  const isGone = isFinal(error) && error.status !== 401;
  if (!isGone && !isRefused(error)) throw error;
  log.warning("What Discord has told cannot be taken", { reason: String(error) });
  return "untakeable";
}

/** Discord keeps a session for some minutes. After that, the channels in which the bot was spoken to are read. */
async function catchUp(running: Running): Promise<void> {
  const { state } = running;
  for (const [channel, after] of Object.entries(state.last)) {
    try {
      await takeMissed(channel, after, running);
    } catch (error) {
      if (!isFinal(error) || error.status === 401) throw error;
      // The channel is gone, or no thread began at the message.
      delete state.last[channel];
    }
  }
}

/** Page by page: the next message that comes would move the mark past those that were left. */
async function takeMissed(channel: string, after: string, running: Running): Promise<void> {
  const { ctx } = running;
  let last: string | undefined = after;
  for (let page = 0; last !== undefined && page < MOST_PAGES; page++) {
    const query = { after: last, limit: PAGE };
    const missed: DiscordMessage[] = await call("GET", `/channels/${channel}/messages`, {
      ...{ query, signal: ctx.signal },
    });
    ctx.alive();
    for (const message of missed.toReversed()) await take(message, running);
    last = missed.length < PAGE ? undefined : missed[0]?.id;
  }
  if (last !== undefined) {
    log.warning("More was missed in a channel of Discord than is read; the newest of it is left out", {
      ...{ channel, read: PAGE * MOST_PAGES },
    });
  }
}
