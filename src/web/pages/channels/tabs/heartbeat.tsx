import { Button, Group, NumberInput, Select, Textarea } from "@mantine/core";
import { queryOptions, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "wouter";
import { api, type Schema, take } from "../../../api/client.ts";
import { queryClient } from "../../../api/query-client.ts";
import { covers, useSession } from "../../../api/session.ts";
import { ApiError, notifyDone, notifyError } from "../../../parts/api-error.tsx";
import { ConfirmDestructive } from "../../../parts/confirm.tsx";
import { Form } from "../../../parts/form.tsx";
import { Section } from "../../../parts/page-frame.tsx";
import { Time } from "../../../parts/time.tsx";
import { useEdited } from "../../../parts/use-edited.tsx";
import { wrongIn } from "../../../parts/wrong-field.ts";
import { timingWords } from "../../schedules/timing-words.ts";

type Schedule = Schema<"Schedule">;

/** Null: the channel has none. */
const heartbeat = (id: string) =>
  queryOptions({
    queryKey: ["schedules", "heartbeat", id],
    queryFn: async (): Promise<Schedule | null> => {
      const query = { channel_id: id, heartbeat: true, limit: 1 };
      const { schedules } = await take(api.GET("/api/v1/schedules", { params: { query } }));
      return schedules[0] ?? null;
    },
  });

const refresh = () => queryClient.invalidateQueries({ queryKey: ["schedules"] });

/** Makes the channel's bot look at regular intervals whether there is something to do. */
export function Heartbeat({ channelId }: { channelId: string }) {
  const maySee = useSession(({ me }) => covers(me?.scopes ?? [], "schedules:read"));
  const mayChange = useSession(({ me }) => covers(me?.scopes ?? [], "channels.heartbeat:write"));
  const { data, error, refetch } = useQuery({ ...heartbeat(channelId), enabled: maySee });
  const [isOpen, setOpen] = useState(false);
  if (!maySee) return null;
  return (
    <Section title="Heartbeat">
      {error && <ApiError error={error} onRetry={() => void refetch()} />}
      {data === null && <p>None: the bot acts only when it is asked, or at the times of a schedule.</p>}
      {data && <State schedule={data} />}
      {mayChange && data !== undefined && !isOpen && (
        <Group gap="xs">
          <Button size="xs" variant="default" onClick={() => setOpen(true)}>
            {data ? "Change" : "Set up a heartbeat"}
          </Button>
          {data && <Actions channelId={channelId} enabled={data.enabled} />}
        </Group>
      )}
      {isOpen && <Fields channelId={channelId} schedule={data ?? null} onClose={() => setOpen(false)} />}
    </Section>
  );
}

const minutesOf = ({ timing }: Schedule): number => (timing.seconds ?? 3600) / 60;

function State({ schedule }: { schedule: Schedule }) {
  const { id, enabled, next_at, heartbeat: mode } = schedule;
  return (
    <p>
      {timingWords(schedule.timing)},{" "}
      {mode?.posts === "optional" ? "posting only what the bot decides to" : "posting each answer"};{" "}
      {enabled ? (
        <>
          next <Time at={next_at} />
        </>
      ) : (
        "paused"
      )}
      . <Link href={`/schedules/${id}`}>What became of it</Link>
    </p>
  );
}

function Actions({ channelId, enabled }: { channelId: string; enabled: boolean }) {
  const params = { path: { id: channelId } };
  const [isRemoving, setRemoving] = useState(false);
  const act = useMutation({
    mutationFn: async (action: "toggle" | "fire") => {
      if (action === "toggle")
        await take(api.POST("/api/v1/admin/channels/{id}/heartbeat/toggle", { params }));
      if (action === "fire") await take(api.POST("/api/v1/admin/channels/{id}/heartbeat/fire", { params }));
    },
    onSuccess: (_, action) => {
      if (action === "fire") notifyDone("The heartbeat runs.");
      void refresh();
    },
    onError: notifyError("The heartbeat was not changed"),
  });
  const button = (action: "toggle" | "fire", label: string) => (
    <Button size="xs" variant="default" disabled={act.isPending} onClick={() => act.mutate(action)}>
      {label}
    </Button>
  );
  return (
    <>
      {button("fire", "Run now")}
      {button("toggle", enabled ? "Pause" : "Resume")}
      <Button size="xs" variant="default" onClick={() => setRemoving(true)}>
        Remove …
      </Button>
      {isRemoving && (
        <ConfirmDestructive
          action="Remove heartbeat"
          title="Remove the heartbeat?"
          onClose={() => setRemoving(false)}
          onConfirm={async () => {
            await take(api.DELETE("/api/v1/admin/channels/{id}/heartbeat", { params }));
            void refresh();
          }}
        >
          The bot gets no more heartbeats, and their history is deleted. The runs are kept.
        </ConfirmDestructive>
      )}
    </>
  );
}

const POSTS = [
  { value: "always", label: "Each answer is posted" },
  { value: "optional", label: "Only what the bot decides to post" },
];

/** The form's values for a channel that has no heartbeat yet. */
const NONE = { updated_at: null };

interface Beat {
  interval_minutes?: number;
  posts?: "always" | "optional";
  prompt?: string | null;
}

const beatOf = (one: Schedule | typeof NONE): Beat =>
  "timing" in one
    ? {
        interval_minutes: minutesOf(one),
        posts: one.heartbeat?.posts ?? "always",
        prompt: one.content,
      }
    : {};

interface FieldsProps {
  channelId: string;
  schedule: Schedule | null;
  onClose(): void;
}

function Fields({ channelId, schedule, onClose }: FieldsProps) {
  const [minutes, setMinutes] = useState<number | string>(schedule ? minutesOf(schedule) : 60);
  const [prompt, setPrompt] = useState(schedule?.content ?? "");
  const [posts, setPosts] = useState(schedule?.heartbeat?.posts ?? "always");
  const path = { id: channelId };
  const typed: Beat = {
    interval_minutes: Number(minutes),
    posts,
    prompt: prompt.trim() === "" ? null : prompt,
  };
  const edited = useEdited({
    one: schedule ?? NONE,
    fieldsOf: beatOf,
    read: () => take(api.GET("/api/v1/admin/channels/{id}/heartbeat", { params: { path } })),
  });
  const save = useMutation({
    mutationFn: () =>
      edited.save(typed, (changed, { header }) =>
        take(
          api.PUT("/api/v1/admin/channels/{id}/heartbeat", {
            // If there was none, the form must not overwrite one that somebody else has made since: a channel has at most one.
            params: { path, header: schedule === null ? {} : header },
            body: changed,
          }),
        ),
      ),
    onSuccess: () => {
      void refresh();
      onClose();
    },
  });
  const wrong = wrongIn(save.error);
  return (
    <Form
      submit="Save heartbeat"
      busy={save.isPending}
      error={save.error}
      notice={edited.notice({
        onKeep: () => save.mutate(),
        mine: () => typed,
        onTake: (theirs, kept) => {
          const beat = { ...beatOf(theirs), ...kept };
          setMinutes(beat.interval_minutes ?? 60);
          setPrompt(beat.prompt ?? "");
          setPosts(beat.posts ?? "always");
        },
      })}
      onSubmit={() => save.mutate()}
      onCancel={onClose}
    >
      <NumberInput
        label="Minutes between two heartbeats"
        required
        hideControls
        min={1}
        max={10_080}
        allowDecimal={false}
        error={wrong("interval_minutes")}
        value={minutes}
        onChange={setMinutes}
      />
      <Textarea
        label="What to look at"
        description="Left empty, the bot looks for open questions, promises that are due and what has changed."
        autosize
        minRows={3}
        maxLength={20_000}
        error={wrong("prompt")}
        value={prompt}
        onChange={({ currentTarget }) => setPrompt(currentTarget.value)}
      />
      <Select
        label="What is posted"
        data={POSTS}
        allowDeselect={false}
        error={wrong("posts")}
        value={posts}
        onChange={(value) => value !== null && setPosts(value as typeof posts)}
      />
    </Form>
  );
}
