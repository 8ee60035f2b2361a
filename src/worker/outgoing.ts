// What leaves a run when it ends: its outcome for its targets, for the place of the run that asked for it, and for those who are
// to be called back.

import { and, eq } from "drizzle-orm";
import type { TurnOutcome } from "../agent/turn.ts";
import type { Queryable } from "../db/database.ts";
import { type DeliveryPayload, tasks } from "../db/schema.ts";
import { attributionOf, authorOf } from "../dispatch/attribution.ts";
import type { NewDelivery } from "../dispatch/outbox.ts";
import { type TaskTarget, targetsOf } from "../dispatch/targets-of.ts";
import { HEARTBEAT_SOURCE } from "../schedules/heartbeat.ts";
import type { CallbackConfig } from "../sdk/types.ts";
import { askerOf } from "../sessions/end-delegated.ts";
import { isAwaited } from "./awaited.ts";
import type { Claim } from "./claim.ts";
import type { RunTaskOptions } from "./run-task.ts";

/** How a run that has an outcome has ended. */
export type EndedRun =
  | { status: "complete"; answer: TurnOutcome }
  | { status: "failed" | "cancelled" | "refused"; code: string; error: string };

type Options = Pick<RunTaskOptions, "sealer" | "log" | "dispatchers">;

/** Work is passed on a few times only; this bounds what a wrong row could cost. */
const MOST_ASKERS = 10;

/**
 * An outcome that nobody waits for goes only to places where the answer has been shown while it was written, so that they can
 * remove it.
 */
export async function outgoing(
  tx: Queryable,
  claim: Claim,
  ended: EndedRun,
  options: Options,
): Promise<NewDelivery[]> {
  const { task, hops, shown } = claim;
  const { session_id, bot_id, correlation_id } = task;
  const to = (target: TaskTarget, payload: DeliveryPayload): NewDelivery => ({
    ...{ task_id: task.id, session_id, bot_id, correlation_id },
    ...target,
    payload,
  });
  const canPost = ({ dispatch_type }: TaskTarget) =>
    options.dispatchers.get(dispatch_type)?.postMessage !== undefined;
  const mustTell = isAwaited(task, ended);
  if (!mustTell && task.streamed === null) return [];
  const payload = payloadOf(ended, { hops: hops + 1, extra_metadata: extraMetadataOf(task, shown) });
  const post: DeliveryPayload = {
    ...payload,
    kind: "post",
    ...(shown && { author: authorOf(shown.bot) }),
    reply_in_thread: task.dispatch_config.post === "thread",
  };
  // A heartbeat answers nobody, so what it has to say is posted by itself.
  const isPost = ended.status === "complete" && isHeartbeat(task);
  const told = targetsOf(task, options).flatMap((target, at) => {
    const handle = task.streamed?.[at];
    if (handle !== undefined) return [to(target, { ...payload, streamed: handle })];
    return mustTell ? [to(target, isPost && canPost(target) ? post : payload)] : [];
  });
  if (!mustTell) return told;
  const callbacks = callbacksOf(task, ended).map((target) => to(target, payload));
  const isPostedBesides =
    ended.status === "complete" &&
    askerOf(task) !== undefined &&
    typeof task.dispatch_config.post === "string";
  const places = isPostedBesides ? await placesOfAsker(tx, task, options) : [];
  return [...told, ...callbacks, ...places.filter(canPost).map((target) => to(target, post))];
}

function payloadOf(ended: EndedRun, rest: Pick<DeliveryPayload, "hops" | "extra_metadata">): DeliveryPayload {
  if (ended.status !== "complete") {
    const cancelled = ended.status === "cancelled" && { is_cancelled: true };
    return { kind: "error", text: ended.error, client_actions: [], ...rest, ...cancelled };
  }
  const { text, output, clientActions: client_actions } = ended.answer;
  return { kind: "result", text, ...(output !== undefined && { output }), client_actions, ...rest };
}

/** Its source alone could be what a sender says of a message. */
const isHeartbeat = ({ source, schedule_id }: Claim["task"]): boolean =>
  source === HEARTBEAT_SOURCE && schedule_id !== null;

function extraMetadataOf(task: Claim["task"], shown: Claim["shown"]): DeliveryPayload["extra_metadata"] {
  if (!shown) return {};
  const heartbeat = isHeartbeat(task) ? { heartbeat: true, schedule_id: task.schedule_id } : {};
  return { ...attributionOf(shown.bot, shown.metadata ?? {}), ...heartbeat };
}

/** Messages with which the run's own session, or the one that it is done for, goes on. */
function callbacksOf({ session_id, callback_config }: Claim["task"], { status }: EndedRun): TaskTarget[] {
  const { trigger_rag_loop, notify_parent, parent_session_id } = callback_config as CallbackConfig;
  const goOn = (id: string): TaskTarget => ({
    dispatch_type: "internal",
    dispatch_config: { session_id: id, run_agent: true },
  });
  return [
    ...(trigger_rag_loop && status === "complete" ? [goOn(session_id)] : []),
    ...(notify_parent && parent_session_id !== undefined ? [goOn(parent_session_id)] : []),
  ];
}

/** Where the conversation takes place in which the work was first asked for. */
async function placesOfAsker(tx: Queryable, task: Claim["task"], options: Options): Promise<TaskTarget[]> {
  let current: Pick<Claim["task"], "dispatch_type" | "dispatch_config"> = task;
  for (let passed = 0; passed < MOST_ASKERS; passed += 1) {
    const asker = askerOf(current);
    if (!asker) return [];
    const [asked] = await tx
      .select()
      .from(tasks)
      .where(and(eq(tasks.id, asker.taskId), eq(tasks.session_id, asker.sessionId)));
    if (!asked) return [];
    if (!askerOf(asked)) return targetsOf(asked, options).filter((one) => one.dispatch_type !== "internal");
    current = asked;
  }
  return [];
}
