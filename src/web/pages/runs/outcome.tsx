import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { Schema } from "../../api/client.ts";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Facts } from "../../parts/facts.tsx";
import { FileList } from "../../parts/file-list.tsx";
import { Markdown } from "../../parts/markdown.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { sentFiles } from "../../parts/sent-files.ts";
import { ServerQuestions } from "../../parts/server-questions.tsx";
import { ShortList, type ShortRow } from "../../parts/short-list.tsx";
import { Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { WaitingCalls } from "../../parts/waiting-calls.tsx";
import { CorrelationId } from "../logs/correlation-id.tsx";
import { messagesOfRun } from "./queries.ts";
import classes from "./run.module.css";
import { kindOf, labelOf, type Span, textOf } from "./spans.ts";

type TaskDetail = Schema<"TaskDetail">;

/** What the run has answered, with the files it sent, what became of its deliveries, and where it belongs. */
export function Outcome({ task, spans }: { task: TaskDetail; spans: readonly Span[] }) {
  const hasCalls = spans.some((span) => kindOf(span) === "tool");
  const deliveries = spans.filter((span) => kindOf(span) === "delivery");
  const { data: written = [] } = useQuery({ ...messagesOfRun(task), enabled: hasCalls });
  const files = written.flatMap(sentFiles);
  return (
    <section className={classes.answer} aria-label="Message and answer">
      {task.status === "waiting" && <WaitingCalls where={{ task_id: task.id }} />}
      {task.status === "running" && <ServerQuestions where={{ task_id: task.id }} />}
      {task.error !== null && (
        <Section title="Why it failed">
          <p>{task.error}</p>
        </Section>
      )}
      {task.result !== null && (
        <Section title="Answer" actions={<CopyButton text={task.result} what="answer" />}>
          <Markdown text={task.result} />
        </Section>
      )}
      {files.length > 0 && (
        <Section title="Files">
          <FileList what="Sent files" files={files} />
        </Section>
      )}
      {deliveries.length > 0 && (
        <Section title="Deliveries">
          <ShortList rows={deliveries.map(deliveryRow)} />
        </Section>
      )}
      <Section title="Message">
        <p className={classes.message}>{task.prompt}</p>
      </Section>
      {task.warnings.length > 0 && (
        <Section title="What it had to do without">
          <ul>
            {task.warnings.map((warning) => (
              <li key={warning}>{warning}</li>
            ))}
          </ul>
        </Section>
      )}
      <Section title="Where it belongs">
        <Facts
          facts={[
            ["Source", task.source ?? "Unknown"],
            task.delegation_task_id !== null && [
              "Work for",
              <Link key="a" href={`/tasks/${task.delegation_task_id}`}>
                the run that has delegated it
              </Link>,
            ],
            ["Answer goes to", task.dispatch_type],
            [
              "Session",
              <span key="s">
                <Link href={`/chat/${task.session_id}`}>The conversation</Link>,{" "}
                <Link href={`/tasks?session_id=${task.session_id}`}>its runs</Link>
              </span>,
            ],
            ["Correlation id", <CorrelationId key="c" value={task.correlation_id} />],
            task.error_code !== null && ["Error code", <code key="e">{task.error_code}</code>],
            task.merged_into !== null && [
              "Answered by",
              <Link key="m" href={`/tasks/${task.merged_into}`}>
                the run of a later message
              </Link>,
            ],
          ]}
        />
      </Section>
    </section>
  );
}

/** A run is complete although nobody has its answer, if that was given up. */
const deliveryRow = (span: Span): ShortRow => ({
  key: span.span_id,
  href: `/deliveries/${textOf(span, "heddle.delivery.id") ?? ""}`,
  lead: <Status value={textOf(span, "heddle.delivery.status") ?? "pending"} />,
  title: span.error === null ? labelOf(span) : `${labelOf(span)}: ${span.error}`,
  end: <Time at={span.started_at} />,
});
