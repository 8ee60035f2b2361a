// Builds the environment of a process: its own settings and how to reach Heddle, and no other variable of the server.

import type { IntegrationView } from "../integrations/registry/view.ts";
import type { Settings } from "../integrations/settings/settings.ts";
import { isSecretName } from "../secrets/names.ts";

export type ProcessSettings = Pick<Settings, "effective">;

export interface Surroundings {
  /** The server's variables that any program needs. */
  path: string | undefined;
  /** A folder of its own. */
  home: string;
  lang: string | undefined;
  /** IANA name. */
  timezone: string;
}

type Owner = Pick<IntegrationView, "id" | "settings" | "process">;

/** Returns the values of the settings that the integration declares in config.ts, its manifest or REQUIRED_ENV. */
export function settingsOf(owner: Owner, settings: ProcessSettings): Record<string, string> {
  const values: Record<string, string> = {};
  for (const key of declaredKeys(owner)) {
    const value = settingValue(key, owner, settings);
    if (value !== undefined) values[key] = value;
  }
  return values;
}

/** Returns the names in REQUIRED_ENV that have no value. */
export function missingSettings(owner: Owner, settings: ProcessSettings): string[] {
  return (owner.process?.requiredEnv ?? []).filter((key) => settingValue(key, owner, settings) === undefined);
}

/**
 * Returns the secret ones among these values. A value of several lines counts line by line, because output is read by
 * line.
 */
export function secretsIn(values: Record<string, string>, { settings }: Owner): string[] {
  const declared = new Map(settings.map(({ key, secret }) => [key, secret]));
  return Object.entries(values).flatMap(([key, value]) => {
    if (!(declared.get(key) ?? isSecretName(key))) return [];
    const lines = value.split(/\r?\n/).map((line) => line.trim());
    return lines.length > 1 ? [value, ...lines] : [value];
  });
}

/** The whole environment of the process, except for the variables by which it reaches Heddle. */
export function environmentOf(values: Record<string, string>, around: Surroundings): Record<string, string> {
  const { path = "/usr/local/bin:/usr/bin:/bin", home, lang = "C.UTF-8", timezone } = around;
  return { ...values, PATH: path, HOME: home, TMPDIR: home, LANG: lang, TZ: timezone };
}

/** The variables by which the SDK in the process reaches Heddle. */
export function heddleNames(
  { id, setup }: Pick<IntegrationView, "id" | "setup">,
  { url, baseUrl, key }: { url: string; baseUrl: string | undefined; key: string },
): Record<string, string> {
  const webhookPath = setup?.webhook?.path;
  return {
    HEDDLE_URL: url,
    HEDDLE_API_KEY: key,
    HEDDLE_INTEGRATION_ID: id,
    ...(baseUrl !== undefined && { HEDDLE_BASE_URL: baseUrl }),
    ...(webhookPath !== undefined && { HEDDLE_WEBHOOK_PATH: webhookPath }),
  };
}

const declaredKeys = ({ settings, process }: Owner): Set<string> =>
  new Set([...settings.map(({ key }) => key), ...(process?.requiredEnv ?? [])]);

function settingValue(
  key: string,
  { id, settings: declared }: Owner,
  settings: ProcessSettings,
): string | undefined {
  const setting = declared.find((one) => one.key === key) ?? { key, default: null };
  return settings.effective(id, setting).value ?? undefined;
}
