import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { Awaited } from "../../parts/awaited.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Time } from "../../parts/time.tsx";
import { type Memory, remembered } from "./mission.ts";
import classes from "./mission-control.module.css";

/** What all bots believe now, bot by bot. */
export function MemoryTab() {
  const { data, error, refetch } = useQuery(remembered);
  if (!data) return <Awaited error={error} onRetry={() => void refetch()} />;
  if (data.bots.length === 0) {
    return (
      <Empty icon="Brain" title="Nothing is remembered yet">
        Bots remember with the tool remember. What waits for a review is under{" "}
        <Link href="/memories">Memory</Link>.
      </Empty>
    );
  }
  return (
    <div className={classes.overview}>
      {data.bots.map(({ bot_id, memories }) => (
        <Section
          key={bot_id}
          title={bot_id}
          actions={<Link href={`/memories?bot_id=${encodeURIComponent(bot_id)}`}>Review and history</Link>}
        >
          <Remembered memories={memories} />
        </Section>
      ))}
    </div>
  );
}

export function Remembered({ memories }: { memories: readonly Memory[] }) {
  if (memories.length === 0) return <p className="faint">Nothing.</p>;
  return (
    <ul className={classes.plain}>
      {memories.map(({ id, text, created_at, channel_id }) => (
        <li key={id} className={classes.event}>
          <Link href={`/memories/${id}`} className={classes.said}>
            {text}
          </Link>
          <span className={classes.by}>
            {channel_id === null ? "Everywhere" : "In one channel"} · <Time at={created_at} />
          </span>
        </li>
      ))}
    </ul>
  );
}
