import { useQuery } from "@tanstack/react-query";
import { MOST_SCHEDULES, schedules } from "../api/queries.ts";
import { covers, useSession } from "../api/session.ts";

/** Returns the name of a schedule, its id as long as that is not known, and undefined if the schedule is deleted. */
export function useScheduleNames(): (id: string) => string | undefined {
  const maySee = useSession(({ me }) => covers(me?.scopes ?? [], "schedules:read"));
  const { data } = useQuery({ ...schedules, enabled: maySee });
  const areAll = data !== undefined && data.length < MOST_SCHEDULES;
  return (id) => data?.find((one) => one.id === id)?.name ?? (areAll ? undefined : id);
}
