import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../api/client.ts";
import { EMPTY, settingsOf } from "./draft.ts";
import { refreshSchedules } from "./queries.ts";
import { ScheduleForm } from "./schedule-form.tsx";

export function NewSchedule({ onDone, onCancel }: { onDone(id: string): void; onCancel(): void }) {
  const [draft, setDraft] = useState(EMPTY);
  const create = useMutation({
    mutationFn: async () =>
      take(
        api.POST("/api/v1/schedules", { body: { channel_id: draft.channel ?? "", ...settingsOf(draft) } }),
      ),
    onSuccess: ({ id }) => {
      void refreshSchedules();
      onDone(id);
    },
  });
  return (
    <ScheduleForm
      draft={draft}
      set={(change) => setDraft({ ...draft, ...change })}
      submit="Create schedule"
      busy={create.isPending}
      error={create.error}
      onSubmit={() => create.mutate()}
      onCancel={onCancel}
    />
  );
}
