import { Checkbox, PasswordInput, Select, Switch, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import { notifyDone } from "../../parts/api-error.tsx";
import { Form } from "../../parts/form.tsx";
import { useEdited } from "../../parts/use-edited.tsx";
import { type Wrong, wrongIn } from "../../parts/wrong-field.ts";
import { ADAPTERS, changeProvider, type Provider, readProvider } from "./queries.ts";
import { VENDORS, type Vendor } from "./vendors.ts";

interface Fields {
  id: string;
  name: string;
  adapter: Provider["adapter"];
  baseUrl: string;
  key: string;
  model: string;
  isDefault: boolean;
}

const VENDOR_CHOICES = Object.entries(VENDORS).map(([value, { label }]) => ({ value, label }));
const ADAPTER_CHOICES = Object.entries(ADAPTERS).map(([value, label]) => ({ value, label }));

interface NewProviderProps {
  /** Ids that there are already. */
  taken: readonly string[];
  onDone(id: string): void;
  onCancel(): void;
}

/** Begins with what is known of a vendor, all of which can be changed. */
export function NewProvider({ taken, onDone, onCancel }: NewProviderProps) {
  const [vendor, setVendor] = useState<string | null>(null);
  const [fields, setFields] = useState<Fields>();
  const preset: Vendor | undefined = VENDORS[vendor ?? ""];
  const create = useMutation({
    mutationFn: ({ id, name, adapter, baseUrl, key, model, isDefault }: Fields) =>
      take(
        api.POST("/api/v1/admin/providers", {
          body: {
            id,
            name: name || id,
            adapter,
            base_url: baseUrl || null,
            default_model: model || null,
            ...(key !== "" && { api_key: key }),
            ...(preset?.unsupported && { unsupported: preset.unsupported }),
            ...(isDefault && { is_default: true }),
          },
        }),
      ),
    onSuccess: async ({ id }) => {
      await queryClient.invalidateQueries({ queryKey: ["providers"] });
      onDone(id);
    },
  });
  const wrong = wrongIn(create.error);
  const choose = (value: string | null) => {
    setVendor(value);
    const chosen = VENDORS[value ?? ""];
    if (!chosen || value === null) return setFields(undefined);
    const { label, adapter, baseUrl, model } = chosen;
    setFields({
      id: value === "other" ? "" : freeId(value, taken),
      name: value === "other" ? "" : label,
      ...{ adapter, baseUrl: baseUrl ?? "", model, key: "", isDefault: false },
    });
  };
  return (
    <Form
      submit="Add the provider"
      busy={create.isPending}
      error={create.error}
      onSubmit={() => fields && create.mutate(fields)}
      onCancel={onCancel}
    >
      <Select
        label="Vendor"
        description={preset?.about ?? "Fills in what is known of it; everything can be changed"}
        data={VENDOR_CHOICES}
        error={wrong("unsupported")}
        value={vendor}
        onChange={choose}
        searchable
        required
        data-autofocus
      />
      {fields && (
        <>
          <TextInput
            label="Id"
            description="The first part of its models' names, as bots write them"
            required
            value={fields.id}
            error={wrong("id")}
            onChange={({ currentTarget }) => setFields({ ...fields, id: currentTarget.value.trim() })}
          />
          <EndpointFields
            fields={fields}
            set={setFields}
            wrong={wrong}
            needsKey={preset?.needsKey ?? false}
          />
          {taken.length > 0 && (
            <Switch
              label="Make it the default provider"
              description="Models that are named without a provider belong to it"
              checked={fields.isDefault}
              onChange={({ currentTarget }) => setFields({ ...fields, isDefault: currentTarget.checked })}
            />
          )}
        </>
      )}
    </Form>
  );
}

const fieldsFrom = (provider: Provider): Fields => ({
  id: provider.id,
  name: provider.name,
  adapter: provider.adapter,
  baseUrl: provider.base_url ?? "",
  key: "",
  model: provider.default_model ?? "",
  isDefault: provider.is_default,
});

/** What the form changes, without the key, which nobody is shown. */
const bodyOf = ({ name, adapter, baseUrl, model }: Fields) => ({
  name,
  adapter,
  base_url: baseUrl || null,
  default_model: model || null,
});

/** Sends what was changed, and no more. */
export function ChangedProvider({ provider, onDone }: { provider: Provider; onDone(): void }) {
  const [fields, setFields] = useState(() => fieldsFrom(provider));
  const [dropsKey, setDropsKey] = useState(false);
  const edited = useEdited({
    one: provider,
    fieldsOf: (one) => bodyOf(fieldsFrom(one)),
    read: () => readProvider(provider.id),
    sendsSecret: fields.key !== "" || dropsKey,
  });
  const change = useMutation({
    mutationFn: () =>
      edited.save(bodyOf(fields), async (changed, { header }) => {
        const key = fields.key !== "" ? { api_key: fields.key } : dropsKey && { api_key: null };
        const body: Schema<"ProviderChange"> = { ...changed, ...key };
        if (Object.keys(body).length > 0) await changeProvider(provider.id, body, header);
      }),
    onSuccess: () => {
      notifyDone("Stored. It takes effect at once.");
      onDone();
    },
  });
  return (
    <Form
      submit="Save"
      busy={change.isPending}
      error={change.error}
      notice={edited.notice({
        onKeep: () => change.mutate(),
        mine: () => bodyOf(fields),
        onTake: (theirs, kept) => {
          setFields(fieldsFrom({ ...theirs, ...kept }));
          setDropsKey(false);
        },
      })}
      onSubmit={() => change.mutate()}
      onCancel={onDone}
    >
      <EndpointFields
        fields={fields}
        set={setFields}
        wrong={wrongIn(change.error)}
        needsKey={false}
        storedKey={provider.api_key}
      />
      {provider.api_key !== null && (
        <Checkbox
          label="Remove the stored key"
          checked={dropsKey}
          onChange={({ currentTarget }) => setDropsKey(currentTarget.checked)}
        />
      )}
    </Form>
  );
}

interface EndpointFieldsProps {
  fields: Fields;
  set(fields: Fields): void;
  wrong: Wrong;
  needsKey: boolean;
  /** The mask of the key that is stored. */
  storedKey?: string | null;
}

function EndpointFields({ fields, set, wrong, needsKey, storedKey = null }: EndpointFieldsProps) {
  return (
    <>
      <TextInput
        label="Name"
        description="The name that people see"
        value={fields.name}
        error={wrong("name")}
        onChange={({ currentTarget }) => set({ ...fields, name: currentTarget.value })}
      />
      <TextInput
        label="Address of the endpoint"
        description="It usually ends with /v1. Empty: the vendor's own"
        value={fields.baseUrl}
        error={wrong("base_url")}
        onChange={({ currentTarget }) => set({ ...fields, baseUrl: currentTarget.value.trim() })}
      />
      <Select
        label="Protocol"
        description="Nearly every endpoint speaks chat completions"
        data={ADAPTER_CHOICES}
        value={fields.adapter}
        error={wrong("adapter")}
        allowDeselect={false}
        onChange={(value) => set({ ...fields, adapter: (value ?? fields.adapter) as Fields["adapter"] })}
      />
      <PasswordInput
        label="Key"
        description={
          storedKey === null
            ? "It is stored encrypted and never shown again"
            : "Empty: the stored key stays. It must be given again when the address moves to another server"
        }
        placeholder={storedKey ?? (needsKey ? "" : "Only if the endpoint requires one")}
        required={needsKey}
        autoComplete="new-password"
        value={fields.key}
        error={wrong("api_key")}
        onChange={({ currentTarget }) => set({ ...fields, key: currentTarget.value.trim() })}
        visibilityToggleButtonProps={{ "aria-label": "Show or hide the key" }}
      />
      <TextInput
        label="Default model"
        description="As the endpoint names it; for bots that name no model, if this is the default provider"
        value={fields.model}
        error={wrong("default_model")}
        onChange={({ currentTarget }) => set({ ...fields, model: currentTarget.value.trim() })}
      />
    </>
  );
}

/** "ollama", or "ollama-2" if that is taken. */
function freeId(wanted: string, taken: readonly string[]): string {
  if (!taken.includes(wanted)) return wanted;
  for (let number = 2; ; number += 1) {
    const id = `${wanted}-${number}`;
    if (!taken.includes(id)) return id;
  }
}
