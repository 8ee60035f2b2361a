import { useQuery } from "@tanstack/react-query";
import { covers, useSession } from "../../api/session.ts";
import { Chart } from "../../parts/chart.tsx";
import { Panel, Section } from "../../parts/page-frame.tsx";
import { costText, shortCountText, tokensText } from "../../parts/units.tsx";
import { budgets } from "../budgets/queries.ts";
import classes from "./usage.module.css";
import { everyDay, type Narrowing, type Usage, uncached } from "./usage-data.ts";

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

interface DayChartsProps {
  rows: readonly Usage[];
  since: string;
  now: number;
  narrowing: Narrowing;
}

/** Tokens and cost of each day, side by side where there is room. */
export function DayCharts({ rows, since, now, narrowing }: DayChartsProps) {
  const cap = useDayCap(narrowing);
  const days = everyDay(rows, since, now);
  // Noon: the axis is in the reader's zone, and the day has the same name in nearly all of them.
  const x = days.map(([at]) => at + 43_200_000);
  const of = (pick: (row: Usage) => number) => days.map(([, row]) => (row ? pick(row) : 0));
  const cached = of((row) => row.cached_input_tokens);
  const anew = of(uncached);
  const written = of((row) => row.completion_tokens);
  const cost = of((row) => row.cost_usd ?? 0);
  const hasTokens = sum([...cached, ...anew, ...written]) > 0;
  const hasCost = sum(cost) > 0;
  if (!hasTokens && !hasCost) return null;
  return (
    <Section title="By day">
      <div className={classes.charts}>
        <Panel>
          <Chart
            label={`Tokens by day: ${tokensText(sum(cached))} cached input, ${tokensText(sum(anew))} uncached input, ${tokensText(sum(written))} output`}
            x={x}
            series={[
              { label: "Cached input tokens", data: cached, tone: "calm" },
              { label: "Uncached input tokens", data: anew, tone: "accent" },
              { label: "Output tokens", data: written, tone: "good" },
            ]}
            kind="bar"
            stacked
            height={180}
          />
        </Panel>
        {hasCost && (
          <Panel>
            <Chart
              label={`Cost by day: ${costText(sum(cost))} in all`}
              x={x}
              series={[
                { label: "Cost in US dollars", data: cost, tone: "accent" },
                ...(cap === undefined
                  ? []
                  : [{ label: "Budget of a day", data: x.map(() => cap), tone: "bad" as const, line: true }]),
              ]}
              kind="bar"
              height={180}
              format={(usd) => `$${shortCountText(usd)}`}
            />
          </Panel>
        )}
      </div>
      <p className={classes.note}>Days begin at midnight UTC.</p>
    </Section>
  );
}

/** The daily cost that a budget allows to what is in view: to the server, or to one bot or integration. */
function useDayCap({ bot_id, integration, provider, model }: Narrowing): number | undefined {
  const maySee = useSession(({ me }) => covers(me?.scopes ?? [], "budgets:read"));
  const { data } = useQuery({ ...budgets, enabled: maySee });
  if (provider !== undefined || model !== undefined || (bot_id !== undefined && integration !== undefined)) {
    return undefined;
  }
  const scope = bot_id !== undefined ? "bot" : integration !== undefined ? "integration" : "server";
  return data?.find(
    (one) =>
      one.enabled &&
      one.metric === "cost_usd" &&
      one.period === "day" &&
      one.scope === scope &&
      one.subject === (bot_id ?? integration ?? null),
  )?.amount;
}
