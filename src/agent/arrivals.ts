import type { AttachedFile } from "../attachments/store.ts";
import type { LlmMessage } from "../llm/llm.ts";
import { attached } from "./attached.ts";
import type { ShownRun } from "./show-run.ts";
import type { AgentOptions, ClaimedTask } from "./turn.ts";

/** Returns the messages that have arrived for the run since the last call, if there may be any. */
export function createArrivals(
  { task, join, shown }: Pick<AgentOptions, "join"> & { task: ClaimedTask; shown: ShownRun },
  steps: { takeSteered(): boolean },
): () => Promise<LlmMessage[]> {
  let mayJoin = task.mayJoin ?? false;
  return async () => {
    if (!(steps.takeSteered() || mayJoin) || !join) return [];
    mayJoin = false;
    const joined = await join(task);
    if (joined.length > 0) shown.stored();
    return joined.map(joinedMessage);
  };
}

export interface JoinedMessage {
  content: string;
  from_person: boolean;
  files?: AttachedFile[] | null;
}

/** A message that joined a run, as its model reads it. */
export const joinedMessage = ({ content, from_person, files = null }: JoinedMessage): LlmMessage => ({
  role: "user",
  content,
  ...(from_person && { from_person: true as const }),
  ...attached(files),
});
