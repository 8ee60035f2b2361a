// Operators' decisions about integrations: whether they are enabled, and whether their process starts by itself. Kept in
// memory on every server of the database, like settings.

import { eq } from "drizzle-orm";
import type { Database } from "../../db/database.ts";
import { followTable, type TableFollower } from "../../db/follow-table.ts";
import { type IntegrationFace, integrationStates } from "../../db/schema.ts";
import { HeddleError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { createSubscribers } from "./subscribers.ts";

export type { IntegrationFace } from "../../db/schema.ts";

export interface IntegrationState {
  /** A disabled integration is not loaded. */
  enabled: boolean;
  processAutoStart: boolean;
}

export interface IntegrationStates {
  /** Reads all states and follows changes. Call it once, before anything else. */
  load(): Promise<void>;
  /** The state of an integration. The default is that everything is on. */
  get(integrationId: string): IntegrationState;
  /** How the integration was shown when it was disabled; null if that is not known. */
  face(integrationId: string): IntegrationFace | null;
  /** Changes the given fields; they apply on this server when it resolves. */
  set(integrationId: string, state: Partial<IntegrationState> & { face?: IntegrationFace }): Promise<void>;
  /** Calls the listener after a state changed, here or on another server. Returns a function that removes it. */
  onChange(listener: StateListener): () => void;
  close(): Promise<void>;
}

export type StateListener = (integrationId: string, state: IntegrationState) => void;

export interface IntegrationStatesOptions {
  db: Database;
  log: Logger;
}

const DEFAULT_STATE: IntegrationState = Object.freeze({ enabled: true, processAutoStart: true });
const CHANNEL = "heddle_integration_states";

export function createIntegrationStates({ db, log }: IntegrationStatesOptions): IntegrationStates {
  const subscribers = createSubscribers<Parameters<StateListener>>((error, id) =>
    log.error("A change of the state of {id} could not be applied: {error}", { id, error }),
  );
  const known = new Map<string, IntegrationState>();
  const faces = new Map<string, IntegrationFace>();
  let follower: TableFollower | undefined;

  const get = (id: string) => known.get(id) ?? DEFAULT_STATE;

  async function read(integrationId: string | undefined): Promise<void> {
    const rows = await db.query
      .select()
      .from(integrationStates)
      .where(integrationId === undefined ? undefined : eq(integrationStates.integration_id, integrationId));
    const ids = integrationId === undefined ? [...known.keys()] : [integrationId];
    const fresh = new Map(ids.map((id) => [id, DEFAULT_STATE]));
    for (const { integration_id, enabled, process_auto_start, face } of rows) {
      fresh.set(integration_id, { enabled, processAutoStart: process_auto_start });
      if (face) faces.set(integration_id, face);
    }
    for (const [id, state] of fresh) replace(id, state);
  }

  function replace(id: string, state: IntegrationState): void {
    const before = get(id);
    known.set(id, state);
    if (before.enabled === state.enabled && before.processAutoStart === state.processAutoStart) return;
    subscribers.emit(id, state);
  }

  return {
    async load() {
      follower = await followTable({ db, channel: CHANNEL, read, log });
    },
    get,
    face: (id) => faces.get(id) ?? null,
    async set(id, { enabled, processAutoStart, face }) {
      if (!follower) throw new HeddleError("internal", "The states of integrations are not loaded yet.");
      const { announce, refresh } = follower;
      const changed = {
        ...(enabled !== undefined && { enabled }),
        ...(processAutoStart !== undefined && { process_auto_start: processAutoStart }),
        ...(face && { face }),
        updated_at: new Date(),
      };
      await db.query.transaction(async (tx) => {
        await tx
          .insert(integrationStates)
          .values({ integration_id: id, ...changed })
          .onConflictDoUpdate({ target: integrationStates.integration_id, set: changed });
        await announce(tx, id);
      });
      await refresh(id);
    },
    onChange: subscribers.add,
    close: async () => follower?.close(),
  };
}
