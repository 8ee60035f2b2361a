import { SegmentedControl, Select, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { ApiFailure } from "../../api/failure.ts";
import { Form } from "../../parts/form.tsx";
import { NextTimes } from "./next-times.tsx";
import { places, type Timing } from "./queries.ts";

const KINDS = [
  { value: "cron", label: "By the clock" },
  { value: "interval", label: "Interval" },
  { value: "once", label: "Once" },
];
const ZONES = Intl.supportedValuesOf("timeZone");
const EMPTY = {
  ...{ name: "", content: "", kind: "cron", cron: "0 8 * * 1-5", minutes: "60", at: "" },
  timezone: Intl.DateTimeFormat().resolvedOptions().timeZone,
  channel: null as string | null,
};
type Draft = typeof EMPTY;

/** A form that says, while one types, when the schedule would be due. */
export function NewSchedule({ onDone, onCancel }: { onDone(id: string): void; onCancel(): void }) {
  const [draft, setDraft] = useState(EMPTY);
  const set = (change: Partial<Draft>) => setDraft({ ...draft, ...change });
  const { data: known = [] } = useQuery(places);
  const timing = timingOf(draft);
  const create = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/v1/schedules", {
          body: {
            channel_id: draft.channel ?? "",
            name: draft.name,
            content: draft.content,
            timing: timing ?? { kind: "cron" },
            timezone: draft.timezone,
          },
        }),
      ),
    onSuccess: ({ id }) => onDone(id),
  });
  const wrong = create.error instanceof ApiFailure ? create.error.field : undefined;
  return (
    <Form
      submit="Create schedule"
      busy={create.isPending}
      error={create.error}
      onSubmit={() => create.mutate()}
      onCancel={onCancel}
    >
      <TextInput
        label="Name"
        required
        maxLength={200}
        error={wrong === "name"}
        value={draft.name}
        onChange={({ currentTarget }) => set({ name: currentTarget.value })}
      />
      <Select
        label="Channel"
        required
        searchable
        data={known.map(({ id, display_name }) => ({ value: id, label: display_name }))}
        error={wrong === "channel_id"}
        value={draft.channel}
        onChange={(channel) => set({ channel })}
      />
      <Textarea
        label="Message"
        description="What the bot gets each time."
        required
        autosize
        minRows={3}
        maxLength={20_000}
        error={wrong === "content"}
        value={draft.content}
        onChange={({ currentTarget }) => set({ content: currentTarget.value })}
      />
      <SegmentedControl
        aria-label="When it is due"
        data={KINDS}
        value={draft.kind}
        onChange={(kind) => set({ kind })}
      />
      <When draft={draft} set={set} />
      <Select
        label="Time zone"
        searchable
        data={ZONES.includes(draft.timezone) ? ZONES : [draft.timezone, ...ZONES]}
        value={draft.timezone}
        onChange={(timezone) => timezone !== null && set({ timezone })}
      />
      {timing && <NextTimes timing={timing} timezone={draft.timezone} />}
    </Form>
  );
}

function When({ draft, set }: { draft: Draft; set(change: Partial<Draft>): void }) {
  if (draft.kind === "cron") {
    return (
      <TextInput
        label="Cron expression"
        description="Minute, hour, day of month, month, day of week: 0 8 * * 1-5 is 8:00 on workdays."
        required
        value={draft.cron}
        onChange={({ currentTarget }) => set({ cron: currentTarget.value })}
      />
    );
  }
  if (draft.kind === "interval") {
    return (
      <TextInput
        label="Minutes from one time to the next"
        required
        inputMode="numeric"
        value={draft.minutes}
        onChange={({ currentTarget }) => set({ minutes: currentTarget.value })}
      />
    );
  }
  return (
    <TextInput
      label="Date and time"
      description="On the clock of this browser."
      type="datetime-local"
      required
      value={draft.at}
      onChange={({ currentTarget }) => set({ at: currentTarget.value })}
    />
  );
}

/** Undefined while something is missing. */
function timingOf({ kind, cron, minutes, at }: Draft): Timing | undefined {
  if (kind === "cron") return cron.trim() === "" ? undefined : { kind, cron };
  if (kind === "interval") {
    return Number(minutes) > 0 ? { kind, seconds: Math.round(Number(minutes) * 60) } : undefined;
  }
  const time = new Date(at);
  return Number.isNaN(time.getTime()) ? undefined : { kind: "once", at: time.toISOString() };
}
