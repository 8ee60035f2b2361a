import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { Link, useLocation } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import { covers, useSession } from "../../api/session.ts";
import { notifyDone, notifyError } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { Json } from "../../parts/code-block.tsx";
import { CopyButton } from "../../parts/copy-button.tsx";
import { Detail } from "../../parts/detail.tsx";
import { type Fact, Facts } from "../../parts/facts.tsx";
import { FixtureButton } from "../../parts/fixture-button.tsx";
import { Icon } from "../../parts/icon.tsx";
import { May } from "../../parts/may.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { Bytes, Duration, plural } from "../../parts/units.tsx";
import { SaveForDev } from "./save-for-dev.tsx";
import { SignatureCheck } from "./signature-check.tsx";

type Webhook = Schema<"InboxEvent">;

/** One webhook: what became of it and why, who sent it, and what it said. */
export function WebhookDetail({ id, closeHref }: { id: string; closeHref: string }) {
  const { data, error, refetch } = useQuery({
    queryKey: ["inbox", "event", id],
    queryFn: () => take(api.GET("/api/v1/inbox/{id}", { params: { path: { id } } })),
  });
  if (!data) {
    return (
      <Detail title="Webhook" closeHref={closeHref}>
        <Awaited error={error} onRetry={() => void refetch()} />
      </Detail>
    );
  }
  return (
    <Detail
      title={`${data.method} ${data.integration_id}${data.path}`}
      closeHref={closeHref}
      facts={
        <>
          <Status value={data.verdict} />
          {data.event_name !== null && <code>{data.event_name}</code>}
          <Time at={data.created_at} />
          <Bytes value={data.body_bytes} />
          <Duration ms={data.duration_ms} />
        </>
      }
      actions={
        <>
          <May scope="inbox:write">
            <Replay event={data} />
          </May>
          <Fixture event={data} />
          <SaveForDev event={data} />
        </>
      }
    >
      <Outcome event={data} />
      <SignatureCheck signature={data.signature} />
      <Section title="Headers">
        <Facts
          facts={Object.entries(data.headers).map(([name, value]) => [name, <code key={name}>{value}</code>])}
        />
      </Section>
      <Section title={data.body_truncated ? "Body (only the beginning is stored)" : "Body"}>
        {data.body === "" ? <p className="faint">Empty</p> : <Json value={data.body} what="body" />}
      </Section>
    </Detail>
  );
}

function Replay({ event }: { event: Webhook }) {
  const [, navigate] = useLocation();
  const replay = useMutation({
    mutationFn: () => take(api.POST("/api/v1/inbox/{id}/replay", { params: { path: { id: event.id } } })),
    onError: notifyError("The webhook was not replayed"),
    onSuccess: (handled) => {
      notifyDone(`Handled again: the sender would have got status ${handled.status_code}.`);
      void queryClient.invalidateQueries({ queryKey: ["inbox"] });
      if (handled.event) navigate(`/inbox/${handled.event.id}${location.search}`);
    },
  });
  return (
    <Button
      variant="default"
      size="xs"
      leftSection={<Icon name="RotateCcw" size={14} />}
      loading={replay.isPending}
      onClick={() => replay.mutate()}
    >
      Replay
    </Button>
  );
}

/** Of the first run that it has started. */
function Fixture({ event: { outcomes } }: { event: Webhook }) {
  const maySee = useSession(({ me }) => covers(me?.scopes ?? [], "tasks:read"));
  const run = outcomes.find(({ task_id }) => task_id !== null)?.task_id;
  return maySee && run ? <FixtureButton taskId={run} /> : null;
}

/** A link from the webhook to what it caused. */
const runFact = (id: string, index: number): Fact => [
  index === 0 ? "Run" : `Run ${index + 1}`,
  <Link key={id} href={`/tasks/${id}`}>
    What the bot did with it
  </Link>,
];

function Outcome({ event }: { event: Webhook }) {
  const { outcomes } = event;
  const runs = outcomes.flatMap(({ task_id }) => task_id ?? []);
  return (
    <Section title="What became of it">
      <Facts
        facts={[
          event.reason !== null && ["Reason", event.reason],
          [
            "Sender",
            event.verified ? "Authenticated by its signature or token" : "Not authenticated by a verifier",
          ],
          event.status_code !== null && [
            "Answered with",
            <span key="status">status {event.status_code}</span>,
          ],
          event.idempotency_key !== null && ["Delivery key", <code key="key">{event.idempotency_key}</code>],
          event.replay_of !== null && [
            "Replay of",
            <Link key="of" href={`/inbox/${event.replay_of}`}>
              an earlier webhook
            </Link>,
          ],
          ["Messages", outcomes.length === 0 ? "None" : plural(outcomes.length, "message")],
          ...runs.map(runFact),
          ["Arrived", <Time key="at" at={event.created_at} as="absolute" />],
          [
            "Id",
            <span key="id">
              <code>{event.id}</code> <CopyButton text={event.id} what="id" />
            </span>,
          ],
        ]}
      />
    </Section>
  );
}
