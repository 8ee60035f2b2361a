// Home Assistant's REST API: https://developers.home-assistant.io/docs/api/rest

import { http, log } from "heddle/sdk";
import { account, baseUrl } from "./account.ts";
import { settings } from "./config.ts";

export const api = http({
  baseUrl,
  service: () => ({
    ...{ name: "Home Assistant", settings: ["HOMEASSISTANT_URL"] },
    ...(settings.HOMEASSISTANT_TOKEN !== ""
      ? { credentials: ["HOMEASSISTANT_TOKEN"] }
      : { credentials: [], hint: "Sign in again." }),
  }),
  headers: (): Record<string, string> =>
    settings.HOMEASSISTANT_TOKEN === "" ? {} : { authorization: `Bearer ${settings.HOMEASSISTANT_TOKEN}` },
  account,
});

/** A state as Home Assistant gives it. */
export interface State {
  entity_id: string;
  state: string;
  attributes: Record<string, unknown>;
  last_changed: string;
}

/** Tests the connection: asks what the home is called. */
export async function test({ signal }: { signal: AbortSignal }): Promise<string> {
  const answer = await api.get("/api/config", { signal });
  if (!answer.ok) throw new Error(`Home Assistant answered ${answer.status}.`);
  const { location_name, version } = (await answer.json()) as { location_name?: string; version?: string };
  if (typeof version !== "string")
    throw new Error("The answer is not Home Assistant's; is HOMEASSISTANT_URL right?");
  return `Home Assistant ${version} of "${location_name ?? "a home"}" answers.`;
}

export const nameOf = ({ entity_id, attributes }: Pick<State, "entity_id" | "attributes">): string =>
  typeof attributes.friendly_name === "string" ? attributes.friendly_name : entity_id;

/** The name of a user: that of the person in Home Assistant to whom the user belongs. Without it, what they did still counts. */
export async function nameOfUser(id: string): Promise<string> {
  const states = await api
    .get("/api/states", { timeoutSeconds: 5 })
    .json<State[]>()
    .catch((error: unknown): State[] => {
      log.warning("The name of a user cannot be read", { reason: String(error) });
      return [];
    });
  const person = states.find(
    ({ entity_id, attributes }) => entity_id.startsWith("person.") && attributes.user_id === id,
  );
  return person ? nameOf(person) : `user ${id.slice(0, 8)}`;
}
