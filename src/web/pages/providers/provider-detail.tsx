import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLocation } from "wouter";
import { providers } from "../../api/queries.ts";
import { notifyDone, notifyError } from "../../parts/api-error.tsx";
import { Awaited } from "../../parts/awaited.tsx";
import { Detail } from "../../parts/detail.tsx";
import { Empty } from "../../parts/empty.tsx";
import { Facts } from "../../parts/facts.tsx";
import { Section } from "../../parts/page-frame.tsx";
import { Badge } from "../../parts/status.tsx";
import { Time } from "../../parts/time.tsx";
import { bodyOfText, isObject, useEdited } from "../../parts/use-edited.tsx";
import { YamlEditor } from "../../parts/yaml-editor.tsx";
import { DeleteProvider } from "./delete-provider.tsx";
import { ChangedProvider } from "./provider-form.tsx";
import { ProviderModels } from "./provider-models.tsx";
import { ProviderTest } from "./provider-test.tsx";
import { ADAPTERS, changeProvider, type Provider, readProvider, untakenText } from "./queries.ts";
import { UNSET } from "./unset.ts";

interface ProviderDetailProps {
  id: string;
  mayChange: boolean;
  closeHref: string;
}

/** One provider: where it is, whether it works, and which models it has. */
export function ProviderDetail({ id, mayChange, closeHref }: ProviderDetailProps) {
  const { data, error, refetch } = useQuery(providers);
  const [editing, setEditing] = useState<"form" | "yaml">();
  const provider = data?.find((one) => one.id === id);
  if (!provider) {
    return (
      <Detail title={id} closeHref={closeHref}>
        <Awaited error={error} onRetry={() => void refetch()} />
        {data && <Empty icon="Sparkles" title={`There is no provider "${id}"`} />}
      </Detail>
    );
  }
  const isStored = provider.source === "stored";
  const done = () => setEditing(undefined);
  return (
    <Detail
      title={provider.name}
      closeHref={closeHref}
      facts={
        <>
          {provider.is_default && <Badge tone="good">Default</Badge>}
          <code>{provider.id}</code>
          {provider.updated_at !== null && (
            <span>
              Changed <Time at={provider.updated_at} />
            </span>
          )}
        </>
      }
      actions={
        mayChange &&
        isStored &&
        editing === undefined && <Actions provider={provider} onEdit={setEditing} closeHref={closeHref} />
      }
    >
      {editing === "form" && <ChangedProvider provider={provider} onDone={done} />}
      {editing === "yaml" && <AsYaml provider={provider} onDone={done} />}
      {editing === undefined && (
        <>
          <Section title="Endpoint">
            <ProviderFacts provider={provider} />
          </Section>
          {mayChange && (
            <Section title="Does it work?">
              <ProviderTest provider={provider} />
            </Section>
          )}
          <ProviderModels provider={provider} mayChange={mayChange && isStored} />
          <Unsupported provider={provider} />
        </>
      )}
    </Detail>
  );
}

interface ActionsProps {
  provider: Provider;
  onEdit(as: "form" | "yaml"): void;
  closeHref: string;
}

function Actions({ provider, onEdit, closeHref }: ActionsProps) {
  const [, navigate] = useLocation();
  const [isDeleting, setDeleting] = useState(false);
  const prefer = useMutation({
    mutationFn: () => changeProvider(provider.id, { is_default: true }),
    onError: notifyError("The default was not changed"),
    onSuccess: () => notifyDone(`${provider.name} is the default provider now.`),
  });
  return (
    <>
      <Button size="xs" variant="default" onClick={() => onEdit("form")}>
        Change
      </Button>
      <Button size="xs" variant="default" onClick={() => onEdit("yaml")}>
        Change as YAML
      </Button>
      {!provider.is_default && (
        <Button size="xs" variant="default" loading={prefer.isPending} onClick={() => prefer.mutate()}>
          Make it the default
        </Button>
      )}
      <Button size="xs" variant="default" onClick={() => setDeleting(true)}>
        Delete …
      </Button>
      {isDeleting && (
        <DeleteProvider
          provider={provider}
          onClose={() => setDeleting(false)}
          onDeleted={() => navigate(closeHref)}
        />
      )}
    </>
  );
}

function ProviderFacts({ provider }: { provider: Provider }) {
  const headers = Object.keys(provider.headers);
  return (
    <Facts
      facts={[
        [
          "Address",
          provider.base_url === null ? "The vendor's own" : <code key="url">{provider.base_url}</code>,
        ],
        ["Protocol", ADAPTERS[provider.adapter]],
        ["Key", provider.api_key === null ? "None" : <code key="key">{provider.api_key}</code>],
        headers.length > 0 && ["Headers", <code key="headers">{headers.join(", ")}</code>],
        ["Default model", provider.default_model ?? "None: bots must name one"],
        provider.source === "environment" && [
          "From",
          "The environment of the server; change it there, or add another provider",
        ],
      ]}
    />
  );
}

/** What was learned from refusals, or set by hand. */
function Unsupported({ provider }: { provider: Provider }) {
  const entries = Object.entries(provider.unsupported).filter(([, words]) => words.length > 0);
  if (entries.length === 0) return null;
  return (
    <Section title="What models do not take or send">
      <Facts
        facts={entries.map(([model, words]) => [model === "*" ? "All models" : model, untakenText(words)])}
      />
    </Section>
  );
}

/** All of it that can be read back. The key and the values of headers are never shown, so they are not in it. */
type ProviderChange = Parameters<typeof changeProvider>[1];

const written = ({ name, adapter, base_url, default_model, models, unsupported }: Provider) => ({
  ...{ name, adapter, base_url, default_model, models, unsupported },
});

function AsYaml({ provider, onDone }: { provider: Provider; onDone(): void }) {
  const edited = useEdited({ one: provider, fieldsOf: written, read: () => readProvider(provider.id) });
  const save = async (value: unknown) => {
    // A field that was taken out of the text is unset; what is not an object is for the API to refuse.
    const fields = (isObject(value) ? { ...UNSET, ...value } : value) as ReturnType<typeof written>;
    await edited.save(fields, async (changed, { header }) => {
      const body = bodyOfText(value, changed);
      if (body !== undefined) await changeProvider(provider.id, body as ProviderChange, header);
    });
    notifyDone("Stored. It takes effect at once.");
    onDone();
  };
  return (
    <>
      <p>
        The key and the headers stay as they are unless you add <code>api_key</code> or <code>headers</code>{" "}
        here. Headers are replaced as a whole.
      </p>
      <YamlEditor
        what="provider"
        value={written(provider)}
        onSave={save}
        notice={({ replace, onKeep, mine }) =>
          edited.notice({
            onKeep,
            mine: () => ({ ...UNSET, ...mine() }),
            onTake: (theirs, kept) => replace({ ...written(theirs), ...kept }),
          })
        }
        onCancel={onDone}
      />
    </>
  );
}
