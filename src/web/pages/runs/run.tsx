import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { useLiveQueries } from "../../api/live.ts";
import { Awaited } from "../../parts/awaited.tsx";
import { PageFrame } from "../../parts/page-frame.tsx";
import { Split } from "../../parts/split.tsx";
import { Status } from "../../parts/status.tsx";
import { Time, useNow } from "../../parts/time.tsx";
import { Cost, Duration, Tokens } from "../../parts/units.tsx";
import { Outcome } from "./outcome.tsx";
import classes from "./run.module.css";
import { RunActions } from "./run-actions.tsx";
import { SpanDetail } from "./span-detail.tsx";
import { numberOf, type Span } from "./spans.ts";
import { useCallProgress } from "./use-call-progress.ts";
import { Waterfall } from "./waterfall.tsx";

type Task = Schema<"Task">;

interface RunProps {
  id: string;
  /** The selected step. */
  span: string | undefined;
  /** The list's filters, to go back to. */
  search: string;
}

/** One run: its steps true to time, and the selected one in detail. It grows while the run goes on. */
export function Run({ id, span, search }: RunProps) {
  const task = useQuery({
    queryKey: ["tasks", id],
    queryFn: () => take(api.GET("/api/v1/tasks/{id}", { params: { path: { id } } })),
  });
  const trace = useQuery({
    queryKey: ["tasks", id, "trace"],
    queryFn: () => take(api.GET("/api/v1/tasks/{id}/trace", { params: { path: { id } } })),
  });
  useLiveQueries(["task", "turn", "tool", "delivery"], ["tasks", id], {
    // Progress is shown from the event itself.
    concerns: (event) => event.task_id === id && event.type !== "tool.progress",
  });
  const progressOf = useCallProgress(id);
  const now = useNow();
  if (!task.data || !trace.data) {
    const retry = () => void Promise.all([task.refetch(), trace.refetch()]);
    return (
      <PageFrame title="Run" about={<Link href={`/tasks${search}`}>All runs</Link>}>
        <Awaited error={task.error ?? trace.error} onRetry={retry} />
      </PageFrame>
    );
  }
  const { spans } = trace.data;
  const hrefOf = ({ span_id }: Span) => `/tasks/${id}/${span_id}${search}`;
  const selected = spans.find(({ span_id }) => span_id === span);
  const steps = (
    <Waterfall
      spans={spans}
      selected={selected?.span_id}
      hrefOf={hrefOf}
      now={Math.max(now, Date.now())}
      progressOf={progressOf}
    />
  );
  return (
    <PageFrame
      title={`Run of ${task.data.bot_id}`}
      fill
      about={
        <>
          <Link href={`/tasks${search}`}>All runs</Link> ·{" "}
          <Link href={`/bots/${task.data.bot_id}`}>Its bot</Link>
        </>
      }
      actions={<RunActions task={task.data} />}
      bar={<Header task={task.data} spans={spans} />}
    >
      <Split
        name="run"
        main={
          <div className={classes.main}>
            <div className={classes.steps}>{steps}</div>
            {!selected && <Outcome task={task.data} spans={spans} />}
          </div>
        }
        detail={
          selected && <SpanDetail span={selected} task={task.data} closeHref={`/tasks/${id}${search}`} />
        }
      />
    </PageFrame>
  );
}

function Header({ task, spans }: { task: Task; spans: readonly Span[] }) {
  const sum = (name: string) => spans.reduce((total, span) => total + (numberOf(span, name) ?? 0), 0);
  const input = sum("gen_ai.usage.input_tokens");
  const cached = sum("gen_ai.usage.cache_read.input_tokens");
  const output = sum("gen_ai.usage.output_tokens");
  const costs = spans.flatMap((span) => numberOf(span, "heddle.cost_usd") ?? []);
  const { run_at, completed_at } = task;
  return (
    <div className={classes.header}>
      <Status value={task.status} />
      <span>
        Queued <Time at={task.created_at} as="clock" />
      </span>
      <span>
        Started <Time at={run_at} as="clock" none="not yet" />
      </span>
      <span>
        Ended <Time at={completed_at} as="clock" none="not yet" />
      </span>
      {run_at && completed_at && (
        <span>
          Took <Duration ms={Date.parse(completed_at) - Date.parse(run_at)} />
        </span>
      )}
      {input > 0 && (
        <span>
          Read <Tokens value={input} />, of which cached <Tokens value={cached} />
        </span>
      )}
      {output > 0 && (
        <span>
          Wrote <Tokens value={output} />
        </span>
      )}
      {costs.length > 0 && <Cost usd={costs.reduce((total, cost) => total + cost, 0)} />}
    </div>
  );
}
