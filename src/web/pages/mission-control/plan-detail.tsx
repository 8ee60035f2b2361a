import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { Link } from "wouter";
import { ApiError } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Markdown } from "../../parts/markdown.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Status } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { mission, PLAN_WORDS, type Plan, refreshMission, type Step } from "./mission.ts";
import classes from "./mission-control.module.css";
import { PlanForm } from "./plan-form.tsx";

/** The words of the status table for what a plan calls otherwise. */
const SHOWN_AS: Record<Plan["status"], string> = {
  draft: "unreviewed",
  executing: "running",
  paused: "failed",
  complete: "complete",
  abandoned: "cancelled",
};
const STEP_SHOWN_AS: Record<Step["status"], [value: string, label: string]> = {
  pending: ["pending", "To do"],
  running: ["running", "Running"],
  done: ["complete", "Done"],
  skipped: ["skipped", "Skipped"],
  failed: ["failed", "Failed"],
};

export const PlanStatus = ({ status, compact = false }: { status: Plan["status"]; compact?: boolean }) => (
  <Status value={SHOWN_AS[status]} label={PLAN_WORDS[status]} compact={compact} />
);

interface PlanDetailProps {
  id: string;
  mayWrite: boolean;
  closeHref: string;
}

export function PlanDetail({ id, mayWrite, closeHref }: PlanDetailProps) {
  const [open, setOpen] = useState<"edit" | "reject">();
  const { data, error, refetch } = useQuery({
    queryKey: ["mission", "plan", id],
    queryFn: async () => (await mission<{ plan: Plan }>("GET", `/plans/${id}`)).plan,
  });
  // The page is live, and the text may change under somebody's pointer: an approval is for what was on the screen at first, until a
  // refusal has said that it was changed.
  const [read, setRead] = useState<{ id: string; hash: string }>();
  const shown = data?.hash;
  useEffect(() => {
    if (shown !== undefined && read?.id !== id) setRead({ id, hash: shown });
  }, [shown, read, id]);
  // After a decision that came too late, the plan is shown as it is now.
  const decide = useMutation({
    mutationFn: ({ action, body = {} }: { action: "approve" | "resume"; body?: object }) =>
      mission("POST", `/plans/${id}/${action}`, body),
    onSettled: async () => {
      await refreshMission();
      setRead(undefined);
    },
  });
  if (!data) return <Awaited error={error} onRetry={() => void refetch()} />;
  const isOver = data.status === "complete" || data.status === "abandoned";
  const actions = mayWrite && !isOver && (
    <>
      {data.status === "draft" && (
        <Button
          size="xs"
          loading={decide.isPending}
          onClick={() =>
            decide.mutate({ action: "approve", body: { hash: read?.id === id ? read.hash : data.hash } })
          }
        >
          Approve and run
        </Button>
      )}
      {data.status === "paused" && (
        <Button size="xs" loading={decide.isPending} onClick={() => decide.mutate({ action: "resume" })}>
          Try the step again
        </Button>
      )}
      <Button size="xs" variant="default" onClick={() => setOpen("edit")}>
        Change
      </Button>
      <Button size="xs" variant="default" onClick={() => setOpen("reject")}>
        {data.status === "draft" ? "Reject …" : "Stop …"}
      </Button>
    </>
  );
  return (
    <Detail title={data.title} closeHref={closeHref} facts={<PlanFacts plan={data} />} actions={actions}>
      {decide.error && <ApiError error={decide.error} />}
      {open === "edit" ? (
        <PlanForm
          plan={data}
          onDone={() => {
            setOpen(undefined);
            // The person who wrote it has read it.
            void refreshMission().then(() => setRead(undefined));
          }}
          onCancel={() => setOpen(undefined)}
        />
      ) : (
        <Section title="Steps">
          <ol className={classes.plain}>
            {data.steps.map((step) => (
              <StepLine key={step.number} step={step} />
            ))}
          </ol>
        </Section>
      )}
      {open === "reject" && (
        <ConfirmDestructive
          action={data.status === "draft" ? "Reject plan" : "Stop plan"}
          title="This plan ends"
          onConfirm={async () => {
            await mission("POST", `/plans/${id}/reject`, {});
            await refreshMission();
          }}
          onClose={() => setOpen(undefined)}
        >
          No further step of “{data.title}” begins. A step that is running ends first. It cannot be taken up
          again.
        </ConfirmDestructive>
      )}
    </Detail>
  );
}

const PlanFacts = ({ plan }: { plan: Plan }) => (
  <>
    <PlanStatus status={plan.status} />
    <span>
      by {plan.created_by}, <Time at={plan.created_at} />
    </span>
    {plan.approved_by !== null && (
      <span>
        approved by {plan.approved_by}, <Time at={plan.approved_at} />
      </span>
    )}
    <Link href={`/bots/${encodeURIComponent(plan.bot_id)}`}>{plan.bot_id}</Link>
    {plan.session_id !== null && <Link href={`/chat/${plan.session_id}`}>Conversation</Link>}
  </>
);

function StepLine({ step }: { step: Step }) {
  const [value, label] = STEP_SHOWN_AS[step.status];
  return (
    <li className={classes.step}>
      <div className={classes.line}>
        <span className="number faint">{step.number}.</span>
        <span className={classes.said}>{step.content}</span>
        <Status value={value} label={label} />
        {step.task_id !== null && <Link href={`/tasks/${step.task_id}`}>Run</Link>}
      </div>
      {step.result !== null && (
        <div className={classes.result}>
          <Markdown text={step.result} />
        </div>
      )}
    </li>
  );
}
