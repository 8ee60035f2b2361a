import { useQuery } from "@tanstack/react-query";
import { Panel } from "../../parts/page-frame.tsx";
import { Stat, StatRow } from "../../parts/stat.tsx";
import { costText, plural, shortCountText } from "../../parts/units.tsx";
import { forecast } from "../overview/forecast.ts";
import { type Narrowing, uncached, usageOf } from "./usage-data.ts";

/** The sums of the time in view, and what this month will have cost at its end. */
export function Totals({ since, narrowing, now }: { since: string; narrowing: Narrowing; now: number }) {
  const today = new Date(now);
  const monthStart = new Date(Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), 1));
  const { data } = useQuery(usageOf("total", since, narrowing));
  const { data: month } = useQuery(usageOf("total", monthStart.toISOString(), narrowing));
  const total = data?.[0];
  const monthCost = month?.[0]?.cost_usd ?? null;
  if (!total) return null;
  return (
    <Panel>
      <StatRow>
        <Stat label="Calls" value={shortCountText(total.calls)} note={failedText(total.failed_calls)} />
        <Stat label="Cached input" value={shortCountText(total.cached_input_tokens)} note="tokens" />
        <Stat label="Uncached input" value={shortCountText(uncached(total))} note="tokens" />
        <Stat label="Output" value={shortCountText(total.completion_tokens)} note="tokens" />
        <Stat
          label="Cache hit rate"
          value={rateText(total.cache_hit_rate)}
          note={total.cache_hit_rate === null ? "no provider tells it" : "of what was read"}
        />
        <Stat
          label="Cost"
          value={total.cost_usd === null ? "Unknown" : costText(total.cost_usd)}
          note={unpricedText(total.unpriced_calls)}
        />
        {monthCost !== null && (
          <Stat
            label="Month's forecast"
            value={costText(forecast(monthCost, monthStart, today))}
            note={`${costText(monthCost)} so far`}
          />
        )}
      </StatRow>
    </Panel>
  );
}

export const rateText = (rate: number | null): string =>
  rate === null ? "Unknown" : `${(100 * rate).toFixed(rate > 0 && rate < 0.1 ? 1 : 0)} %`;

const failedText = (failed: number): string =>
  failed === 0 ? "none failed" : `${plural(failed, "call")} failed`;

const unpricedText = (unpriced: number): string =>
  unpriced === 0 ? "US dollars" : `without ${plural(unpriced, "call")} whose price is not known`;
