import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { draftOf, settingsOf } from "./draft.ts";
import { refreshSchedules, type Schedule } from "./queries.ts";
import { ScheduleForm } from "./schedule-form.tsx";

interface EditScheduleProps {
  schedule: Schedule;
  onDone(): void;
  onCancel(): void;
}

export function EditSchedule({ schedule, onDone, onCancel }: EditScheduleProps) {
  const [draft, setDraft] = useState(() => draftOf(schedule));
  const save = useMutation({
    mutationFn: async () => {
      const before = new Map(Object.entries(settingsOf(draftOf(schedule))));
      const isNew = ([field, value]: [string, unknown]) =>
        JSON.stringify(value) !== JSON.stringify(before.get(field));
      // What is the same is left alone: an interval goes on from where it was counted, and a check may name a tool that whoever
      // edits may not use.
      const body: Partial<ReturnType<typeof settingsOf>> = Object.fromEntries(
        Object.entries(settingsOf(draft)).filter(isNew),
      );
      return take(api.PATCH("/api/v1/schedules/{id}", { params: { path: { id: schedule.id } }, body }));
    },
    onSuccess: () => {
      void refreshSchedules();
      onDone();
    },
  });
  return (
    <ScheduleForm
      draft={draft}
      set={(change) => setDraft({ ...draft, ...change })}
      submit="Save schedule"
      isOld
      busy={save.isPending}
      error={save.error}
      onSubmit={() => save.mutate()}
      onCancel={onCancel}
    />
  );
}
