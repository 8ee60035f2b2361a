import { Button, Group } from "@mantine/core";
import { useState } from "react";
import type { Schema } from "../api/client.ts";
import { isChangedMeanwhile } from "../api/failure.ts";
import { ApiError, notifyDone } from "./api-error.tsx";
import { FormFrame } from "./form.tsx";
import { SettingField, type SettingValue } from "./setting-field.tsx";
import classes from "./settings-form.module.css";
import { plural } from "./units.tsx";
import { type IfMatch, useEdited } from "./use-edited.tsx";
import { wrongIn } from "./wrong-field.ts";

type Setting = Schema<"IntegrationSetting">;

type Values = Record<string, SettingValue>;

export interface StoredSettings {
  settings: readonly Setting[];
  /** The version of all of them together. */
  updated_at: string | null;
}

interface SettingsFormProps {
  stored: StoredSettings;
  read(): Promise<StoredSettings>;
  /** Stores only what was changed. Resolves when it is stored. */
  onSave(changed: Values, header: IfMatch): Promise<unknown>;
  /** Removes the stored value, so that the environment's or the default applies. */
  onReset(key: string, header: IfMatch): Promise<unknown>;
}

/** A form from declared settings: a field of each one's kind, where its value comes from, and what is missing. */
export function SettingsForm({ stored, read, onSave, onReset }: SettingsFormProps) {
  const [changed, setChanged] = useState<Values>({});
  const [state, setState] = useState<{ busy: boolean; error?: unknown; again?: string }>({ busy: false });
  const count = Object.keys(changed).length;
  const wrong = wrongIn(state.error);
  const edited = useEdited<StoredSettings, Values>({
    one: stored,
    fieldsOf: ({ settings }) => Object.fromEntries(settings.map(({ key, value }) => [key, value])),
    read,
    isBegun: count > 0,
    isSecret: (field) => stored.settings.some(({ key, secret }) => secret && key === field),
  });
  const save = () =>
    attempt(async () => {
      await edited.save(changed, (_, { header }) => onSave(changed, header));
      setChanged({});
    }, "Stored. It takes effect at once.");
  const change = (key: string, value: SettingValue | undefined) => {
    const { [key]: _, ...others } = changed;
    setChanged(value === undefined ? others : { ...others, [key]: value });
  };
  /** Of one setting alone: what was typed for the others stays. */
  const reset = (key: string) =>
    attempt(
      async () => {
        await edited.save({ [key]: null }, (_, { header }) => onReset(key, header));
        change(key, undefined);
        edited.goOnFrom(await read(), key);
      },
      `${key} was reset.`,
      key,
    );
  /** `again`: the setting that is reset if it is tried again. */
  const attempt = async (work: () => Promise<unknown>, done: string, again?: string) => {
    setState({ busy: true });
    try {
      await work();
      setState({ busy: false });
      notifyDone(done);
    } catch (error) {
      setState({ busy: false, error, ...(again !== undefined && { again }) });
    }
  };
  return (
    <FormFrame className={classes.form} error={state.error} onSubmit={() => void save()}>
      {stored.settings.map((setting) => (
        <SettingField
          key={setting.key}
          setting={setting}
          value={changed[setting.key]}
          error={wrong(setting.key, `settings.${setting.key}`)}
          onChange={(value) => change(setting.key, value)}
          onReset={() => void reset(setting.key)}
        />
      ))}
      <div className={classes.foot}>
        {edited.notice({
          onKeep: () => void (state.again ? reset(state.again) : save()),
          mine: () => changed,
          onTake: (_, kept) => setChanged(kept as Values),
        }) ??
          (state.error !== undefined && !isChangedMeanwhile(state.error) && <ApiError error={state.error} />)}
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
    </FormFrame>
  );
}
