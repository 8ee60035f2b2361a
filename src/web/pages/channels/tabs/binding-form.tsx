import { Button, Group, Select, Stack, Switch, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, take } from "../../../api/client.ts";
import { isChangedMeanwhile } from "../../../api/failure.ts";
import { integrations } from "../../../api/queries.ts";
import { ApiError, notifyDone } from "../../../parts/api-error.tsx";
import { Dialog } from "../../../parts/dialog.tsx";
import { FormFrame } from "../../../parts/form.tsx";
import { type IfMatch, useEdited } from "../../../parts/use-edited.tsx";
import { type Wrong, wrongIn } from "../../../parts/wrong-field.ts";
import { type Bindable, type Binding, type Channel, refreshChannels } from "../queries.ts";
import { ConfigFields, EventFilter } from "./binding-fields.tsx";

interface BindingFormProps {
  channel: Channel;
  offered: readonly Bindable[];
  /** Missing: a new one is made. */
  binding?: Binding;
  onClose(): void;
}

interface Fields {
  client_id: string;
  display_name: string;
  event_filter: string[] | null;
  config: Record<string, unknown>;
  mirror: boolean;
}

const EMPTY: Fields = { client_id: "", display_name: "", event_filter: null, config: {}, mirror: true };

/** Binds a place to the channel, or changes a binding. The fields are those that the integration declares. */
export function BindingForm({ channel, offered, binding, onClose }: BindingFormProps) {
  const [type, setType] = useState<string | null>(
    binding?.integration_type ?? offered[0]?.integration_type ?? null,
  );
  const [base, setBase] = useState(binding);
  const [changed, setChanged] = useState<Partial<Fields>>({});
  const integration = offered.find(({ integration_type }) => integration_type === type);
  const fields: Fields = {
    ...EMPTY,
    ...(base && fieldsFrom(base)),
    ...changed,
  };
  const set = (change: Partial<Fields>) => setChanged({ ...changed, ...change });
  const path = { id: channel.id };
  const edited = useEdited<Binding | typeof NEW, Partial<Fields>>({
    one: binding ?? NEW,
    fieldsOf: (one) => ("id" in one ? fieldsFrom(one) : {}),
    read: async () => {
      const { bindings } = await take(api.GET("/api/v1/channels/{id}/integrations", { params: { path } }));
      return bindings.find(({ id }) => id === binding?.id) ?? NEW;
    },
  });
  const save = useMutation({
    mutationFn: () =>
      edited.save(changed, (_, { header }) =>
        send({ channel, binding, type: type ?? "", fields, changed, header }),
      ),
    onSuccess: () => {
      notifyDone(binding ? "The binding is changed." : "The place is bound.");
      void refreshChannels();
      onClose();
    },
  });
  const wrong = wrongIn(save.error);
  const isComplete =
    type !== null &&
    fields.client_id.trim() !== "" &&
    fields.event_filter?.length !== 0 &&
    (!binding || Object.keys(changed).length > 0);
  return (
    <Dialog onClose={onClose} title={binding ? "Change the binding" : "Bind a place"} size="lg">
      <FormFrame error={save.error} onSubmit={() => save.mutate()}>
        <Stack gap="md">
          {!binding && (
            <WhichIntegration
              offered={offered}
              value={type}
              wrong={wrong}
              onChange={(next) => {
                setType(next);
                setChanged({});
              }}
            />
          )}
          <PlaceFields integration={integration} fields={fields} wrong={wrong} set={set} />
          <EventFilter
            events={integration?.event_types ?? []}
            value={fields.event_filter}
            wrong={wrong}
            onChange={(event_filter) => set({ event_filter })}
          />
          <ConfigFields
            fields={integration?.config_fields ?? []}
            values={fields.config}
            wrong={wrong}
            onChange={(config) => set({ config })}
          />
          <Switch
            label="Post there what is said here"
            description="Answers of bots, and messages of people under their names."
            checked={fields.mirror}
            onChange={({ currentTarget }) => set({ mirror: currentTarget.checked })}
          />
          {edited.notice({
            onKeep: () => save.mutate(),
            mine: () => changed,
            onTake: (theirs, kept) => {
              if ("id" in theirs) setBase(theirs);
              setChanged(kept);
            },
          }) ??
            (save.error && !isChangedMeanwhile(save.error) && <ApiError error={save.error} />)}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={save.isPending} disabled={!isComplete}>
              {binding ? "Save" : "Bind"}
            </Button>
          </Group>
        </Stack>
      </FormFrame>
    </Dialog>
  );
}

interface WhichProps {
  offered: readonly Bindable[];
  value: string | null;
  wrong: Wrong;
  onChange(type: string | null): void;
}

function WhichIntegration({ offered, value, wrong, onChange }: WhichProps) {
  const { data: known = [] } = useQuery(integrations);
  return (
    <Select
      label="Integration"
      data={offered.map(({ integration_type, integration_id }) => ({
        value: integration_type,
        label: known.find(({ id }) => id === integration_id)?.name ?? integration_type,
      }))}
      allowDeselect={false}
      error={wrong("integration_type")}
      value={value}
      onChange={onChange}
    />
  );
}

interface PlaceProps {
  integration: Bindable | undefined;
  fields: Fields;
  wrong: Wrong;
  set(change: Partial<Fields>): void;
}

function PlaceFields({ integration, fields, wrong, set }: PlaceProps) {
  return (
    <>
      <TextInput
        label="Place"
        description={integration?.client_id_description}
        placeholder={integration?.client_id_placeholder ?? integration?.client_id_prefix}
        required
        error={wrong("client_id")}
        value={fields.client_id}
        onChange={({ currentTarget }) => set({ client_id: currentTarget.value })}
      />
      <TextInput
        label="Name"
        description="What people see. If it is empty, the name that the integration gives the place."
        placeholder={integration?.display_name_placeholder ?? undefined}
        maxLength={300}
        error={wrong("display_name")}
        value={fields.display_name}
        onChange={({ currentTarget }) => set({ display_name: currentTarget.value })}
      />
    </>
  );
}

const NEW = { updated_at: null };

const fieldsFrom = ({ client_id, display_name, event_filter, config, mirror }: Binding): Fields => ({
  ...{ client_id, event_filter, config, mirror },
  display_name: display_name ?? "",
});

interface SendOptions extends Pick<BindingFormProps, "channel"> {
  binding: Binding | undefined;
  type: string;
  fields: Fields;
  changed: Partial<Fields>;
  header: IfMatch;
}

/** Of a binding that exists, only what was changed is sent: masked secrets would be refused. */
function send({ channel, binding, type, fields, changed, header }: SendOptions): Promise<unknown> {
  const named = (name: string) => (name.trim() === "" ? null : name.trim());
  if (binding) {
    const { display_name } = changed;
    return take(
      api.PATCH("/api/v1/channels/{id}/integrations/{binding_id}", {
        params: { path: { id: channel.id, binding_id: binding.id }, header },
        body: {
          ...changed,
          ...(changed.client_id !== undefined && { client_id: changed.client_id.trim() }),
          ...(display_name !== undefined && { display_name: named(display_name) }),
        } as Omit<Partial<Fields>, "display_name"> & { display_name?: string | null },
      }),
    );
  }
  return take(
    api.POST("/api/v1/channels/{id}/integrations", {
      params: { path: { id: channel.id } },
      body: {
        integration_type: type,
        ...fields,
        client_id: fields.client_id.trim(),
        display_name: named(fields.display_name),
      },
    }),
  );
}
