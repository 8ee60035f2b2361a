import { Skeleton } from "@mantine/core";
import { Empty } from "../../parts/empty.tsx";
import { ServerQuestions } from "../../parts/server-questions.tsx";
import { WaitingCalls } from "../../parts/waiting-calls.tsx";
import { AnswerView } from "./answer-view.tsx";
import { dayText } from "./day-text.ts";
import { MessageView } from "./message-view.tsx";
import { OutgoingView } from "./outgoing-view.tsx";
import type { Entry } from "./thread.ts";
import classes from "./timeline.module.css";
import type { Thread } from "./use-thread.ts";

interface TimelineProps {
  /** The session. */
  id: string;
  thread: Thread;
  botId: string | undefined;
  /** How many of the answers nobody had read when the conversation was opened. */
  unread: number;
}

/** What was said, in order, with the days on which it was. */
export function Timeline({ id, thread, botId, unread }: TimelineProps) {
  const { entries, outgoing, isLoading, error } = thread;
  if (isLoading) return error ? null : <Loading />;
  if (entries.length === 0 && outgoing.length === 0) {
    return (
      <Empty icon="MessageSquare" title="Nothing was said here yet">
        Write the first message below.
      </Empty>
    );
  }
  const firstUnread = entries.filter(isAnswered).at(-unread)?.key;
  return (
    <>
      {entries.map((entry, index) => (
        <div key={entry.key} className={classes.entry}>
          {unread > 0 && entry.key === firstUnread && <p className={classes.unread}>New</p>}
          <Day of={timeOf(entry)} after={timeBefore(entries, index)} />
          {entry.kind === "message" ? (
            <MessageView message={entry.message} task={entry.task} />
          ) : (
            <AnswerView answer={entry} botId={botId} />
          )}
        </div>
      ))}
      <WaitingCalls where={{ session_id: id }} over={thread.over} />
      <ServerQuestions where={{ session_id: id }} />
      {outgoing.map((one) => (
        <OutgoingView key={one.key} session={id} outgoing={one} />
      ))}
    </>
  );
}

const isAnswered = (entry: Entry): boolean =>
  entry.kind === "answer" && entry.live === null && entry.pieces.at(-1)?.kind === "text";

function timeOf(entry: Entry | undefined): string | undefined {
  if (!entry) return undefined;
  return entry.kind === "message" ? entry.message.created_at : (entry.at ?? undefined);
}

/** What is still being written has no time yet. */
function timeBefore(entries: readonly Entry[], index: number): string | undefined {
  const before = entries.slice(Math.max(0, index - 2), index);
  return before.map(timeOf).findLast((at) => at !== undefined);
}

/** A line where another day begins. */
function Day({ of, after }: { of: string | undefined; after: string | undefined }) {
  if (of === undefined) return null;
  const now = new Date();
  const day = dayText(of, now);
  if (after !== undefined && dayText(after, now) === day) return null;
  return <p className={classes.day}>{day}</p>;
}

const Loading = () => (
  <div className={classes.loading} aria-busy="true" role="status" aria-label="Loading the conversation">
    <Skeleton height={38} width="45%" radius="lg" ml="auto" />
    <Skeleton height={14} width="80%" />
    <Skeleton height={14} width="64%" />
  </div>
);
