// Asks Acme again and again for what it sends no webhook for. This runs in the server (in one of them, if several share a database), is
// called again after a failure, and people see its state on the integration's page.

import { log, poll, store } from "heddle/sdk";
import { askAcme } from "./client.ts";
import { handOver, leaveOut, readEvent } from "./hand-over.ts";

/** The id of the last mention that was handed over. In the store it outlasts reloads, restarts and updates. */
const CURSOR = "last_mention";

poll({
  name: "mentions",
  everySeconds: 30,
  async run({ signal }) {
    const last = (await store.get<string>(CURSOR)) ?? "";
    const response = await askAcme(`mentions?after=${encodeURIComponent(last)}`, { signal });
    if (!response.ok) throw new Error(`Acme answered ${response.status}`);
    const { mentions } = (await response.json()) as { mentions: { id?: unknown }[] };
    for (const mention of mentions) {
      const event = readEvent(mention);
      if (event) await handOver("mention", event).catch(leaveOut);
      else log.warning("A mention without id, room and text was skipped", { id: mention.id });
      // Only now: what could not be handed over is asked for again, and its key makes sure that it counts once.
      if (typeof mention.id === "string") await store.set(CURSOR, mention.id);
    }
  },
});
