import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import type { Schema } from "../../api/client.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { ChangeDelivery, LastChange } from "../../parts/change-delivery.tsx";
import { Json } from "../../parts/code-block.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Facts } from "../../parts/facts.tsx";
import { FileList } from "../../parts/file-list.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { sentFiles } from "../../parts/sent-files.ts";
import { Badge, Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { Cost, Duration, Tokens } from "../../parts/units.tsx";
import { useDelivery } from "../../parts/use-delivery.ts";
import { ContextTable } from "./context-table.tsx";
import { messagesOfRun } from "./queries.ts";
import { kindOf, labelOf, numberOf, type Span, textOf } from "./spans.ts";

type Task = Schema<"Task">;

/** One step of a run. */
export function SpanDetail({ span, task, closeHref }: { span: Span; task: Task; closeHref: string }) {
  const kind = kindOf(span);
  return (
    <Detail
      title={labelOf(span)}
      closeHref={closeHref}
      facts={
        <>
          <Time at={span.started_at} as="clock" />
          {span.duration_ms !== null && <Duration ms={span.duration_ms} />}
          {span.error !== null && <Badge tone="bad">Failed</Badge>}
        </>
      }
    >
      {span.error !== null && (
        <Section title="Why it failed">
          <p>{span.error}</p>
        </Section>
      )}
      {kind === "model" && <ModelCall span={span} />}
      {kind === "tool" && <ToolCall span={span} task={task} />}
      {kind === "approval" && <ApprovalOf id={textOf(span, "heddle.approval.id")} />}
      {kind === "delivery" && <DeliveryOf id={textOf(span, "heddle.delivery.id")} />}
      {kind === "webhook" && <WebhookOf id={textOf(span, "heddle.inbox_event.id")} />}
      <Section title="Attributes">
        <Json value={span.attributes} what="attributes" />
      </Section>
    </Detail>
  );
}

function ModelCall({ span }: { span: Span }) {
  const input = numberOf(span, "gen_ai.usage.input_tokens");
  const cached = numberOf(span, "gen_ai.usage.cache_read.input_tokens") ?? 0;
  const output = numberOf(span, "gen_ai.usage.output_tokens");
  return (
    <>
      <Section title="Tokens and cost">
        <Facts
          facts={[
            input !== undefined && ["Read", <Tokens key="in" value={input} />],
            input !== undefined && ["of which cached", <Tokens key="c" value={cached} />],
            output !== undefined && ["Written", <Tokens key="out" value={output} />],
            input === undefined && ["Tokens", "The endpoint reported none"],
            ["Cost", <Cost key="cost" usd={numberOf(span, "heddle.cost_usd")} />],
            ["Call", `number ${numberOf(span, "heddle.iteration") ?? 1} of the run`],
          ]}
        />
      </Section>
      <ContextTable context={span.attributes["heddle.context"]} cached={cached} />
    </>
  );
}

/** Arguments and result are in the session's messages, because a trace has no content. */
function ToolCall({ span, task }: { span: Span; task: Task }) {
  const callId = textOf(span, "gen_ai.tool.call.id");
  const { data: own = [], isSuccess, error } = useQuery(messagesOfRun(task));
  if (error) return <ApiError error={error} />;
  const call = own.flatMap(({ tool_calls }) => tool_calls ?? []).find(({ id }) => id === callId);
  const result = own.find(({ tool_call_id }) => tool_call_id === callId);
  const work = textOf(span, "heddle.delegated.task_id");
  if (isSuccess && !call)
    return (
      <p className="faint">
        The run has written more than this page reads, and its arguments are further back.
      </p>
    );
  return (
    <>
      {work !== undefined && (
        <p>
          <Link href={`/tasks/${work}`}>The run that does this piece of work</Link>
        </p>
      )}
      {call && (
        <Section title="Arguments">
          <Json value={call.arguments} what="arguments" />
        </Section>
      )}
      {result && (
        <Section title="Result">
          <Json value={result.content} what="result" />
        </Section>
      )}
      {result && result.files.length > 0 && (
        <Section title="Files">
          <FileList what="Sent files" files={sentFiles(result)} />
        </Section>
      )}
    </>
  );
}

function DeliveryOf({ id }: { id: string | undefined }) {
  const { data, error } = useDelivery(id);
  if (error) return <ApiError error={error} />;
  if (!data) return null;
  return (
    <Section
      title="Delivery"
      actions={
        <>
          <ChangeDelivery delivery={data} />
          <Link href={`/deliveries/${data.id}`}>Open</Link>
        </>
      }
    >
      <Facts
        facts={[
          ["Status", <Status key="s" value={data.status} />],
          ["Attempts", String(data.attempts)],
          data.changed_by !== null && ["Changed", <LastChange key="c" delivery={data} />],
          data.next_attempt_at !== null && ["Next attempt", <Time key="n" at={data.next_attempt_at} />],
        ]}
      />
      {data.receipt !== null && <Json value={data.receipt} what="receipt" />}
    </Section>
  );
}

function ApprovalOf({ id }: { id: string | undefined }) {
  if (id === undefined) return null;
  return (
    <p>
      <Link href={`/approvals/${id}`}>What was asked, and who decided it</Link>
    </p>
  );
}

function WebhookOf({ id }: { id: string | undefined }) {
  if (id === undefined) return null;
  return (
    <p>
      <Link href={`/inbox/${id}`}>The webhook with its headers and body</Link>
    </p>
  );
}
