import { Button, Group } from "@mantine/core";
import { useState } from "react";
import type { Schema } from "../api/client.ts";
import { ApiFailure } from "../api/failure.ts";
import { ApiError, notifyDone } from "./api-error.tsx";
import { SettingField, type SettingValue } from "./setting-field.tsx";
import classes from "./settings-form.module.css";
import { plural } from "./units.tsx";

type Setting = Schema<"IntegrationSetting">;

interface SettingsFormProps {
  settings: readonly Setting[];
  /** Stores only what was changed. Resolves when it is stored. */
  onSave(changed: Record<string, SettingValue>): Promise<unknown>;
  /** Removes the stored value, so that the environment's or the default applies. */
  onReset(key: string): Promise<unknown>;
}

/** A form from declared settings: a field of each one's kind, where its value comes from, and what is missing. */
export function SettingsForm({ settings, onSave, onReset }: SettingsFormProps) {
  const [changed, setChanged] = useState<Record<string, SettingValue>>({});
  const [state, setState] = useState<{ busy: boolean; error?: unknown }>({ busy: false });
  const count = Object.keys(changed).length;
  const wrongField = state.error instanceof ApiFailure ? state.error.field : undefined;
  const change = (key: string, value: SettingValue | undefined) => {
    const { [key]: _, ...others } = changed;
    setChanged(value === undefined ? others : { ...others, [key]: value });
  };
  const attempt = async (work: () => Promise<unknown>, done: string) => {
    setState({ busy: true });
    try {
      await work();
      setChanged({});
      setState({ busy: false });
      notifyDone(done);
    } catch (error) {
      setState({ busy: false, error });
    }
  };
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(() => onSave(changed), "Stored. It takes effect at once.");
      }}
    >
      {settings.map((setting) => (
        <SettingField
          key={setting.key}
          setting={setting}
          value={changed[setting.key]}
          error={
            wrongField?.split(".").includes(setting.key) && state.error instanceof Error
              ? state.error.message
              : undefined
          }
          onChange={(value) => change(setting.key, value)}
          onReset={() => void attempt(() => onReset(setting.key), `${setting.key} was reset.`)}
        />
      ))}
      <div className={classes.foot}>
        {state.error !== undefined && <ApiError error={state.error} />}
        <Group gap="xs">
          <Button type="submit" loading={state.busy} disabled={count === 0}>
            {count === 0 ? "Save" : `Save ${plural(count, "change")}`}
          </Button>
          {count > 0 && (
            <Button variant="default" onClick={() => setChanged({})}>
              Discard
            </Button>
          )}
        </Group>
      </div>
    </form>
  );
}
