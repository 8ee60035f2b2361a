import { useQuery } from "@tanstack/react-query";
import { api, take } from "../../api/client.ts";
import { SUMS_MS, useLiveQueries } from "../../api/live.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Chart } from "../../parts/chart.tsx";
import { Panel, Section } from "../../parts/page-frame.tsx";
import { Stat, StatRow } from "../../parts/stat.tsx";
import { costText, plural, shortCountText, tokensText } from "../../parts/units.tsx";
import { everyDay, uncached } from "../usage/usage-data.ts";
import { forecast } from "./forecast.ts";

/** Tokens and cost of this month, with what the month will cost if it goes on like this. */
export function Usage() {
  const now = new Date();
  const monthStart = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), 1));
  const { data, error, refetch } = useQuery({
    queryKey: ["usage", "month", monthStart.toISOString()],
    queryFn: async () => {
      const query = { group_by: "day", since: monthStart.toISOString() };
      return (await take(api.GET("/api/v1/usage", { params: { query } }))).usage;
    },
  });
  useLiveQueries(["task.completed", "task.failed"], ["usage"], { everyMs: SUMS_MS });
  if (error) return <ApiError error={error} onRetry={() => void refetch()} />;
  const rows = data ?? [];
  if (rows.length === 0) return null;
  const days = everyDay(rows, monthStart.toISOString(), now.getTime());
  const ofDays = (pick: (day: (typeof rows)[number]) => number) =>
    days.map(([, day]) => (day ? pick(day) : 0));
  const total = (pick: (day: (typeof rows)[number]) => number) =>
    rows.reduce((sum, day) => sum + pick(day), 0);
  const cached = total((day) => day.cached_input_tokens);
  const prompt = total((day) => day.prompt_tokens);
  const output = total((day) => day.completion_tokens);
  const isPriced = rows.some(({ cost_usd }) => cost_usd !== null);
  const cost = total((day) => day.cost_usd ?? 0);
  const unpriced = total((day) => day.unpriced_calls);
  return (
    <Section title="Models this month">
      <Panel>
        <StatRow>
          <Stat label="Cached input" value={shortCountText(cached)} note="tokens" />
          <Stat label="Uncached input" value={shortCountText(prompt - cached)} note="tokens" />
          <Stat label="Output" value={shortCountText(output)} note="tokens" />
          <Stat
            label="Cost"
            value={isPriced ? costText(cost) : "Unknown"}
            note={
              unpriced > 0 ? `without ${plural(unpriced, "call")} whose price is not known` : "US dollars"
            }
          />
          {isPriced && (
            <Stat
              label="By the end of the month"
              value={costText(forecast(cost, monthStart, now))}
              note="if it goes on like this"
            />
          )}
        </StatRow>
        {prompt + output > 0 && (
          <Chart
            label={`Tokens by day: ${tokensText(cached)} cached input, ${tokensText(prompt - cached)} uncached input, ${tokensText(output)} output`}
            // Noon: the axis is in the reader's zone, and the day has the same name in nearly all of them.
            x={days.map(([at]) => at + 43_200_000)}
            series={[
              {
                label: "Cached input tokens",
                data: ofDays(({ cached_input_tokens }) => cached_input_tokens),
                tone: "calm",
              },
              { label: "Uncached input tokens", data: ofDays(uncached), tone: "accent" },
              {
                label: "Output tokens",
                data: ofDays(({ completion_tokens }) => completion_tokens),
                tone: "good",
              },
            ]}
            kind="bar"
            stacked
            height={140}
          />
        )}
      </Panel>
    </Section>
  );
}
