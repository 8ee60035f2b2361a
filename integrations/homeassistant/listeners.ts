// Listens to Home Assistant over its websocket: https://developers.home-assistant.io/docs/api/websocket

import { type ListenContext, listen, log } from "heddle/sdk";
import { isRefused } from "../_injections/readable.ts";
import { baseUrl, isSetUp, refused, token } from "./account.ts";
import { catchUp, tell } from "./changes.ts";
import { type State, test } from "./client.ts";
import { settings } from "./config.ts";
import { ASK, ask, type Fired, TAPPED, tapped } from "./messages.ts";

/** It is asked three times as often whether it is there. */
const SILENCE_SECONDS = 60;

interface Message {
  type: string;
  id?: number;
  success?: boolean;
  ha_version?: string;
  message?: string;
  error?: { message?: string };
  event?: Fired & { event_type: string };
}

listen({ name: "events", silenceSeconds: SILENCE_SECONDS, when: isSetUp, run: listenToHome });

async function listenToHome(ctx: ListenContext): Promise<void> {
  const shown = await token();
  const socket = new WebSocket(`${baseUrl().replace(/^http/, "ws")}/api/websocket`);
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => {});
  const fail = (error: unknown) => ended.reject(error);
  const onAbort = () => fail(ctx.signal.reason);
  ctx.signal.addEventListener("abort", onAbort, { once: true });
  let isFailing = false;
  // The platform does not say why it failed, and closes the socket at once; a request over the same way says it.
  socket.addEventListener("error", () => {
    isFailing = true;
    const why = new Error("Home Assistant does not take a websocket; is there a proxy in between?");
    test({ signal: ctx.signal }).then(() => fail(why), fail);
  });
  socket.addEventListener("close", () => {
    if (!isFailing) fail(new Error("Home Assistant closed the connection."));
  });
  let number = 0;
  const send = (message: object) => socket.send(JSON.stringify(message));
  const call = (message: object) => send({ id: ++number, ...message });
  let pinging: ReturnType<typeof setInterval> | undefined;
  /** One after another, so that a conversation keeps its order. */
  let taking: Promise<void> = Promise.resolve();

  async function take(message: Message): Promise<void> {
    if (message.type === "auth_required") return send({ type: "auth", access_token: shown });
    if (message.type === "auth_invalid") {
      await refused(shown);
      throw new Error("Home Assistant did not accept the token; the next one is tried.");
    }
    if (message.type === "auth_ok") {
      for (const event_type of wantedEvents()) call({ type: "subscribe_events", event_type });
      pinging = setInterval(() => call({ type: "ping" }), (ctx.silenceSeconds * 1_000) / 3);
      // After the subscription, so that nothing falls between, and before it counts as heard; what comes twice is recognised by its time.
      if (ctx.since) await catchUp(ctx.since, ctx.signal);
      ctx.connected(`to Home Assistant ${message.ha_version ?? ""}`.trim());
      return;
    }
    // The token of a user who is not an administrator may subscribe to fewer events.
    if (message.type === "result" && message.success === false)
      return ctx.degraded(
        `Home Assistant refused a subscription: ${message.error?.message ?? "no reason given"}.`,
      );
    if (message.type === "event" && message.event)
      await takeEvent(message.event).catch((error: unknown) => {
        if (!isRefused(error)) throw error;
        log.error("An event of the home was left out", { error: String(error) });
      });
  }

  socket.addEventListener("message", ({ data }) => {
    ctx.alive();
    let message: Message;
    try {
      message = JSON.parse(String(data)) as Message;
    } catch {
      return fail(new Error("What answers is not Home Assistant."));
    }
    taking = taking.then(() => take(message)).catch(fail);
  });
  try {
    await ended.promise;
  } finally {
    clearInterval(pinging);
    ctx.signal.removeEventListener("abort", onAbort);
    socket.close();
    await taking.catch(() => {});
  }
}

/** Changes only if somebody wants to hear of one: a busy home has many in a second. */
const wantedEvents = (): string[] =>
  settings.HOMEASSISTANT_ENTITIES.trim() === "" ? [ASK, TAPPED] : ["state_changed", ASK, TAPPED];

async function takeEvent(event: NonNullable<Message["event"]>): Promise<void> {
  if (event.event_type === ASK) return ask(event);
  if (event.event_type === TAPPED) return tapped(event);
  const { old_state, new_state } = event.data as { old_state?: State | null; new_state?: State | null };
  if (old_state && new_state) await tell({ before: old_state.state, now: new_state });
}
