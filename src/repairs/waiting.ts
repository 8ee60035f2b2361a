import type { Repair } from "./repair.ts";

/** What waits for a person: how many, since when, and how that is said. */
export function waitingFor(
  row: { count: number; since: Date | null } | undefined,
  {
    one,
    many,
    whose,
    ...repair
  }: { one: string; many: string; whose: (count: number) => string } & Pick<
    Repair,
    "kind" | "severity" | "detail" | "action" | "scope"
  >,
): Repair[] {
  if (!row || row.count === 0) return [];
  const { count, since } = row;
  const what = count === 1 ? one : `${count.toLocaleString("en")} ${many}`;
  return [
    {
      id: repair.kind,
      ...repair,
      title: `${what.charAt(0).toUpperCase()}${what.slice(1)}.`,
      blocks: whose(count),
      since,
      count,
      integration_id: null,
    },
  ];
}
