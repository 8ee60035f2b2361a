import { useQuery } from "@tanstack/react-query";
import { useLiveQueries } from "../api/live.ts";
import { unreadChats } from "../api/queries.ts";
import { plural } from "../parts/units.tsx";
import classes from "./repairs-badge.module.css";

const EVERY_MS = 2_000;

/** In how many conversations that were begun in this UI there are answers that nobody has read. */
export function UnreadBadge() {
  const { data: count = 0 } = useQuery(unreadChats);
  useLiveQueries(["task.completed"], unreadChats.queryKey, { everyMs: EVERY_MS });
  if (count === 0) return null;
  return (
    <span className={classes.badge} data-tone="calm">
      <span aria-hidden="true">{count}</span>
      <span className={classes.words}>, {plural(count, "conversation")} with unread answers</span>
    </span>
  );
}
