// What a run is counted for in budgets.

import type { SpendingRun } from "../budgets/spending.ts";
import type { ClaimedTask } from "./claimed-task.ts";
import type { LoadedTurn } from "./load-turn.ts";

/** It is the integration's that its message came from, else that of its channel. */
export const spendingRun = (
  { id, attempt, bot_id, schedule_id = null, owner }: ClaimedTask,
  { channel }: LoadedTurn,
): SpendingRun => ({
  ...{ id, attempt, bot_id, schedule_id },
  integration_id: integrationIn(owner) ?? integrationIn(channel.owner),
});

const OF_INTEGRATION = "integration:";

const integrationIn = (owner: string | null | undefined): string | null =>
  owner?.startsWith(OF_INTEGRATION) ? owner.slice(OF_INTEGRATION.length) : null;
