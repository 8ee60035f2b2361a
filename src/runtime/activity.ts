// What the process is at, told to whoever listens: the watchdog, which names it when the event loop stands still. Told
// through Node's own diagnostics channels, so that nobody needs to be handed anything; unheard, it costs next to nothing.

import { channel } from "node:diagnostics_channel";

export interface Activity {
  /** Of its beginning, and the same of its end. */
  id: object;
  /** In words, such as "the tool x of task y"; undefined at its end. */
  label: string | undefined;
  /** Of its beginning: the same for programs, where one has to know it after the process has ended. */
  subject?: string | undefined;
}

/** The channel's name. */
export const ACTIVITY = "heddle:activity";

/** Does the work, and tells when it begins and when it, or what it promises, has ended. */
export function during<Result>(label: () => string, work: () => Result, subject?: () => string): Result {
  const activities = channel(ACTIVITY);
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
