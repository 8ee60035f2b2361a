// Whether each integration was live, day by day. The leader looks every few seconds, so that a database with several servers counts
// each second once.

import type { Database } from "../db/database.ts";
import { integrationDays } from "../db/schema.ts";
import type { IntegrationView } from "../integrations/registry/view.ts";
import { createDays, type Day, type Days, type Seen } from "./days.ts";

export interface IntegrationHealth extends Pick<Days, "flush" | "forget"> {
  /** Looks at all integrations, and counts the time since the last call. */
  look(): void;
  of(id: string): Promise<Day[]>;
}

export interface IntegrationHealthOptions {
  db: Pick<Database, "query">;
  integrations: { list(): IntegrationView[] };
  now: () => number;
  onError(error: unknown): void;
}

export function createIntegrationHealth(options: IntegrationHealthOptions): IntegrationHealth {
  const days = createDays(options, { table: integrationDays, incidents: "problems" });
  let known = new Set<string>();
  return {
    look() {
      const views = options.integrations.list();
      const ids = new Set(views.map(({ id }) => id));
      for (const id of known) if (!ids.has(id)) days.saw(id, undefined);
      known = ids;
      for (const view of views) days.saw(view.id, seenIntegration(view));
      days.tick();
    },
    forget: days.forget,
    flush: days.flush,
    of: days.of,
  };
}

/** A disabled one, or one that waits for approval, is not meant to be live. */
function seenIntegration({ enabled, isLive, error }: IntegrationView): Seen {
  if (!enabled) return { is: undefined, incident: null, lastError: null };
  const is = isLive ? "up" : error ? "down" : undefined;
  return { is, incident: error && "does not load", lastError: error?.reason ?? null };
}
