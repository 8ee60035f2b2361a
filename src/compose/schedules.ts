// Schedules, what does them when they are due, and the tools with which bots make them.

import { createPostHeartbeatTool } from "../agent/tools/builtin/post-heartbeat.ts";
import { createScheduleTools } from "../agent/tools/builtin/schedules.ts";
import type { Config } from "../config/config.ts";
import { advisoryLock } from "../db/advisory-lock.ts";
import { every, type Periodic } from "../every.ts";
import type { Policies } from "../policies/policies.ts";
import { createBotSchedules } from "../schedules/bot-schedules.ts";
import { POST_HEARTBEAT } from "../schedules/heartbeat.ts";
import { createHeartbeatPosts } from "../schedules/post-heartbeat.ts";
import { purgeOccurrences } from "../schedules/purge.ts";
import { createScan } from "../schedules/scan.ts";
import { createSchedules } from "../schedules/schedules.ts";
import type { Closers } from "./closers.ts";
import type { Content } from "./content.ts";
import type { Conversation } from "./conversation.ts";
import { createScheduleChecks } from "./schedule-checks.ts";
import type { Storage } from "./storage.ts";

const SCAN_MS = 5_000;
const PURGE_MS = 3_600_000;

export function openSchedules(
  config: Config,
  storage: Storage,
  content: Pick<Content, "tools">,
  policies: Pick<Policies, "decide">,
  { channelSessions, sessions }: Pick<Conversation, "channelSessions" | "sessions">,
  closers: Closers,
) {
  const { db } = storage;
  const { tools } = content;
  const stopping = new AbortController();
  const log = storage.log.getChild("schedules");
  const now = () => new Date();
  const schedules = createSchedules({ db, timezone: config.timezone, now });
  const scan = createScan({
    db,
    log,
    now,
    call: createScheduleChecks(storage, content, policies, stopping.signal),
    activeSession: channelSessions.active,
    inject: sessions.inject,
  });
  for (const tool of createScheduleTools(createBotSchedules({ db, schedules }))) tools.add("core", tool);
  tools.add(
    "core",
    createPostHeartbeatTool({
      name: POST_HEARTBEAT,
      ...createHeartbeatPosts({ query: db.query, inject: sessions.inject }),
    }),
  );
  const running: Periodic[] = [];
  let isClosed = false;
  closers.push(async () => {
    isClosed = true;
    stopping.abort();
    for (const one of running) await one.close();
  });
  return {
    ...schedules,
    timezone: config.timezone,
    async runNow(...given: Parameters<typeof schedules.runNow>) {
      return scan.fire((await schedules.runNow(...given)).id);
    },
    /** Begins to look for what is due. */
    start(): void {
      if (isClosed) return;
      const looking = every({
        name: "Looking for what is due",
        ms: SCAN_MS,
        run: scan.run,
        log,
        atOnce: true,
        led: advisoryLock(db, "heddle schedules"),
      });
      const purging = every({
        name: "Deleting old occurrences of schedules",
        ms: PURGE_MS,
        run: () => purgeOccurrences(db, now()),
        log,
        led: advisoryLock(db, "heddle schedules purge"),
      });
      running.push(looking, purging);
    },
  };
}
