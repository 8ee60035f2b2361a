// Frigate's HTTP API: port 8971 with a user and a password, or 5000 without either, inside a trusted network.

import { http, ReauthRequired } from "heddle/sdk";
import { settings } from "./config.ts";

/** Frigate's tokens are valid for a day by default. */
const TOKEN_MS = 12 * 3_600_000;

let signedIn: { at: number; of: string; token: string } | undefined;

const baseUrl = (): string => {
  if (settings.FRIGATE_URL === "") throw new Error("FRIGATE_URL must be set.");
  return settings.FRIGATE_URL.replace(/\/$/, "");
};

const service = { name: "Frigate", settings: ["FRIGATE_URL"] };
const client = http({ baseUrl, service });

/** Fetches a path of the API; signs in first if a user is set, and once more if the token has been refused. */
export async function ask(
  path: string,
  { signal, method = "GET", query, json }: AskOptions = {},
): Promise<Response> {
  const send = async (token: string | undefined) =>
    client.request(method, path, {
      ...(signal && { signal }),
      ...(query && { query }),
      ...(json !== undefined && { json }),
      ...(token !== undefined && { headers: { authorization: `Bearer ${token}` } }),
    });
  const answer = await send(await token(signal));
  if (answer.status !== 401 || settings.FRIGATE_USER === "") return answer;
  signedIn = undefined;
  return send(await token(signal));
}

interface AskOptions {
  signal?: AbortSignal;
  method?: "GET" | "POST" | "PUT";
  query?: Record<string, string | number | boolean | null | undefined>;
  json?: unknown;
}

async function token(signal: AbortSignal | undefined): Promise<string | undefined> {
  const { FRIGATE_API_KEY: key, FRIGATE_USER: user, FRIGATE_PASSWORD: password } = settings;
  if (key !== "") return key;
  if (user === "") return undefined;
  const of = JSON.stringify([baseUrl(), user, password]);
  if (signedIn && signedIn.of === of && performance.now() - signedIn.at < TOKEN_MS) return signedIn.token;
  const answer = await client.post("/api/login", { user, password }, { ...(signal && { signal }) });
  if (answer.status === 401 || answer.status === 403)
    throw new ReauthRequired("Frigate does not accept FRIGATE_USER and FRIGATE_PASSWORD.");
  const found = answer.headers
    .getSetCookie()
    .map((cookie) => /^frigate_token=([^;]+)/.exec(cookie)?.[1])
    .find((value) => value !== undefined);
  if (found === undefined) throw new Error(`Frigate gave no token (${answer.status}).`);
  signedIn = { at: performance.now(), of, token: found };
  return found;
}

/** Reads JSON; throws an error that says what Frigate answered instead. */
export async function json<Value>(answer: Response): Promise<Value> {
  if (answer.ok) return (await answer.json()) as Value;
  await answer.body?.cancel();
  if (answer.status === 401)
    throw new ReauthRequired(
      `Frigate does not accept ${settings.FRIGATE_API_KEY ? "FRIGATE_API_KEY" : "the request: set FRIGATE_USER and FRIGATE_PASSWORD"}.`,
    );
  throw new Error(`Frigate answered ${answer.status}.`);
}

/** Tests the connection: asks for the version and the cameras. */
export async function test({ signal }: { signal: AbortSignal }): Promise<string> {
  const version = await ask("/api/version", { signal });
  if (!version.ok) await json(version);
  const { cameras = {} } = await json<{ cameras?: Record<string, unknown> }>(
    await ask("/api/config", { signal }),
  );
  const count = Object.keys(cameras).length;
  return `Frigate ${(await version.text()).slice(0, 40)} has ${count} ${count === 1 ? "camera" : "cameras"}.`;
}
