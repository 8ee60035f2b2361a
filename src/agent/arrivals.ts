import type { AttachedFile } from "../attachments/store.ts";
import type { LlmMessage } from "../llm/llm.ts";
import { fromOutside } from "../llm/outside-marks.ts";
import type { JsonObject } from "../sdk/types.ts";
import { strangersWrote } from "../taint/taint.ts";
import { attached } from "./attached.ts";
import type { ClaimedTask } from "./claimed-task.ts";
import type { ShownRun } from "./show-run.ts";

/** Returns the messages that have arrived for the run since the last call, if there may be any. */
export function createArrivals(
  {
    task,
    join,
    shown,
    onStrangers,
  }: { task: ClaimedTask; join?: Join; shown: ShownRun; onStrangers: () => void },
  steps: { takeSteered(): boolean },
): () => Promise<LlmMessage[]> {
  let mayJoin = task.mayJoin ?? false;
  return async () => {
    if (!(steps.takeSteered() || mayJoin) || !join) return [];
    mayJoin = false;
    const joined = await join(task);
    if (joined.length > 0) shown.stored();
    if (joined.some(strangersWrote)) onStrangers();
    return joined.map(joinedMessage);
  };
}

/** Takes over the messages that wait for the run, and returns them. */
export type Join = (task: ClaimedTask) => Promise<JoinedMessage[]>;

export interface JoinedMessage {
  id: string;
  content: string;
  from_person: boolean;
  dedupe_key: string | null;
  metadata: JsonObject;
  files?: AttachedFile[] | null;
}

/** A message that joined a run, as its model reads it. */
export const joinedMessage = ({ files = null, ...message }: JoinedMessage): LlmMessage => ({
  role: "user",
  content: strangersWrote(message) ? fromOutside(message) : message.content,
  ...(message.from_person && { from_person: true as const }),
  ...attached(files),
});
