import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, take } from "../../api/client.ts";
import { useLiveQueries } from "../../api/live.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Json } from "../../parts/code-block.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Status, statusWords } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { Bytes } from "../../parts/units.tsx";
import classes from "./first-event.module.css";
import { lastWebhook, type Webhook } from "./queries.ts";

/** Waits for a webhook, and shows the latest one as soon as it has arrived. */
export function FirstEvent({ id, name }: { id: string; name: string }) {
  const { data, error, refetch } = useQuery(lastWebhook(id));
  useLiveQueries(["inbox"], lastWebhook(id).queryKey);
  if (error) return <ApiError error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return null;
  return (
    <div role="status" aria-live="polite">
      {data === null ? (
        <div className={classes.waiting}>
          <span className={classes.pulse} />
          <div>
            <p className={classes.title}>Waiting for your first event …</p>
            <p className="faint">
              Let {name} send something, or send a test event. It appears here by itself.
            </p>
          </div>
        </div>
      ) : (
        <Received event={data} />
      )}
    </div>
  );
}

function Received({ event }: { event: Webhook }) {
  const isGood = event.verdict === "accepted" || event.verdict === "duplicate" || event.verdict === "ignored";
  const { data } = useQuery({
    queryKey: ["inbox", "event", event.id],
    queryFn: () => take(api.GET("/api/v1/inbox/{id}", { params: { path: { id: event.id } } })),
  });
  const run = event.outcomes.find(({ task_id }) => task_id !== null)?.task_id;
  return (
    <div className={classes.received} data-good={isGood || undefined}>
      <div className={classes.head}>
        <span className={classes.mark}>
          <Icon name={isGood ? "CheckCircle2" : "AlertTriangle"} size={20} />
        </span>
        <div className={classes.words}>
          <p className={classes.title}>{isGood ? "It arrived" : "It arrived, but was not taken"}</p>
          <p className="faint">{event.reason ?? MEANING[event.verdict] ?? statusWords(event.verdict)}</p>
        </div>
        <Status value={event.verdict} />
      </div>
      <Facts
        facts={[
          ["Arrived", <Time key="at" at={event.created_at} />],
          ["Size", <Bytes key="size" value={event.body_bytes} />],
          ["Sender", event.verified ? "Authenticated" : "Not authenticated by a verifier"],
        ]}
      />
      {data && data.body !== "" && (
        <div className={classes.sample}>
          <Json value={data.body} what="received sample" />
        </div>
      )}
      <div className={classes.links}>
        <Button component={Link} href={`/inbox/${event.id}`} variant="default" size="xs">
          Open it in the inbox
        </Button>
        {run && (
          <Button
            component={Link}
            href={`/tasks/${run}`}
            size="xs"
            rightSection={<Icon name="ArrowRight" size={14} />}
          >
            Watch its run
          </Button>
        )}
      </div>
    </div>
  );
}

const MEANING: Record<string, string> = {
  accepted: "It has become a message.",
  duplicate: "It is a copy of an earlier one, so nothing happened twice.",
  ignored: "The integration has no use for this kind of event. The connection works.",
};
