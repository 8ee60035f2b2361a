import { useQuery } from "@tanstack/react-query";
import { SUMS_MS, useLiveQueries } from "../api/live.ts";
import { REPAIR_CAUSES, repairs } from "../api/queries.ts";
import { plural } from "../parts/units.tsx";
import classes from "./repairs-badge.module.css";

/** How many things need a person; nothing while none does. Suggestions do not count. */
export function RepairsBadge() {
  const { data = [] } = useQuery(repairs);
  useLiveQueries(REPAIR_CAUSES, repairs.queryKey, { everyMs: SUMS_MS });
  const count = data.filter(({ severity }) => severity !== "info").length;
  if (count === 0) return null;
  const hasError = data.some(({ severity }) => severity === "error");
  return (
    <span className={classes.badge} data-tone={hasError ? "bad" : "warn"}>
      <span aria-hidden="true">{count}</span>
      <span className={classes.words}>, {plural(count, "thing needs", "things need")} you</span>
    </span>
  );
}
