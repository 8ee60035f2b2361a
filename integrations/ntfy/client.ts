import { failDelivery, http, rateLimit } from "heddle/sdk";
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
  sequence_id?: string;
  actions?: object[];
}

/** Returns the id that the server gave it. */
export async function publish(notification: Notification, signal: AbortSignal): Promise<string> {
  return idIn(await once.post("/", notification, { signal }));
}

/** Publishes a file; the rest goes into the query, since headers cannot have every character. */
export async function publishFile(
  { topic, message, title, tags = [], priority }: Notification,
  file: { name: string; bytes: Uint8Array<ArrayBuffer> },
  signal: AbortSignal,
): Promise<string> {
  const query: Record<string, string> = { filename: file.name, tags: tags.join(",") };
  if (message !== "") query.message = message;
  if (title !== undefined) query.title = title;
  if (priority !== undefined) query.priority = String(priority);
  const path = `/${encodeURIComponent(topic)}`;
  return idIn(await once.request("PUT", path, { query, body: file.bytes, signal, timeoutSeconds: 50 }));
}

async function idIn(response: Response): Promise<string> {
  if (!response.ok) failDelivery(response);
  const { id } = (await response.json().catch(() => ({}))) as { id?: unknown };
  if (typeof id !== "string" || id === "") {
    throw new Error(
      "NTFY_URL must be the address of an ntfy server; what answers there gave the notification no id.",
    );
  }
  return id;
}
