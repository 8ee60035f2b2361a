// Changes of states that people want a bot to hear of.

import { injectEvent, log, store } from "heddle/sdk";
import { shortened } from "../_keys/shortened.ts";
import { api, nameOf, type State } from "./client.ts";
import { isListed, settings } from "./config.ts";
import { isRefusal } from "./messages.ts";

/** These mean that there is no state. When a state comes back after a restart, nothing has changed. */
const NOTHING = ["unavailable", "unknown"];
const DAY_MS = 86_400_000;
const LONGEST_IDS = 2_000;

interface Change {
  before: string;
  now: State;
}

/** Tells a bot of the change, once; false if nobody wants to hear of it. */
export async function tell({ before, now }: Change): Promise<boolean> {
  const { entity_id, state, last_changed } = now;
  if (!isListed(settings.HOMEASSISTANT_ENTITIES, entity_id)) return false;
  if (before === state || NOTHING.includes(state) || NOTHING.includes(before)) return false;
  const key = shortened(`told:${entity_id}`);
  const last = await store.get<number>(key);
  const at = Date.parse(last_changed);
  if (last !== undefined && at - last < settings.HOMEASSISTANT_COOLDOWN * 1000) return false;
  if (!(await inject({ before, now }))) return false;
  // Only what was stored spends the pause.
  await store.set(key, at, { ttlSeconds: 86_400 });
  return true;
}

async function inject({ before, now }: Change): Promise<boolean> {
  const { entity_id, state, last_changed } = now;
  const unit =
    typeof now.attributes.unit_of_measurement === "string" ? ` ${now.attributes.unit_of_measurement}` : "";
  try {
    await injectEvent({
      clientId: `homeassistant:${entity_id}`,
      event: "state_changed",
      botId: settings.HOMEASSISTANT_BOT_ID,
      content: [
        `"${nameOf(now)}" (${entity_id}) changed from "${before}"${unit} to "${state}"${unit}`,
        `At: ${last_changed}`,
      ].join("\n"),
      source: "homeassistant",
      runAgent: true,
      notify: true,
      idempotencyKey: `${entity_id}@${last_changed}`,
      metadata: { entity_id, state, before },
      executionConfig: {
        system_preamble:
          "A home reports a change. Say in a sentence whether somebody should know or do something; look at further states with " +
          "homeassistant_get_states before you judge. Call no service unless your instructions say so.",
        skills: ["integrations/homeassistant/homeassistant"],
        tools: ["homeassistant_get_states"],
      },
    });
    return true;
  } catch (error) {
    // It would be refused each time, and would hold up what comes after it.
    if (!isRefusal(error)) throw error;
    log.error("A change of the home was left out, since it was refused", {
      entity_id,
      reason: String(error),
    });
    return false;
  }
}

/** Asks what changed while nobody listened, at most a day back, and tells of it. */
export async function catchUp(since: Date, signal: AbortSignal): Promise<void> {
  const states = await api.get("/api/states", { signal }).json<State[]>();
  const wanted = states.filter(({ entity_id }) => isListed(settings.HOMEASSISTANT_ENTITIES, entity_id));
  if (wanted.length === 0) return;
  const from = new Date(Math.max(since.getTime(), Date.now() - DAY_MS)).toISOString();
  const end_time = new Date().toISOString();
  const histories: State[][] = [];
  for (const ids of inAddresses(wanted.map(({ entity_id }) => entity_id))) {
    const path = `/api/history/period/${encodeURIComponent(from)}`;
    const query = { filter_entity_id: ids.join(","), end_time };
    histories.push(...(await api.get(path, { signal, query }).json<State[][]>()));
  }
  // The first of each is how it was at the beginning.
  const changes = histories.flatMap((history) =>
    history.slice(1).map((now, at): Change => ({ before: history[at]?.state ?? "unknown", now })),
  );
  changes.sort((a, b) => a.now.last_changed.localeCompare(b.now.last_changed));
  for (const change of changes) {
    signal.throwIfAborted();
    await tell(change);
  }
}

/** As many ids as an address may name: servers and proxies refuse long ones. */
function inAddresses(ids: readonly string[]): string[][] {
  const addresses: string[][] = [];
  let length = Number.POSITIVE_INFINITY;
  for (const id of ids) {
    const more = id.length + ",".length;
    length += more;
    if (length > LONGEST_IDS) {
      addresses.push([]);
      length = more;
    }
    addresses.at(-1)?.push(id);
  }
  return addresses;
}
