import { failDelivery, http, Permanent, rateLimit } from "heddle/sdk";
import { credentials, settings } from "./config.ts";

const options = {
  service: () => ({ name: "The ntfy server", settings: ["NTFY_URL"], credentials: credentials() }),
  // What ntfy.sh allows at once; how long its pauses are is in its answers.
  rateLimit: rateLimit({ rates: [{ requests: 60, seconds: 5 }] }),
  baseUrl: () => settings.NTFY_URL,
  headers: authorization,
};
export const ntfy = http(options);
/** For deliveries, which the server tries again, and shows meanwhile as waiting. */
const once = http({ ...options, retry: { tries: 1 } });

/** Servers with users take a token, or a name and a password. */
function authorization(): Record<string, string> {
  const { NTFY_TOKEN: token, NTFY_USER: user, NTFY_PASSWORD: password } = settings;
  if (token !== "") return { authorization: `Bearer ${token}` };
  if (user === "") return {};
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

/** Marks what this integration publishes, so that it is not taken for somebody's message. */
export const OWN_TAG = "heddle";

/** A notification without a file. */
export interface Notification {
  topic: string;
  message: string;
  title?: string;
  tags?: string[];
  priority?: number;
  click?: string;
  markdown?: boolean;
  /** A later notification with the same one takes its place, from ntfy 2.16 on. Older servers ignore it. */
  sequence_id: string;
  actions?: object[];
}

/** What the server said of a notification. */
export interface Published {
  id: string;
  /** By what it can be replaced and removed; undefined if the server does neither. */
  sequence?: string;
}

export async function publish(notification: Notification, signal: AbortSignal): Promise<Published> {
  return published(await once.post("/", notification, { signal }), notification);
}

/** Publishes a file; the rest goes into the query, since headers cannot have every character. */
export async function publishFile(
  notification: Notification,
  file: { name: string; bytes: Uint8Array<ArrayBuffer> },
  signal: AbortSignal,
): Promise<Published> {
  const { topic, message, title, tags = [], priority, sequence_id } = notification;
  const query: Record<string, string> = { filename: file.name, tags: tags.join(",") };
  if (message !== "") query.message = message;
  if (title !== undefined) query.title = title;
  if (priority !== undefined) query.priority = String(priority);
  const headers = { "x-sequence-id": sequence_id };
  const options = { query, headers, body: file.bytes, signal, timeoutSeconds: 50 };
  return published(await once.request("PUT", `/${encodeURIComponent(topic)}`, options), notification);
}

/** Has the apps remove a notification. That it is gone already, or never was there, is no failure. */
export async function unpublish(topic: string, sequence: string, signal: AbortSignal): Promise<void> {
  const response = await once.delete(`/${encodeURIComponent(topic)}/${sequence}`, { signal });
  if (response.status === 404) throw new Permanent(OLD_SERVER);
  if (!response.ok) failDelivery(response);
  await response.body?.cancel();
}

export const OLD_SERVER =
  "The ntfy server neither replaces nor removes notifications, as ntfy does from version 2.16 on.";

async function published(response: Response, { sequence_id }: Notification): Promise<Published> {
  if (!response.ok) failDelivery(response);
  const said = (await response.json().catch(() => ({}))) as { id?: unknown; sequence_id?: unknown };
  if (typeof said.id !== "string" || said.id === "") {
    throw new Error(
      "NTFY_URL must be the address of an ntfy server; what answers there gave the notification no id.",
    );
  }
  // A server that knows nothing of sequences does not repeat their id.
  return { id: said.id, ...(said.sequence_id === sequence_id && { sequence: sequence_id }) };
}
