// What strangers have to do with a run: whether one leads it, and whether it has read what one wrote.

import type { Database } from "../db/database.ts";
import { ownerOfIntegration } from "../db/reach.ts";
import type { RunTaint } from "../policies/policy.ts";
import { isTainted } from "../taint/taint.ts";
import type { ClaimedTask } from "./claimed-task.ts";
import type { LoadedTurn } from "./load-turn.ts";

export interface Strangers extends RunTaint {
  /** Notes that a message of a stranger has joined the run. */
  lead(): void;
}

export function createStrangers({
  db,
  task,
  ...given
}: {
  db: Pick<Database, "execute">;
  task: Pick<ClaimedTask, "session_id">;
  isLed: boolean;
}): Strangers {
  let isLed = given.isLed;
  let hasRead = false;
  return {
    isLed: () => isLed,
    lead() {
      isLed = true;
    },
    /** What was read stays read. */
    async hasRead() {
      if (isLed || hasRead) return true;
      const { rows } = await db.execute(
        // Calls that are being made have not returned anything yet.
        `select ${isTainted("$1::uuid", "made.status = 'running'")} as tainted`,
        [task.session_id],
      );
      hasRead ||= rows[0]?.tainted === true;
      return hasRead;
    },
  };
}

const INTEGRATION = ownerOfIntegration("");

/** The integration whose message the run answers: the sender's, else that of the channel. */
export function senderOf({ owner }: Pick<ClaimedTask, "owner">, { channel }: Pick<LoadedTurn, "channel">) {
  const found = [owner, channel.owner].find((one) => one?.startsWith(INTEGRATION));
  return found?.slice(INTEGRATION.length) ?? null;
}
