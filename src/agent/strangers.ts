// What strangers have to do with a run: whether one leads it, and whether it has read what one wrote.

import type { Database } from "../db/database.ts";
import { ownerOfIntegration } from "../db/reach.ts";
import type { RunTaint, ToolFacts } from "../policies/policy.ts";
import { isTainted } from "../taint/taint.ts";
import type { ClaimedTask } from "./claimed-task.ts";
import type { LoadedTurn } from "./load-turn.ts";
import type { RegisteredTool } from "./tools/registry.ts";

export interface Strangers extends RunTaint {
  /** Notes that a message of a stranger has joined the run. */
  lead(): void;
}

export function createStrangers({
  db,
  task,
  tools,
  ...given
}: {
  db: Pick<Database, "execute">;
  task: Pick<ClaimedTask, "session_id">;
  /** Those that the run may call, whose descriptions it reads. */
  tools: Iterable<RegisteredTool>;
  isLed: boolean;
}): Strangers {
  const describing = new Set([...tools].filter(({ isStrangers }) => isStrangers).map(({ owner }) => owner));
  /** What a server says of its own tools asks for nothing that its results could not ask for. */
  const isDescribedBesides = ({ reference = "" }: Pick<ToolFacts, "reference">): boolean =>
    [...describing].some((owner) => !reference.startsWith(`${owner}/`));
  let isLed = given.isLed;
  let hasRead = false;
  return {
    isLed: () => isLed,
    lead() {
      isLed = true;
    },
    /** What was read stays read. */
    async hasRead(tool) {
      if (isLed || hasRead || (tool && isDescribedBesides(tool))) return true;
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
