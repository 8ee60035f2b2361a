// What a client is told when a run begins at the moment in which the client comes.

import { expect, test } from "bun:test";
import { createFollow, type FollowOptions } from "../../src/chat/follow.ts";
import { createLive } from "../../src/events/live.ts";
import type { Placed } from "../../src/events/log.ts";

const RUN = { task_id: "t", session_id: "s", channel_id: "c", bot_id: "b", owner: null };

test("a run that began after the log was read is not shown before its beginning", async () => {
  const live = createLive();
  const logged: Placed[] = [];
  const end = new AbortController();
  const events: FollowOptions["events"] = {
    live,
    changed: () => ({ happened: Promise.resolve("news"), cancel: () => undefined }),
    async openTask() {
      // The worker claims the task again, and its model writes, once nothing was found in the log.
      queueMicrotask(() => {
        logged.push({
          event: { type: "task.started", task_id: "t", data: { attempt: 2 } } as unknown as Placed["event"],
          cursor: { since: "5:5:" },
        });
        live.begin(RUN, 2).text(1, "Once upon ");
      });
      return {
        past: [],
        follower: {
          cursor: { since: "1:1:" },
          read: async () => ({ events: logged.splice(0), hasMore: false }),
          close: () => undefined,
        },
      };
    },
  };
  const follow = createFollow({
    db: { query: { select: () => ({ from: () => ({ where: async () => [] }) }) } as never },
    events,
    outcomes: { get: async () => ({ status: "running", merged_into: null }) as never },
  });
  const from = { task: "t", cursor: { since: "1:1:" }, part: "1.1.0", offset: 10 };
  const told: string[] = [];
  for await (const steps of follow("t", { from, signal: end.signal })) {
    told.push(...steps.map(({ event }) => event.type));
    if (told.includes("text_delta")) end.abort();
  }
  expect(told).toEqual(["text_reset", "started", "text_delta"]);
});
