import { Button, Textarea } from "@mantine/core";
import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { ApiError } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Form } from "../../parts/form.tsx";
import { Time } from "../../parts/time.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import { HOME, journal, mission, refreshMission, type TimelineEvent, timeline } from "./mission.ts";
import classes from "./mission-control.module.css";

export const Events = () => <PagedEvents of={timeline} />;

function PagedEvents({ of, none }: { of: typeof timeline; none?: string }) {
  const { data, error, refetch, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(of);
  if (!data) return <Awaited error={error} onRetry={() => void refetch()} />;
  return (
    <>
      <EventList events={data.pages.flatMap(({ events }) => events)} {...(none && { none })} />
      {error && <ApiError error={error} onRetry={() => void refetch()} />}
      {hasNextPage && (
        <Button
          className={classes.earlier}
          size="xs"
          variant="default"
          loading={isFetchingNextPage}
          onClick={() => void fetchNextPage()}
        >
          Show earlier ones
        </Button>
      )}
    </>
  );
}

export function Journal({ mayWrite }: { mayWrite: boolean }) {
  const [content, setContent] = useState("");
  const write = useMutation({
    mutationFn: () => mission("POST", "/journal", { content }),
    onSuccess: () => {
      setContent("");
      void refreshMission();
    },
  });
  return (
    <div className={classes.journal}>
      {mayWrite && (
        <Form
          submit="Write it down"
          busy={write.isPending}
          error={write.error}
          onSubmit={() => write.mutate()}
        >
          <Textarea
            label="What was learned or decided"
            required
            autosize
            minRows={2}
            maxLength={5000}
            error={wrongIn(write.error)("content")}
            value={content}
            onChange={(event) => setContent(event.currentTarget.value)}
          />
        </Form>
      )}
      <PagedEvents
        of={journal}
        none="Nothing was written down yet. Bots write here as well, with append_timeline_event."
      />
    </div>
  );
}

const NONE = "Nothing has happened yet. Tasks and plans write their lines here, and bots tell what they did.";

export function EventList({ events, none = NONE }: { events: readonly TimelineEvent[]; none?: string }) {
  if (events.length === 0)
    return (
      <Empty icon="History" title="Nothing here yet">
        {none}
      </Empty>
    );
  return (
    <ol className={classes.plain}>
      {events.map(({ id, at, content, actor, plan_id, task_id, card_id }) => (
        <li key={id} className={classes.event}>
          <span className={classes.said}>{content}</span>
          <span className={classes.by}>
            {actor} · <Time at={at} />
            {plan_id !== null && <Link href={`${HOME}/plans/${plan_id}`}>Plan</Link>}
            {card_id !== null && <Link href={`${HOME}/board?card=${card_id}`}>Task</Link>}
            {task_id !== null && <Link href={`/tasks/${task_id}`}>Run</Link>}
          </span>
        </li>
      ))}
    </ol>
  );
}
