// Socket Mode: Slack's events over a socket that Heddle opens, for servers that Slack cannot call.

import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { SocketModeClient } from "@slack/socket-mode";
import type { AppsConnectionsOpenResponse } from "@slack/web-api";
import { type JsonObject, type ListenContext, listen, log, poll } from "heddle/sdk";
import { clientOptions, codeOf, listenerError, quietLogger } from "./client.ts";
import { settings } from "./config.ts";
import { lookForMissed } from "./look-for-missed.ts";
import { catchUp } from "./missed.ts";
import { receiveAny } from "./receive-any.ts";
import { whoAmI } from "./workspace.ts";

/** Slack answers a ping every 5 seconds; without one for this long, the connection counts as dead. */
const SILENCE_SECONDS = 30;
const PONG = "undici:websocket:pong";

listen({
  name: "socket",
  silenceSeconds: SILENCE_SECONDS,
  when: () => settings.SLACK_APP_TOKEN !== "" && settings.SLACK_BOT_TOKEN !== "",
  run: listenToSlack,
  catchUp,
});

// Over HTTP there is no connection whose end would tell that nothing is heard.
poll({
  name: "missed",
  everySeconds: 300,
  timeoutSeconds: 600,
  when: () =>
    settings.SLACK_APP_TOKEN === "" &&
    settings.SLACK_BOT_TOKEN !== "" &&
    settings.SLACK_SIGNING_SECRET !== "",
  run: lookForMissed,
});

interface Envelope {
  type: string;
  body: JsonObject;
  ack(answer?: JsonObject): Promise<void>;
}

async function listenToSlack(ctx: ListenContext): Promise<void> {
  const client = new SocketModeClient({
    appToken: settings.SLACK_APP_TOKEN,
    // Heddle connects again itself, and tells people meanwhile.
    autoReconnectEnabled: false,
    logger: quietLogger,
    clientOptions: clientOptions(),
  });
  const ended = Promise.withResolvers<void>();
  let socketUrl: string | undefined;
  client.on("authenticated", ({ url }: AppsConnectionsOpenResponse) => {
    socketUrl = url === undefined ? undefined : new URL(url).href;
  });
  // The channel tells of every socket of this process, such as those of other integrations; each of Slack's has an address of its own.
  const onPong = (message: unknown) => {
    if (socketUrl !== undefined && urlOf(message) === socketUrl) ctx.alive();
  };
  client.on("slack_event", (envelope: Envelope) => {
    ctx.alive();
    void take(envelope);
  });
  client.on("disconnected", () => ended.resolve());
  client.on("error", ended.reject);
  ended.promise.catch(() => {});
  const onAbort = () => ended.resolve();
  ctx.signal.addEventListener("abort", onAbort, { once: true });
  subscribe(PONG, onPong);
  try {
    const self = await whoAmI(undefined, ctx.signal).catch((error) => {
      throw listenerError(error, "SLACK_BOT_TOKEN");
    });
    await Promise.race([client.start(), ended.promise]).catch((error) => {
      throw listenerError(error, "SLACK_APP_TOKEN");
    });
    if (!ctx.signal.aborted) ctx.connected(`as ${self.name} in ${self.teamName}`);
    await ended.promise;
  } finally {
    unsubscribe(PONG, onPong);
    ctx.signal.removeEventListener("abort", onAbort);
    // A peer that is gone does not answer the closing handshake; the client closes the socket by itself after a while.
    client.disconnect().catch(() => {});
  }
}

/** The address of the socket that a message of the channel is about. */
const urlOf = (message: unknown): string | undefined =>
  (message as { websocket?: { url?: string } } | undefined)?.websocket?.url;

/** Slack gets the acknowledgement only after everything is stored, so that it sends the event again if the server dies before. */
async function take({ type, body, ack }: Envelope): Promise<void> {
  if (type !== "events_api" && type !== "slash_commands" && type !== "interactive") return;
  try {
    const answer = await receiveAny(body);
    await ack(type === "events_api" ? {} : answer);
  } catch (error) {
    log.warning("An event was not taken; Slack will send it again", {
      type,
      reason: codeOf(error) ?? String(error),
    });
  }
}
