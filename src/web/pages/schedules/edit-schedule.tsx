import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { useEdited } from "../../parts/use-edited.tsx";
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
  const path = { id: schedule.id };
  const edited = useEdited({
    one: schedule,
    fieldsOf: (one) => settingsOf(draftOf(one)),
    read: () => take(api.GET("/api/v1/schedules/{id}", { params: { path } })),
  });
  const save = useMutation({
    // What is the same is left alone: an interval goes on from where it was counted, and a check may name a tool that whoever
    // edits may not use.
    mutationFn: async () =>
      edited.save(settingsOf(draft), (body, { header }) =>
        take(api.PATCH("/api/v1/schedules/{id}", { params: { path, header }, body })),
      ),
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
      notice={edited.notice({
        onKeep: () => save.mutate(),
        mine: () => settingsOf(draft),
        onTake: (theirs, kept) => setDraft(draftOf({ ...theirs, ...kept })),
      })}
      onSubmit={() => save.mutate()}
      onCancel={onCancel}
    />
  );
}
