import { Button, Group, PasswordInput, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api, type Schema, take } from "../../api/client.ts";
import { queryClient } from "../../api/query-client.ts";
import { ApiError } from "../../parts/api-error.tsx";
import { Facts } from "../../parts/facts.tsx";
import { FormFrame } from "../../parts/form.tsx";
import { Icon } from "../../parts/icon.tsx";
import { Duration } from "../../parts/units.tsx";
import { wrongIn } from "../../parts/wrong-field.ts";
import { useProgress } from "../integrations/progress.ts";
import { ChangedProvider } from "../providers/provider-form.tsx";
import { VENDORS } from "../providers/vendors.ts";
import classes from "./welcome.module.css";

/** What most people begin with; the page of the providers has the others. */
const USUAL = Object.entries(VENDORS).filter(([id]) =>
  ["ollama", "openai", "anthropic", "other"].includes(id),
);

interface ChooseModelProps {
  providers: readonly Schema<"Provider">[];
  /** A provider was added, and can be tested before one goes on. */
  onAdded(): void;
  onDone(): void;
}

/** A model provider, tested before one goes on, or none for now. */
export function ChooseModel({ providers, onAdded, onDone }: ChooseModelProps) {
  const stayOffline = useProgress((state) => state.stayOffline);
  const [vendor, setVendor] = useState<string>();
  const [first] = providers;
  return (
    <>
      {first && (
        <Present provider={providers.find(({ is_default }) => is_default) ?? first} onDone={onDone} />
      )}
      {!first && (
        <div className={classes.choices}>
          {USUAL.map(([id, { label, about }]) => (
            <button
              key={id}
              type="button"
              className={classes.choice}
              aria-pressed={id === vendor}
              onClick={() => setVendor(id)}
            >
              <span className={classes.icon}>
                <Icon name="Sparkles" size={18} />
              </span>
              <span className={classes.words}>
                <span className={classes.name}>{label}</span>
                <span className={classes.description}>{about}</span>
              </span>
            </button>
          ))}
          <button
            type="button"
            className={classes.choice}
            onClick={() => {
              stayOffline(true);
              onDone();
            }}
          >
            <span className={classes.icon}>
              <Icon name="Unplug" size={18} />
            </span>
            <span className={classes.words}>
              <span className={classes.name}>Stay offline for now</span>
              <span className={classes.description}>
                Runs are answered by a stand-in that quotes your documents; everything else works
              </span>
            </span>
          </button>
        </div>
      )}
      {!first && vendor !== undefined && <NewProvider key={vendor} vendor={vendor} onAdded={onAdded} />}
    </>
  );
}

function NewProvider({ vendor, onAdded }: { vendor: string; onAdded(): void }) {
  const preset = VENDORS[vendor] as (typeof VENDORS)[string];
  const [baseUrl, setBaseUrl] = useState(preset.baseUrl ?? "");
  const [key, setKey] = useState("");
  const [model, setModel] = useState(preset.model);
  const create = useMutation({
    mutationFn: () =>
      take(
        api.POST("/api/v1/admin/providers", {
          body: {
            id: vendor === "other" ? "default" : vendor,
            name: vendor === "other" ? "Default" : preset.label,
            adapter: preset.adapter,
            base_url: baseUrl === "" ? null : baseUrl,
            default_model: model,
            ...(key !== "" && { api_key: key }),
          },
        }),
      ),
    onSuccess: () => {
      onAdded();
      void queryClient.invalidateQueries({ queryKey: ["providers"] });
    },
  });
  const wrong = wrongIn(create.error);
  return (
    <FormFrame className={classes.form} error={create.error} onSubmit={() => create.mutate()}>
      {preset.baseUrl !== null && (
        <TextInput
          label="Address of the endpoint"
          description="It usually ends with /v1"
          required
          value={baseUrl}
          error={wrong("base_url")}
          onChange={({ currentTarget }) => setBaseUrl(currentTarget.value.trim())}
        />
      )}
      <PasswordInput
        label="Key"
        description={
          preset.needsKey
            ? "It is stored encrypted and never shown again"
            : "Only if the endpoint requires one"
        }
        required={preset.needsKey}
        autoComplete="new-password"
        value={key}
        error={wrong("api_key")}
        onChange={({ currentTarget }) => setKey(currentTarget.value.trim())}
        visibilityToggleButtonProps={{ "aria-label": "Show or hide the key" }}
      />
      <TextInput
        label="Model"
        description="As the endpoint names it"
        required
        value={model}
        error={wrong("default_model")}
        onChange={({ currentTarget }) => setModel(currentTarget.value.trim())}
      />
      {create.error && <ApiError error={create.error} />}
      <Group>
        <Button type="submit" size="xs" loading={create.isPending}>
          Add {preset.label === "Another" ? "it" : preset.label}
        </Button>
      </Group>
    </FormFrame>
  );
}

/** What answers already, a test of it, and a way to mend it. */
function Present({ provider, onDone }: { provider: Schema<"Provider">; onDone(): void }) {
  const { id } = provider;
  const test = useMutation({
    mutationFn: () =>
      take(api.POST("/api/v1/admin/providers/{id}/test", { params: { path: { id } }, body: {} })),
  });
  const [isChanging, setChanging] = useState(false);
  if (isChanging) {
    return (
      <ChangedProvider
        provider={provider}
        onDone={() => {
          setChanging(false);
          test.reset();
        }}
      />
    );
  }
  return (
    <>
      <Facts
        facts={[
          ["Provider", provider.name],
          ["Model", provider.default_model ?? "None chosen"],
          provider.base_url !== null && ["Address", <code key="url">{provider.base_url}</code>],
          provider.source === "environment" && ["From", "The environment"],
        ]}
      />
      {test.error && <ApiError error={test.error} />}
      {test.data && <Tested result={test.data} />}
      <Group gap="xs" mt="md">
        <Button
          size="xs"
          variant="default"
          loading={test.isPending}
          disabled={provider.default_model === null}
          onClick={() => test.mutate()}
        >
          Test it
        </Button>
        {provider.source === "stored" && (
          <Button size="xs" variant="default" onClick={() => setChanging(true)}>
            Change
          </Button>
        )}
        <Button size="xs" variant={test.data?.ok === false ? "default" : "filled"} onClick={onDone}>
          Go on
        </Button>
      </Group>
    </>
  );
}

function Tested({ result }: { result: Schema<"ProviderTest"> }) {
  return (
    <p className={classes.result} data-good={result.ok || undefined} role="status">
      <Icon name={result.ok ? "CheckCircle2" : "AlertTriangle"} size={16} />
      <span>
        {result.ok ? (
          <>
            {result.model} answered in <Duration ms={result.duration_ms} />.
          </>
        ) : (
          [result.error, result.hint].filter(Boolean).join(" ")
        )}
      </span>
    </p>
  );
}
