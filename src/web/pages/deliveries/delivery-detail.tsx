import { Link } from "wouter";
import { Awaited } from "../../parts/awaited.tsx";
import { ChangeDelivery, LastChange } from "../../parts/change-delivery.tsx";
import { CodeBlock, Json } from "../../parts/code-block.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Badge, Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { plural } from "../../parts/units.tsx";
import { useDelivery } from "../../parts/use-delivery.ts";
import { CorrelationId } from "../logs/correlation-id.tsx";

/** One delivery: what was sent where, and what the target answered. */
export function DeliveryDetail({ id, closeHref }: { id: string; closeHref: string }) {
  const { data, error, refetch } = useDelivery(id);
  if (!data) {
    return (
      <Detail title="Delivery" closeHref={closeHref}>
        <Awaited error={error} onRetry={() => void refetch()} />
      </Detail>
    );
  }
  return (
    <Detail
      title={`To ${data.dispatch_type}`}
      closeHref={closeHref}
      facts={
        <>
          <Status value={data.status} />
          {data.changed_by && <Badge>{data.changed_by.kind === "remove" ? "Withdrawn" : "Corrected"}</Badge>}
          <Time at={data.created_at} />
          <span>{plural(data.attempts, "attempt")}</span>
        </>
      }
      actions={<ChangeDelivery delivery={data} />}
    >
      {data.last_error !== null && (
        <Section title="Why the last attempt failed">
          <p>{data.last_error}</p>
        </Section>
      )}
      <Section title="Text">
        <CodeBlock text={data.text} what="text" wrap />
      </Section>
      <Section title="Where it belongs">
        <Facts
          facts={[
            data.task_id !== null && [
              "Run",
              <Link key="run" href={`/tasks/${data.task_id}`}>
                the run that wrote it
              </Link>,
            ],
            ["Delivered", <Time key="at" at={data.delivered_at} as="absolute" none="Not yet" />],
            data.changed_by !== null && ["Changed", <LastChange key="changed" delivery={data} />],
            data.changes !== null && [
              "Changes",
              <Link key="changes" href={`/deliveries/${data.changes}`}>
                what was delivered before
              </Link>,
            ],
            data.next_attempt_at !== null && [
              "Next attempt",
              <Time key="next" at={data.next_attempt_at} as="absolute" />,
            ],
            ["Correlation id", <CorrelationId key="c" value={data.correlation_id} />],
          ]}
        />
      </Section>
      {data.receipt !== null && (
        <Section title="Receipt">
          <Json value={data.receipt} what="receipt" />
        </Section>
      )}
      <Section title="Target">
        <Json value={data.dispatch_config} what="target" />
      </Section>
    </Detail>
  );
}
