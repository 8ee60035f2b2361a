import { Link } from "wouter";
import type { Schema } from "../../api/client.ts";
import { CodeBlock, Json } from "../../parts/code-block.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Badge, type Tone } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";

const TONES: Record<string, Tone> = { error: "bad", warning: "warn", info: "calm" };

interface LineDetailProps {
  /** Undefined: it is not among the lines that are here. */
  line: Schema<"ServerLogLine"> | undefined;
  id: string;
  closeHref: string;
}

/** One line with its facts, and the way to what it is about. */
export function LineDetail({ line, id, closeHref }: LineDetailProps) {
  if (!line) {
    return (
      <Detail title={`Line ${id}`} closeHref={closeHref}>
        <Empty icon="ScrollText" title="This line is not here">
          It may be too old, or not match the filters.
        </Empty>
      </Detail>
    );
  }
  const { level, part, at, message, correlation_id, properties } = line;
  const { task_id } = properties as { task_id?: unknown };
  return (
    <Detail
      title={`Line ${line.id}`}
      closeHref={closeHref}
      facts={
        <>
          <Badge tone={TONES[level] ?? "quiet"}>{level.slice(0, 1).toUpperCase() + level.slice(1)}</Badge>
          <span>{part}</span>
          <Time at={at} as="absolute" />
        </>
      }
    >
      <Section title="Message">
        <CodeBlock text={message} what="message" wrap />
      </Section>
      {(correlation_id !== null || typeof task_id === "string") && (
        <Section title="Where it belongs">
          <Facts
            facts={[
              typeof task_id === "string" && [
                "Run",
                <Link key="run" href={`/tasks/${encodeURIComponent(task_id)}`}>
                  the run that it is about
                </Link>,
              ],
              correlation_id !== null && [
                "Same cause",
                <Link key="lines" href={`/logs?correlation_id=${encodeURIComponent(correlation_id)}`}>
                  all lines of it
                </Link>,
              ],
              correlation_id !== null && ["Correlation id", <code key="id">{correlation_id}</code>],
            ]}
          />
        </Section>
      )}
      {Object.keys(properties).length > 0 && (
        <Section title="Facts">
          <Json value={properties} what="facts" />
        </Section>
      )}
    </Detail>
  );
}
