// Listens to Frigate over MQTT, with a session that the broker keeps: what Frigate publishes with QoS 1 while the server is away is delivered
// afterwards. What the broker has not kept is asked of Frigate itself.

import { connectionError, type ListenContext, log, store } from "heddle/sdk";
import type { IClientOptions } from "mqtt";
import { isRefused } from "../_injections/readable.ts";
import { settings } from "./config.ts";
import { readMessage } from "./sighting.ts";
import { tell } from "./tell.ts";

/** Seconds between pings while publishing; a listener pings as often as its `silenceSeconds` needs. */
const KEEP_ALIVE_SECONDS = 20;
/** Codes of MQTT for credentials that are refused. */
const REFUSED = [4, 5, 134, 135];

export async function listenToFrigate(ctx: ListenContext): Promise<void> {
  const clientId = await lastingClientId();
  // The session stays at the broker.
  const { client, failed, end } = await open(ctx.signal, {
    ...{ clientId, clean: false },
    keepalive: Math.max(1, Math.floor(ctx.silenceSeconds / 3)),
  });
  client.on("packetreceive", ctx.alive);
  // Set before the connection is there, because the broker delivers what it has kept at once. It is told of a message only after that is
  // stored, so that it delivers it again after a crash.
  client.handleMessage = (packet, done) => {
    take(packet.topic, packet.payload.toString(), ctx, clientId).then(() => done(), done);
  };
  try {
    await Promise.race([new Promise((resolve) => client.once("connect", resolve)), failed]);
    const { FRIGATE_MQTT_TOPIC_PREFIX: prefix, FRIGATE_LISTEN_TO: kind } = settings;
    await client.subscribeAsync([`${prefix}/${kind}`, `${prefix}/available`], { qos: 1 });
    // The session may remember the other choice.
    await client.unsubscribeAsync(`${prefix}/${kind === "reviews" ? "events" : "reviews"}`);
    ctx.connected(`as ${clientId}`);
    await failed;
  } finally {
    await end();
  }
}

/** Publishes one message, over a connection of its own. Resolves when the broker has it. */
export async function publish(topic: string, payload: string, signal: AbortSignal): Promise<void> {
  const own = { clientId: `heddle-frigate-${crypto.randomUUID().slice(0, 8)}`, clean: true };
  const { client, failed, end } = await open(signal, own);
  try {
    await Promise.race([client.publishAsync(topic, payload, { qos: 1 }), failed]);
  } finally {
    await end();
  }
}

/** Begins to connect. `failed` rejects when the connection cannot be made, or ends. */
async function open(signal: AbortSignal, own: Pick<IClientOptions, "clientId" | "clean" | "keepalive">) {
  // Only where there is a broker, since it is large.
  const { connect } = await import("mqtt");
  const { FRIGATE_MQTT_BROKER: host, FRIGATE_MQTT_PORT: port } = settings;
  const { FRIGATE_MQTT_USERNAME: username, FRIGATE_MQTT_PASSWORD: password } = settings;
  const address = host.includes("://") ? host : `mqtt://${host}:${port}`;
  const client = connect(address, {
    // MQTT 3.1.1 is understood by every broker.
    ...{ protocolVersion: 4, keepalive: KEEP_ALIVE_SECONDS, connectTimeout: 15_000 },
    // Heddle tries again itself, and tells people meanwhile.
    reconnectPeriod: 0,
    ...(username !== "" && { username, password }),
    ...own,
  });
  const failing = Promise.withResolvers<never>();
  failing.promise.catch(() => {});
  const onAbort = () => failing.reject(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort, { once: true });
  client.on("error", (error) => failing.reject(explained(error, address)));
  client.on("close", () => failing.reject(new Error("The broker closed the connection.")));
  const end = async (): Promise<void> => {
    signal.removeEventListener("abort", onAbort);
    await client.endAsync(true).catch(() => {});
  };
  return { client, failed: failing.promise, end };
}

const explained = (error: unknown, address: string): unknown =>
  connectionError(error, {
    ...{ name: "The broker", address, settings: ["FRIGATE_MQTT_BROKER", "FRIGATE_MQTT_PORT"] },
    credentials: ["FRIGATE_MQTT_USERNAME", "FRIGATE_MQTT_PASSWORD"],
    isRefused: (thrown) => REFUSED.includes((thrown as { code?: unknown }).code as number),
  });

/** The same at every start, because it identifies the session to the broker; different for each database, because a broker has one session for each id. */
async function lastingClientId(): Promise<string> {
  const id = await store.update<string>("mqtt-client", (known) => known ?? crypto.randomUUID().slice(0, 8));
  return `heddle-frigate-${id}`;
}

async function take(topic: string, payload: string, ctx: ListenContext, clientId: string): Promise<void> {
  if (topic.endsWith("/available")) {
    if (payload === "online") ctx.connected(`as ${clientId}`);
    else ctx.degraded(`Frigate is ${payload.slice(0, 40)}.`);
    return;
  }
  const kind = topic.endsWith("/reviews") ? "review" : "event";
  let parsed: unknown;
  try {
    parsed = JSON.parse(payload);
  } catch {
    log.warning("Frigate sent something that is not JSON", { topic });
    return;
  }
  const sighting = readMessage(kind, parsed);
  if (!sighting) return;
  try {
    await tell(sighting);
  } catch (error) {
    // It would be refused each time, and the broker would keep delivering it.
    if (!isRefused(error)) throw error;
    log.error("What Frigate saw was left out, since it was refused", {
      id: sighting.id,
      error: String(error),
    });
  }
}
