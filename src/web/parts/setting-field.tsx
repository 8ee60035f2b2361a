import { Button, PasswordInput, Select, Switch, TextInput } from "@mantine/core";
import type { Schema } from "../api/client.ts";
import { NumberField } from "./number-field.tsx";
import { numberOf } from "./number-of.ts";
import classes from "./settings-form.module.css";
import { Badge } from "./status.tsx";

type Setting = Schema<"IntegrationSetting">;
export type SettingValue = string | number | boolean | null;

interface SettingFieldProps {
  setting: Setting;
  /** The changed value; undefined: as it is stored. */
  value: SettingValue | undefined;
  error: string | undefined;
  /** Undefined: back to what is stored. */
  onChange(value: SettingValue | undefined): void;
  onReset(): void;
}

const SOURCES = { stored: "Stored here", environment: "From the environment", default: "Default" } as const;

/** One setting: label, where its value comes from, the field of its kind. */
export function SettingField(props: SettingFieldProps) {
  const { setting, error, onReset } = props;
  const { key, description, required, source, is_set, declared } = setting;
  return (
    <div className={classes.setting}>
      <div className={classes.head}>
        <label htmlFor={`setting-${key}`} className={classes.key}>
          {key}
        </label>
        {!is_set && required && <Badge tone="warn">Missing</Badge>}
        {source !== null && <Badge tone={source === "stored" ? "good" : "quiet"}>{SOURCES[source]}</Badge>}
        {!declared && <Badge tone="warn">No longer used</Badge>}
        {source === "stored" && (
          <Button variant="subtle" color="gray" size="compact-xs" onClick={onReset}>
            Reset
          </Button>
        )}
      </div>
      {description !== null && <p className={classes.description}>{description}</p>}
      <Field {...props} />
      {error !== undefined && (
        <p className={classes.error} role="alert">
          {error}
        </p>
      )}
    </div>
  );
}

function Field({ setting, value, error, onChange }: SettingFieldProps) {
  const { key, secret, schema, default: fallback } = setting;
  const stored = setting.value ?? "";
  const shared = { id: `setting-${key}`, error: error !== undefined };
  const options = optionsOf(schema);
  if (secret) {
    return (
      <PasswordInput
        {...shared}
        autoComplete="new-password"
        placeholder={setting.is_set ? `${stored} – leave empty to keep it` : "Not set"}
        value={typeof value === "string" ? value : ""}
        onChange={(event) => onChange(event.currentTarget.value || undefined)}
        visibilityToggleButtonProps={{ "aria-label": `Show or hide ${key}` }}
      />
    );
  }
  if (schema.type === "boolean") {
    const isOn = typeof value === "boolean" ? value : stored === "true";
    return (
      <Switch
        {...shared}
        label={isOn ? "On" : "Off"}
        checked={isOn}
        onChange={(event) => onChange(event.currentTarget.checked)}
      />
    );
  }
  if (schema.type === "number" || schema.type === "integer") {
    return (
      <NumberField
        {...shared}
        allowDecimal={schema.type === "number"}
        placeholder={fallback ?? undefined}
        value={typeof value === "number" ? value : numberOf(stored)}
        onChange={onChange}
      />
    );
  }
  if (options) {
    return (
      <Select
        {...shared}
        data={options}
        placeholder={fallback ?? undefined}
        value={String(value ?? stored) || null}
        onChange={(next) => onChange(next ?? undefined)}
      />
    );
  }
  return (
    <TextInput
      {...shared}
      placeholder={fallback ?? "Not set"}
      value={value === undefined ? stored : String(value ?? "")}
      onChange={(event) => {
        const next = event.currentTarget.value;
        onChange(next === stored ? undefined : next);
      }}
    />
  );
}

/** The words of an enumeration, which TypeBox writes as alternatives of constants. */
function optionsOf(schema: Record<string, unknown>): string[] | undefined {
  if (Array.isArray(schema.enum)) return schema.enum.map(String);
  if (!Array.isArray(schema.anyOf)) return undefined;
  const constants = schema.anyOf.map((one: { const?: unknown }) => one.const);
  return constants.every((one) => typeof one === "string") ? constants.map(String) : undefined;
}
