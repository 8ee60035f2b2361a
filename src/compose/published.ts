// The tables of integrations, and the events that they publish, by themselves or with a change of their tables.

import type { Database } from "../db/database.ts";
import { storableJson } from "../db/storable.ts";
import { type OwnEvent, writeOwnEvent } from "../events/publish.ts";
import { tablesOf } from "../integrations/settings/tables.ts";
import type { Redact } from "../redact.ts";
import type { PublishedEvent } from "../sdk/types.ts";
import { redactDeep } from "../secrets/redact-deep.ts";

interface Parts {
  db: Database;
  redact: Redact;
  committed: () => void;
}

/** An event is for those who may read the integration's routes. */
export function openPublished(
  { db, redact, committed }: Parts,
  routeScopeOf: (integrationId: string) => string | undefined,
) {
  const eventOf = (integrationId: string, { data, ...event }: PublishedEvent): OwnEvent => ({
    ...event,
    integrationId,
    data: storableJson(redactDeep(data, redact)),
    scope: `${routeScopeOf(integrationId) ?? "integrations"}:read`,
  });
  return {
    tablesOf: (integrationId: string) =>
      tablesOf(db, integrationId, {
        write: (run, event) => writeOwnEvent(run, eventOf(integrationId, event)),
        committed,
      }),
    async publish(integrationId: string, event: PublishedEvent): Promise<void> {
      await writeOwnEvent(db.execute, eventOf(integrationId, event));
      committed();
    },
  };
}
