// Publishes what this process is currently doing. The watchdog subscribes, so that it can name the activity when the
// event loop is blocked. Node's diagnostics channels carry it, so no listener has to be passed around; without a
// subscriber it costs next to nothing.

import { channel } from "node:diagnostics_channel";

export interface Activity {
  /** Identifies the activity: the end event carries the same object as the start event. */
  id: object;
  /** A description such as "the tool x of task y"; undefined in the end event. */
  label: string | undefined;
  /**
   * Start event only: a machine-readable name for the activity, for readers that need it after the process has died.
   */
  subject?: string | undefined;
}

/** Kept for as long as the process lives: Bun forgets a channel that nobody refers to, together with its subscribers. */
const activities = channel("heddle:activity");

/** Calls the listener at the start and at the end of each activity. Returns what ends that. */
export function followActivities(listener: (activity: Activity) => void): () => void {
  const onMessage = (message: unknown) => listener(message as Activity);
  activities.subscribe(onMessage);
  return () => void activities.unsubscribe(onMessage);
}

/** Runs `work` and publishes its start and its end; if it returns a promise, the end is when that settles. */
export function during<Result>(label: () => string, work: () => Result, subject?: () => string): Result {
  if (!activities.hasSubscribers) return work();
  const id = {};
  activities.publish({ id, label: label(), subject: subject?.() } satisfies Activity);
  const end = () => activities.publish({ id, label: undefined } satisfies Activity);
  let isPending = false;
  try {
    const result = work();
    if (result instanceof Promise) {
      isPending = true;
      void result.then(end, end);
    }
    return result;
  } finally {
    if (!isPending) end();
  }
}
