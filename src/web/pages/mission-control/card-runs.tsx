import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { Awaited } from "../../parts/awaited.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Time } from "../../parts/time.tsx";
import { Cost, plural } from "../../parts/units.tsx";
import { type Card, runsOf } from "./mission.ts";
import classes from "./mission-control.module.css";

/** All runs that had to do with a card, and what they cost. */
export function CardRuns({ card }: { card: Card }) {
  const { data, error, refetch } = useQuery(runsOf(card.id));
  if (!data) return <Awaited error={error} onRetry={() => void refetch()} />;
  const { runs, total, cost_usd } = data;
  return (
    <Section title="Runs">
      <ul className={classes.plain}>
        {runs.map((run) => (
          <li key={run.task_id} className={classes.line}>
            {run.status === null ? (
              <span className="faint">A run that is not there any more</span>
            ) : (
              <Link href={`/tasks/${run.task_id}`}>
                {run.bot_id}, {run.status}
              </Link>
            )}
            <span className="faint">
              <Time at={run.at} /> · <Cost usd={run.cost_usd} />
            </span>
          </li>
        ))}
      </ul>
      <p className="faint">
        {plural(total, "run")}
        {runs.length < total && `, of which the latest ${runs.length} are listed`}. They cost{" "}
        <Cost usd={cost_usd} />.
      </p>
    </Section>
  );
}
