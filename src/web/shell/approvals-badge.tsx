import { useQuery } from "@tanstack/react-query";
import { useLiveQueries } from "../api/live.ts";
import { MOST_PENDING, pendingApprovals } from "../api/queries.ts";
import { plural } from "../parts/units.tsx";
import classes from "./repairs-badge.module.css";

/** How many calls of tools wait for a person. */
export function ApprovalsBadge() {
  const { data = [] } = useQuery(pendingApprovals);
  useLiveQueries(["approval"], ["approvals"]);
  if (data.length === 0) return null;
  return (
    <span className={classes.badge} data-tone="warn">
      <span aria-hidden="true">{data.length === MOST_PENDING ? `${MOST_PENDING}+` : data.length}</span>
      <span className={classes.words}>, {plural(data.length, "call")} waiting for a person</span>
    </span>
  );
}
