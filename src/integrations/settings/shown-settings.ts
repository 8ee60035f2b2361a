// The settings of an integration as the admin API shows and accepts them.

import { HeddleError } from "../../errors.ts";
import type { Redact } from "../../redact.ts";
import { nearest } from "../../schema/nearest.ts";
import { parseSetting } from "../../sdk/settings.ts";
import { mask } from "../../secrets/mask.ts";
import { urlSecrets, withoutUrlSecrets } from "../../secrets/urls.ts";
import type { IntegrationSetting } from "../manifest/declared-settings.ts";
import { isGiven, type SettingSource } from "./effective-setting.ts";
import type { Settings, SettingValue } from "./settings.ts";

export interface ShownSetting {
  key: string;
  description: string | null;
  required: boolean;
  secret: boolean;
  /** Masked if secret; null if there is none. */
  value: string | null;
  source: SettingSource | null;
  /** Whether the value is stored or in the environment. */
  is_set: boolean;
  default: string | null;
  /** JSON Schema of the value, as config.ts declares it. */
  schema: Record<string, unknown>;
  /** False for a stored setting that this version does not declare. */
  declared: boolean;
}

export function showSettings(
  id: string,
  declared: readonly IntegrationSetting[],
  { settings, redact }: { settings: Pick<Settings, "effective" | "stored">; redact: Redact },
): ShownSetting[] {
  const shown = declared.map((setting): ShownSetting => {
    const { key, description, required, secret, default: fallback, schema } = setting;
    const effective = settings.effective(id, setting);
    const { value, source } = effective;
    return {
      key,
      description,
      required,
      secret,
      // A value that is not secret may contain a secret, such as a password in a URL.
      value: value === null ? null : secret ? mask(value) : redact(withoutUrlSecrets(value)),
      source,
      is_set: isGiven(effective),
      default: fallback === null ? null : secret ? mask(fallback) : withoutUrlSecrets(fallback),
      schema: secret ? withoutDefault(schema) : schema,
      declared: true,
    };
  });
  const keys = new Set(shown.map(({ key }) => key));
  const forgotten = [...settings.stored(id)].filter(([key]) => !keys.has(key) && !isInternal(key));
  return [...shown, ...forgotten.map(([key, { secret }]) => undeclared(key, secret))];
}

/** Whether Heddle itself keeps this key beside an integration's settings. */
export const isInternal = (key: string): boolean => key.startsWith("_");

const undeclared = (key: string, secret: boolean): ShownSetting => ({
  key,
  description: null,
  required: false,
  secret,
  value: null,
  source: "stored",
  is_set: true,
  default: null,
  schema: {},
  declared: false,
});

function withoutDefault(schema: Record<string, unknown>): Record<string, unknown> {
  const { default: _hidden, ...rest } = schema;
  return rest;
}

/** null or "" removes the stored value. */
export type GivenValues = Record<string, string | number | boolean | null>;

/** The values to store. Throws "validation" that names the first key that is unknown or has an invalid value. */
export function checkValues(declared: readonly IntegrationSetting[], given: GivenValues): SettingValue[] {
  return Object.entries(given).map(([key, value]) => {
    const setting = declared.find((one) => one.key === key);
    if (!setting) throw unknownKey(key, declared);
    const text = value === null ? "" : setting.secret ? String(value).trim() : String(value);
    if (text.trim() !== "") checkValue(setting, text);
    // A URL may contain a password without being declared secret.
    return { key, value: text, secret: setting.secret || urlSecrets(text).length > 0 };
  });
}

function checkValue({ key, schema, secret }: IntegrationSetting, text: string): void {
  try {
    parseSetting({ key, schema, secret }, text);
  } catch (error) {
    if (!(error instanceof HeddleError)) throw error;
    throw new HeddleError(error.code, error.message, { field: `settings.${key}` });
  }
}

function unknownKey(key: string, declared: readonly IntegrationSetting[]): HeddleError {
  const meant = nearest(
    key,
    declared.map((setting) => setting.key),
  );
  const hint = meant === undefined ? "" : ` Did you mean ${meant}?`;
  return new HeddleError("validation", `${key} is not a setting of this integration.${hint}`, {
    field: `settings.${key}`,
  });
}
