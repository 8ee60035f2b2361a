import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useLocation } from "wouter";
import { api, type Schema, take } from "../../api/client.ts";
import { useLiveQueries } from "../../api/live.ts";
import { covers, useSession } from "../../api/session.ts";
import { notifyDone, notifyError } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { ConfirmDestructive } from "../../parts/confirm.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { ShortList } from "../../parts/short-list.tsx";
import { Status, statusWords } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { Cost, plural, Tokens } from "../../parts/units.tsx";
import { EditSchedule } from "./edit-schedule.tsx";
import { NextTimes } from "./next-times.tsx";
import {
  forgetSchedule,
  occurrencesOf,
  refreshSchedules,
  type Schedule,
  schedule,
  usageOf,
} from "./queries.ts";
import { ScheduleState } from "./schedule-state.tsx";
import classes from "./schedules.module.css";
import { timingWords } from "./timing-words.ts";

interface ScheduleDetailProps {
  id: string;
  mayWrite: boolean;
  closeHref: string;
  onChanged(): void;
}

export function ScheduleDetail({ id, mayWrite, closeHref, onChanged }: ScheduleDetailProps) {
  const { data, error, refetch } = useQuery(schedule(id));
  const [isEditing, setEditing] = useState(false);
  useLiveQueries(["task"], ["schedules"]);
  if (!data) {
    return (
      <Detail title="Schedule" closeHref={closeHref}>
        <Awaited error={error} onRetry={() => void refetch()} />
      </Detail>
    );
  }
  if (isEditing) {
    return (
      <Detail title={data.name} closeHref={closeHref}>
        <EditSchedule
          schedule={data}
          onDone={() => {
            setEditing(false);
            onChanged();
          }}
          onCancel={() => setEditing(false)}
        />
      </Detail>
    );
  }
  const isDue = data.enabled && data.status === "accepted" && data.next_at !== null;
  return (
    <Detail
      title={data.name}
      closeHref={closeHref}
      facts={
        <span>
          {isDue && "Due "}
          <ScheduleState schedule={data} />
        </span>
      }
      actions={
        mayWrite && (
          <Actions
            schedule={data}
            closeHref={closeHref}
            onChanged={onChanged}
            onEdit={() => setEditing(true)}
          />
        )
      }
    >
      <Section title="Message">
        <p className={classes.text}>{data.content}</p>
      </Section>
      {isDue && (
        <Section title={`Next times in ${data.timezone}`}>
          <NextTimes timing={data.timing} timezone={data.timezone} />
        </Section>
      )}
      <HowItRuns schedule={data} />
      <Used id={id} />
      <Occurrences schedule={data} />
    </Detail>
  );
}

function HowItRuns({ schedule: data }: { schedule: Schedule }) {
  return (
    <Section title="How it runs">
      <Facts
        facts={[
          ["When", timingWords(data.timing)],
          ["Time zone", data.timezone],
          [
            "Channel",
            <Link href={`/channels/${data.channel_id}`} key="channel">
              Open the channel
            </Link>,
          ],
          ["Bot", data.bot_id ?? "The channel's own"],
          ["Written by", WRITERS[data.origin]],
          [
            "While servers were away",
            data.missed === "record" ? "Recorded as missed" : "The last time runs late",
          ],
          ["If an earlier run is in progress", data.overlap === "queue" ? "Waits for its turn" : "Skipped"],
          data.heartbeat !== null && [
            "Heartbeat",
            data.heartbeat.posts === "optional" ? "Posts only what it decides to" : "Posts each answer",
          ],
          data.quiet_hours && ["Quiet hours", `From ${data.quiet_hours.start} to ${data.quiet_hours.end}`],
          data.pre_check && ["Only if there is news from", data.pre_check.tool],
          data.task_id !== null && [
            "Made in",
            <Link href={`/tasks/${data.task_id}`} key="run">
              the run of a bot
            </Link>,
          ],
        ]}
      />
    </Section>
  );
}

/** What its runs have used lately, for those who may see that. */
function Used({ id }: { id: string }) {
  const maySee = useSession(({ me }) => covers(me?.scopes ?? [], "usage:read"));
  const { data } = useQuery({ ...usageOf(id), enabled: maySee });
  if (!data) return null;
  return (
    <Section title="Used in 30 days">
      <Facts
        facts={[
          ["Model calls", plural(data.calls, "call")],
          ["Tokens", <Tokens key="tokens" value={data.prompt_tokens + data.completion_tokens} />],
          ["Cost", <Cost key="cost" usd={data.cost_usd} />],
        ]}
      />
    </Section>
  );
}

const WRITERS = { person: "A person", integration: "An integration", bot: "A bot" } as const;

function Occurrences({ schedule: { id } }: { schedule: Schedule }) {
  const { data, error, refetch } = useQuery(occurrencesOf(id));
  return (
    <Section title="What became of its times">
      {!data && <Awaited error={error} onRetry={() => void refetch()} />}
      {data && (
        <ShortList
          rows={data.map((one) => ({
            key: one.id,
            href: one.task_id === null ? `/schedules/${id}` : `/tasks/${one.task_id}`,
            lead: <Status value={one.task_status ?? one.status} />,
            title: wordsOf(one),
            end: <Time at={one.due_at} />,
          }))}
          none="It has not been due yet."
        />
      )}
    </Section>
  );
}

function wordsOf({ manual, reason, status }: Schema<"ScheduleOccurrence">): string {
  if (reason !== null) return reason;
  return manual ? "Run by hand" : status === "started" ? "At its time" : statusWords(status);
}

interface ActionsProps extends Omit<ScheduleDetailProps, "id" | "mayWrite"> {
  schedule: Schedule;
  onEdit(): void;
}

function Actions({ schedule, closeHref, onChanged, onEdit }: ActionsProps) {
  const { id, name, enabled, status } = schedule;
  const [, navigate] = useLocation();
  const [isDeleting, setDeleting] = useState(false);
  const params = { path: { id } };
  const act = useMutation({
    mutationFn: async (action: "accept" | "run" | "toggle") => {
      if (action === "accept") await take(api.POST("/api/v1/schedules/{id}/accept", { params }));
      if (action === "run") await take(api.POST("/api/v1/schedules/{id}/run", { params }));
      if (action === "toggle") {
        await take(api.PATCH("/api/v1/schedules/{id}", { params, body: { enabled: !enabled } }));
      }
    },
    onSuccess: () => {
      void refreshSchedules();
      onChanged();
    },
    onError: notifyError("The schedule was not changed"),
  });
  const button = (action: "accept" | "run" | "toggle", label: string) => (
    <Button size="xs" variant="default" disabled={act.isPending} onClick={() => act.mutate(action)}>
      {label}
    </Button>
  );
  return (
    <>
      {status === "unreviewed" ? button("accept", "Accept") : button("run", "Run now")}
      {button("toggle", enabled ? "Pause" : "Resume")}
      <Button size="xs" variant="default" onClick={onEdit}>
        Edit
      </Button>
      <Button size="xs" variant="default" onClick={() => setDeleting(true)}>
        Delete …
      </Button>
      {isDeleting && (
        <ConfirmDestructive
          action="Delete schedule"
          title={`Delete ${name}?`}
          onClose={() => setDeleting(false)}
          onConfirm={async () => {
            await take(api.DELETE("/api/v1/schedules/{id}", { params }));
            notifyDone("The schedule is deleted.");
            navigate(closeHref);
            forgetSchedule(id);
            onChanged();
          }}
        >
          It starts no more runs, and the history of its due times is deleted. The runs that it started are
          kept.
        </ConfirmDestructive>
      )}
    </>
  );
}
