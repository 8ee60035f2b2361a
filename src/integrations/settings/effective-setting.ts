// Determines the value of a setting: the stored one, otherwise the environment's, otherwise the declared default. (The SDK gets
// the first two from here, and reads the default in config.ts itself, where it has the declared type.)

import type { IntegrationSetting } from "../manifest/declared-settings.ts";

export type SettingSource = "stored" | "environment" | "default";

export interface EffectiveSetting {
  /** Null without a value. */
  value: string | null;
  source: SettingSource | null;
}

export interface SettingValues {
  stored: string | undefined;
  /** Read only when nothing is stored, because reading a variable claims its name for the integration. */
  environment: () => string | undefined;
}

/** Blank values count as not set. A setting that is not declared has no default. */
export function effectiveSetting(
  declared: Pick<IntegrationSetting, "default"> | undefined,
  { stored, environment }: SettingValues,
): EffectiveSetting {
  const kept = unlessBlank(stored);
  if (kept !== undefined) return { value: kept, source: "stored" };
  const given = environment();
  if (given !== undefined && given.trim() !== "") return { value: given, source: "environment" };
  const fallback = declared?.default ?? "";
  return fallback === "" ? { value: null, source: null } : { value: fallback, source: "default" };
}

/** Whether an operator gave the value, rather than the integration itself. */
export const isGiven = ({ source }: EffectiveSetting): boolean => source !== null && source !== "default";

/** Removes trailing line breaks: a file that a value is read from ends with one. */
export function unlessBlank(text: string | undefined): string | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  let end = text.length;
  while (text[end - 1] === "\n" || text[end - 1] === "\r") end--;
  return text.slice(0, end);
}
