import { Button, Group, Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../../api/client.ts";
import { ApiError, notifyDone } from "../../../parts/api-error.tsx";
import { Dialog } from "../../../parts/dialog.tsx";
import { wrongIn } from "../../../parts/wrong-field.ts";
import { type Binding, refreshChannels } from "../queries.ts";

const SHOWN = 20;

/** Moves a binding to another channel in one step, so that no event is missed. */
export function MoveBinding({ binding, onClose }: { binding: Binding; onClose(): void }) {
  const { id, channel_id, client_id } = binding;
  const [text, setText] = useState("");
  const [target, setTarget] = useState<string | null>(null);
  const [q] = useDebouncedValue(text, 250);
  const { data = [] } = useQuery({
    queryKey: ["channels", "found", q],
    queryFn: async () => {
      const query = { limit: SHOWN, ...(q !== "" && { q }) };
      return (await take(api.GET("/api/v1/channels", { params: { query } }))).channels;
    },
    placeholderData: (before) => before,
  });
  const move = useMutation({
    mutationFn: (target_channel_id: string) =>
      take(
        api.POST("/api/v1/channels/{id}/integrations/{binding_id}/adopt", {
          params: { path: { id: channel_id, binding_id: id } },
          body: { target_channel_id },
        }),
      ),
    onSuccess: () => {
      notifyDone(`${client_id} is bound to the other channel now.`);
      void refreshChannels();
      onClose();
    },
  });
  return (
    <Dialog onClose={onClose} title="Move the binding to another channel">
      <Select
        label="Channel"
        placeholder="Search by name or place"
        searchable
        data={data
          .filter((one) => one.id !== channel_id)
          .map((one) => ({ value: one.id, label: one.display_name }))}
        // The API has searched already, in the places as well.
        filter={({ options }) => options}
        searchValue={text}
        onSearchChange={setText}
        nothingFoundMessage="No other channel has that name."
        error={wrongIn(move.error)("target_channel_id")}
        value={target}
        onChange={setTarget}
        data-autofocus
      />
      {move.error && <ApiError error={move.error} />}
      <Group justify="flex-end" mt="lg" gap="xs">
        <Button variant="default" onClick={onClose}>
          Keep it here
        </Button>
        <Button
          loading={move.isPending}
          disabled={target === null}
          onClick={() => target !== null && move.mutate(target)}
        >
          Move
        </Button>
      </Group>
    </Dialog>
  );
}
