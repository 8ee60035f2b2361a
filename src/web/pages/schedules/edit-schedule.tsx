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
      const { timing, ...others } = settingsOf(draft);
      // Left alone, so that an interval goes on from where it was counted.
      const isSame = JSON.stringify(timing) === JSON.stringify(settingsOf(draftOf(schedule)).timing);
      const params = { path: { id: schedule.id } };
      return take(
        api.PATCH("/api/v1/schedules/{id}", { params, body: isSame ? others : { ...others, timing } }),
      );
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
