// What strangers have to do with a run: whether one leads it, and whether it has read what one wrote.

import type { Database } from "../db/database.ts";
import { ownerOfIntegration } from "../db/reach.ts";
import { isTainted } from "../memory/taint.ts";
import type { Taint } from "../policies/policy.ts";
import type { LoadedTurn } from "./load-turn.ts";
import type { ClaimedTask } from "./turn.ts";

export interface Strangers {
  /** Looks into the session only if that is not known yet; what was read stays read. */
  taint(): Promise<Taint>;
  /** Notes that a message of a stranger has joined the run. */
  lead(): void;
}

export function createStrangers({
  db,
  task,
  isLed,
}: {
  db: Pick<Database, "execute">;
  task: Pick<ClaimedTask, "session_id">;
  isLed: boolean;
}): Strangers {
  let known: Taint = isLed ? "led" : "none";
  return {
    lead() {
      known = "led";
    },
    async taint() {
      if (known !== "none") return known;
      const { rows } = await db.execute(
        // Calls that are being made have not returned anything yet.
        `select ${isTainted("$1::uuid", "made.status = 'running'")} as tainted`,
        [task.session_id],
      );
      // A message may have joined meanwhile.
      if (known === "none" && rows[0]?.tainted === true) known = "read";
      return known;
    },
  };
}

const INTEGRATION = ownerOfIntegration("");

/** The integration whose message the run answers: the sender's, else that of the channel. */
export function senderOf({ owner }: Pick<ClaimedTask, "owner">, { channel }: Pick<LoadedTurn, "channel">) {
  const found = [owner, channel.owner].find((one) => one?.startsWith(INTEGRATION));
  return found?.slice(INTEGRATION.length) ?? null;
}
