// What becomes of a run's outcome: a delivery for each of its targets.

import type { TurnOutcome } from "../agent/turn.ts";
import type { DeliveryPayload } from "../db/schema.ts";
import type { NewDelivery } from "../dispatch/outbox.ts";
import { targetsOf } from "../dispatch/targets-of.ts";
import { isAwaited } from "./awaited.ts";
import type { Claim } from "./claim.ts";
import type { RunTaskOptions } from "./run-task.ts";

export type EndedRun =
  | { status: "complete"; answer: TurnOutcome }
  | { status: "failed" | "cancelled" | "refused"; code: string; error: string };

/**
 * An outcome that nobody waits for goes only to places where the answer has been shown while it was written, so that they can
 * remove it.
 */
export function deliveriesOf(
  { task, hops }: Claim,
  outcome: EndedRun,
  options: Pick<RunTaskOptions, "sealer" | "log">,
): NewDelivery[] {
  const mustTell = isAwaited(task, outcome);
  if (!mustTell && task.streamed === null) return [];
  const payload = payloadOf(outcome, hops + 1);
  const { session_id, bot_id, correlation_id, streamed } = task;
  return targetsOf(task, options).flatMap((target, at) => {
    const handle = streamed?.[at];
    if (!mustTell && handle === undefined) return [];
    return [
      {
        task_id: task.id,
        session_id,
        bot_id,
        correlation_id,
        ...target,
        payload: handle === undefined ? payload : { ...payload, streamed: handle },
      },
    ];
  });
}

function payloadOf(outcome: EndedRun, hops: number): DeliveryPayload {
  const common = { extra_metadata: {}, hops };
  if (outcome.status !== "complete") {
    const { error: text, status } = outcome;
    const cancelled = status === "cancelled" && { is_cancelled: true };
    return { kind: "error", text, client_actions: [], ...common, ...cancelled };
  }
  const { text, output, clientActions } = outcome.answer;
  return {
    kind: "result",
    text,
    ...(output !== undefined && { output }),
    client_actions: clientActions,
    ...common,
  };
}
