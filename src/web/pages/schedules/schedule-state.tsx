import { Badge } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import type { Schedule } from "./queries.ts";

/** When it is due next, or why it is not. */
export function ScheduleState({ schedule: { status, enabled, next_at } }: { schedule: Schedule }) {
  if (status === "unreviewed") return <Badge tone="warn">Waits for review</Badge>;
  if (!enabled) return <Badge>Paused</Badge>;
  return next_at === null ? <Badge>Over</Badge> : <Time at={next_at} />;
}
