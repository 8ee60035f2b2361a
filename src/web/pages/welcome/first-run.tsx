import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, take } from "../../api/client.ts";
import { useLiveQueries } from "../../api/live.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Markdown } from "../../parts/markdown.tsx";
import { Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";

/** The run that the first event started, as it goes. */
export function FirstRun({ id, onSend }: { id: string | null; onSend(): void }) {
  const queryKey = ["tasks", "one", id];
  const { data, error } = useQuery({
    queryKey,
    queryFn: () => take(api.GET("/api/v1/tasks/{id}", { params: { path: { id: id ?? "" } } })),
    enabled: id !== null,
  });
  useLiveQueries(["task", "turn", "tool"], queryKey);
  if (id === null) {
    return (
      <Empty
        icon="Activity"
        title="No run yet"
        action={
          <Button size="xs" onClick={onSend}>
            Send an event
          </Button>
        }
      >
        A run starts when an event is accepted. One that the integration ignores starts none.
      </Empty>
    );
  }
  if (error) return <ApiError error={error} />;
  if (!data) return null;
  return (
    <div role="status" aria-live="polite">
      <Facts
        facts={[
          ["Run", <Status key="status" value={data.status} />],
          ["Bot", data.bot_id],
          ["Started", <Time key="started" at={data.run_at} none="Not yet" />],
          data.completed_at !== null && ["Ended", <Time key="ended" at={data.completed_at} />],
          data.error !== null && ["Error", data.error],
        ]}
      />
      {data.result !== null && <Markdown text={data.result} />}
      <Button
        component={Link}
        href={`/tasks/${id}`}
        size="xs"
        mt="md"
        rightSection={<Icon name="ArrowRight" size={14} />}
      >
        See every step of it
      </Button>
    </div>
  );
}
