import { Select, Table } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { ApiError } from "../../parts/api-error.tsx";
import { Panel, Section } from "../../parts/page-frame.tsx";
import { useScheduleNames } from "../../parts/schedule-names.ts";
import { Cost, countText } from "../../parts/units.tsx";
import classes from "./usage.module.css";
import { GROUPS, type Group, type Narrowing, type Usage, uncached, usageOf } from "./usage-data.ts";
import { rateText } from "./usage-totals.tsx";

interface UsageTableProps {
  group: Group;
  since: string;
  narrowing: Narrowing;
  /** The query of the page, which links keep. */
  search: string;
  onGroup(group: Group): void;
}

const TITLES: Record<Group, string> = {
  bot: "Bot",
  model: "Model",
  provider: "Provider",
  integration: "Integration",
  schedule: "Schedule",
  day: "Day",
};
const OPTIONS = GROUPS.map((value) => ({ value, label: `By ${TITLES[value].toLowerCase()}` }));

/** The numbers themselves, one row for each bot, model, provider, integration or day. */
export function UsageTable({ group, since, narrowing, search, onGroup }: UsageTableProps) {
  const { data, error, refetch } = useQuery(usageOf(group, since, narrowing));
  const rows = group === "day" ? (data ?? []) : (data ?? []).toSorted(dearestFirst);
  return (
    <Section
      title={`By ${TITLES[group].toLowerCase()}`}
      actions={
        <Select
          size="xs"
          aria-label="Group the table by"
          data={OPTIONS}
          value={group}
          onChange={(value) => onGroup((value as Group | null) ?? "bot")}
          allowDeselect={false}
          className={classes.grouping}
        />
      }
    >
      {error && <ApiError error={error} onRetry={() => void refetch()} />}
      <Panel flush>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard must be able to scroll it */}
        <section className={classes.table} tabIndex={0} aria-label="Usage as a table, scrollable">
          <Table verticalSpacing="xs" horizontalSpacing="sm">
            <Table.Thead>
              <Table.Tr>
                <Table.Th>{TITLES[group]}</Table.Th>
                <Table.Th className={classes.value}>Calls</Table.Th>
                <Table.Th className={classes.value}>Failed calls</Table.Th>
                <Table.Th className={classes.value}>Cached tokens</Table.Th>
                <Table.Th className={classes.value}>Uncached tokens</Table.Th>
                <Table.Th className={classes.value}>Output tokens</Table.Th>
                <Table.Th className={classes.value}>Cache hit rate</Table.Th>
                <Table.Th className={classes.value}>Cost</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {rows.map((row) => (
                <Row key={keyOf(row)} row={row} group={group} search={search} />
              ))}
            </Table.Tbody>
          </Table>
        </section>
      </Panel>
    </Section>
  );
}

function Row({ row, group, search }: { row: Usage; group: Group; search: string }) {
  const number = (value: number) => <Table.Td className={classes.value}>{countText(value)}</Table.Td>;
  return (
    <Table.Tr>
      <Table.Th scope="row" className={classes.name}>
        <Name row={row} group={group} search={search} />
      </Table.Th>
      {number(row.calls)}
      {number(row.failed_calls)}
      {number(row.cached_input_tokens)}
      {number(uncached(row))}
      {number(row.completion_tokens)}
      <Table.Td className={classes.value}>{rateText(row.cache_hit_rate)}</Table.Td>
      <Table.Td className={classes.value}>
        <Cost usd={row.cost_usd} />
      </Table.Td>
    </Table.Tr>
  );
}

/** Leads to the same page with only this row's calls, day by day. */
function Name({ row, group, search }: { row: Usage; group: Group; search: string }) {
  if (group === "day") return <span className="number">{row.day}</span>;
  const narrowed = narrowingOf(row, group);
  if (group === "schedule" && row.schedule_id !== null) return <ScheduleName id={row.schedule_id} />;
  const text = group === "model" ? row.model : Object.values(narrowed)[0];
  if (!text) return <span className="faint">{NONE[group] ?? "Unknown"}</span>;
  const params = new URLSearchParams(search);
  for (const [name, value] of Object.entries(narrowed)) params.set(name, value);
  params.set("by", "day");
  return (
    <>
      <Link href={`/usage?${params}`}>{text}</Link>
      {group === "model" && <span className={classes.provider}>{row.provider}</span>}
    </>
  );
}

const NONE: Partial<Record<Group, string>> = { integration: "No integration", schedule: "No schedule" };

function ScheduleName({ id }: { id: string }) {
  const nameOf = useScheduleNames();
  return <Link href={`/schedules/${id}`}>{nameOf(id) ?? "Deleted schedule"}</Link>;
}

function narrowingOf(row: Usage, group: Group): Record<string, string> {
  const found: Narrowing = {
    ...(group === "bot" && row.bot_id !== null && { bot_id: row.bot_id }),
    ...(group === "integration" && row.integration_id !== null && { integration: row.integration_id }),
    ...((group === "provider" || group === "model") && row.provider !== null && { provider: row.provider }),
    ...(group === "model" && row.model !== null && { model: row.model }),
  };
  return found as Record<string, string>;
}

const keyOf = ({ day, bot_id, provider, model, integration_id, schedule_id }: Usage): string =>
  JSON.stringify([day, bot_id, provider, model, integration_id, schedule_id]);

const tokensOf = (row: Usage): number => row.prompt_tokens + row.completion_tokens;
const dearestFirst = (one: Usage, other: Usage): number =>
  (other.cost_usd ?? 0) - (one.cost_usd ?? 0) || tokensOf(other) - tokensOf(one);
