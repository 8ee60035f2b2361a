import { log, store } from "heddle/sdk";
import { askAcme } from "./client.ts";
import { handOver, leaveOut, readEvent } from "./hand-over.ts";

/** The id of the last reminder that was handed over. In the store it outlasts reloads, restarts and updates. */
const CURSOR = "last_reminder";

/** Hands over the reminders that are due and were not handed over yet; returns how many. */
export async function collectReminders(signal: AbortSignal): Promise<number> {
  const last = (await store.get<string>(CURSOR)) ?? "";
  const response = await askAcme(`reminders?after=${encodeURIComponent(last)}`, { signal });
  if (!response.ok) throw new Error(`Acme answered ${response.status}`);
  const { reminders } = (await response.json()) as { reminders: { id?: unknown }[] };
  let count = 0;
  for (const reminder of reminders) {
    // The rest is asked for again after the next start.
    if (signal.aborted) break;
    const event = readEvent(reminder);
    if (event) await handOver("reminder", event).catch(leaveOut);
    else log.warning("A reminder without id, room and text was skipped", { id: reminder.id });
    // Only now: what could not be handed over is asked for again, and its key makes sure that it counts once.
    if (typeof reminder.id === "string") await store.set(CURSOR, reminder.id);
    count++;
  }
  return count;
}
