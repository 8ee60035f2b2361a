import { Button, Group, Select, Stack, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { api, take } from "../../api/client.ts";
import { bots } from "../../api/queries.ts";
import { ApiError, notifyDone } from "../../parts/api-error.tsx";
import { Dialog } from "../../parts/dialog.tsx";
import { FormFrame } from "../../parts/form.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import { bindables, refreshChannels } from "./queries.ts";

/** Creates the channel of a place, or opens it if the place has one. */
export function NewChannel({ onClose }: { onClose(): void }) {
  const [, navigate] = useLocation();
  const [place, setPlace] = useState("");
  const [name, setName] = useState("");
  const [bot, setBot] = useState<string | null>(null);
  const { data: knownBots = [] } = useQuery(bots);
  const { data: known = [] } = useQuery(bindables);
  const examples = known.map(({ client_id_placeholder, client_id_prefix }) =>
    client_id_placeholder?.startsWith(client_id_prefix) ? client_id_placeholder : `${client_id_prefix}…`,
  );
  const create = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/v1/channels", {
          body: {
            client_id: place.trim(),
            ...(name.trim() !== "" && { name: name.trim() }),
            ...(bot !== null && { bot_id: bot }),
          },
        }),
      ),
    onSuccess: ({ id, created }) => {
      if (!created) notifyDone("This place had a channel already. It is unchanged.");
      void refreshChannels();
      navigate(`/channels/${id}`);
    },
  });
  const wrong = wrongIn(create.error);
  return (
    <Dialog onClose={onClose} title="New channel">
      <FormFrame error={create.error} onSubmit={() => create.mutate()}>
        <Stack gap="sm">
          <TextInput
            label="Place"
            description={`As its integration names it${examples.length > 0 ? `: ${examples.join(", ")}` : ""}. It cannot be changed later.`}
            required
            maxLength={500}
            error={wrong("client_id")}
            value={place}
            onChange={({ currentTarget }) => setPlace(currentTarget.value)}
            data-autofocus
          />
          <TextInput
            label="Name"
            description="What people see, if the integration has no name for the place."
            maxLength={300}
            error={wrong("name")}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <Select
            label="Bot"
            placeholder="Whichever a message names"
            clearable
            error={wrong("bot_id")}
            clearButtonProps={{ "aria-label": "Any bot" }}
            data={knownBots.map(({ id, name: label }) => ({ value: id, label }))}
            value={bot}
            onChange={setBot}
          />
          {create.error && <ApiError error={create.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={place.trim() === ""}>
              Create channel
            </Button>
          </Group>
        </Stack>
      </FormFrame>
    </Dialog>
  );
}
