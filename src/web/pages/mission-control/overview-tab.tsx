import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { Awaited } from "../../parts/awaited.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Panel, Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { EventList } from "./events.tsx";
import { HOME, type Overview, overview, WAITING } from "./mission.ts";
import classes from "./mission-control.module.css";
import { SetupGuide } from "./setup-guide.tsx";

export function OverviewTab() {
  const { data, error, refetch } = useQuery(overview);
  if (!data) return <Awaited error={error} onRetry={() => void refetch()} />;
  return (
    <div className={classes.overview}>
      <SetupGuide />
      <Section title="Waits for a person">
        <Waiting waiting={data.needs_person} />
      </Section>
      <Section title="Plans that run">
        {data.plans.length === 0 && <p className="faint">None at the moment.</p>}
        <ul className={classes.plain}>
          {data.plans.map(({ id, title, steps_done, steps_total }) => (
            <li key={id} className={classes.line}>
              <Link href={`${HOME}/plans/${id}`}>{title}</Link>
              <span className="faint">
                {steps_done} of {plural(steps_total, "step")}
              </span>
            </li>
          ))}
        </ul>
      </Section>
      <Section title="Tasks">
        <div className={classes.counts}>
          {data.columns.map(({ name, task_count }) => (
            <Panel key={name}>
              <Link href={`${HOME}/board`} className={classes.count}>
                <strong className="number">{task_count}</strong>
                <span>{name}</span>
              </Link>
            </Panel>
          ))}
        </div>
      </Section>
      <Section title="What happened last">
        <EventList events={data.recent} />
      </Section>
    </div>
  );
}

function Waiting({ waiting }: { waiting: Overview["needs_person"] }) {
  if (waiting.length === 0) {
    return (
      <Empty icon="Check" title="Nothing waits for you">
        Ask a bot for a plan, or <Link href={`${HOME}/plans?add=1`}>write one</Link>.
      </Empty>
    );
  }
  const kinds = [...Map.groupBy(waiting, ({ kind }) => kind)];
  const shown = kinds.flatMap(([, ofKind]) => ofKind.slice(0, MOST_OF_A_KIND));
  const left = kinds.filter(([, ofKind]) => ofKind.length > MOST_OF_A_KIND);
  return (
    <ul className={classes.plain}>
      {shown.map(({ kind, id, title, since }) => (
        <li key={`${kind} ${id}`} className={classes.line}>
          <Badge tone={kind === "plan_stopped" || kind === "card_overdue" ? "bad" : "warn"}>
            {WAITING[kind]}
          </Badge>
          <Link href={hrefOf(kind, id)}>{title}</Link>
          <span className="faint">
            <Time at={since} />
          </span>
        </li>
      ))}
      {left.map(([kind, ofKind]) => (
        <li key={kind}>
          <Link href={pageOf(kind)}>
            {ofKind.length - MOST_OF_A_KIND} more: {WAITING[kind].toLowerCase()}
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** What else waits must not push everything else off the screen. */
const MOST_OF_A_KIND = 5;

type Kind = Overview["needs_person"][number]["kind"];

/** Where all of a kind are listed. */
function pageOf(kind: Kind): string {
  if (kind === "call_to_approve") return "/approvals?status=pending";
  return kind.startsWith("plan") ? `${HOME}/plans` : `${HOME}/board`;
}

function hrefOf(kind: Kind, id: string): string {
  if (kind === "call_to_approve") return `/approvals/${id}`;
  return kind.startsWith("plan") ? `${HOME}/plans/${id}` : `${HOME}/board?card=${id}`;
}
