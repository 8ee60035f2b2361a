// The settings of an integration, declared by config.ts, by the manifest's env_vars, or by both.

import type { DeclaredSetting } from "../../sdk/backend.ts";
import type { SetupManifest } from "../../sdk/manifest.ts";
import { isSecretSetting } from "../../sdk/secret-setting.ts";

export interface IntegrationSetting extends DeclaredSetting {
  /** The integration does not work without a value or a default. */
  required: boolean;
  description: string | null;
  /** As text, as it would be in the environment. */
  default: string | null;
  /** Only REQUIRED_ENV of process.ts names it, so that its type and purpose are unknown. */
  isUndeclared?: boolean;
}

type EnvVar = NonNullable<SetupManifest["env_vars"]>[number];

const VARIABLE = /^[A-Za-z][A-Za-z0-9_]*$/;

const OPTIONAL = Symbol.for("TypeBox.Optional");

/**
 * Merges both declarations, those of config.ts first. A setting that both declare is secret if either says so, not secret
 * if either says that, and otherwise by its name and type. Its default comes from config.ts, which the code reads; its
 * description comes from the manifest.
 */
export function mergeSettings(
  declared: readonly DeclaredSetting[],
  setup: SetupManifest | undefined,
): IntegrationSetting[] {
  const envVars = new Map((setup?.env_vars ?? []).map((envVar) => [envVar.key, envVar]));
  const merged = new Map<string, IntegrationSetting>();
  for (const setting of declared) {
    if (!merged.has(setting.key)) merged.set(setting.key, fromConfig(setting, envVars.get(setting.key)));
  }
  for (const [key, envVar] of envVars) if (!merged.has(key)) merged.set(key, fromManifest(envVar));
  const verifying = merged.get(setup?.webhook?.verifier?.secret ?? "");
  if (verifying) verifying.secret = true;
  return [...merged.values()];
}

/** Adds the settings that only a process names, so that they can be stored like the others. */
export function withRequiredOf(
  settings: readonly IntegrationSetting[],
  requiredEnv: readonly string[],
): IntegrationSetting[] {
  const known = new Set(settings.map(({ key }) => key));
  // Keys that begin with "_" are Heddle's own beside an integration's settings.
  const undeclared = [...new Set(requiredEnv)].filter((key) => !known.has(key) && VARIABLE.test(key));
  return [
    ...settings,
    ...undeclared.map((key) => ({ ...fromManifest({ key, required: true }), isUndeclared: true })),
  ];
}

/** Keys that config.ts and the manifest disagree on: one says secret, the other says not. */
export function contradictions(
  declared: readonly DeclaredSetting[],
  setup: SetupManifest | undefined,
): string[] {
  const inManifest = new Map(setup?.env_vars?.map(({ key, secret }) => [key, secret]));
  return declared
    .filter(({ key, schema: { secret } }) => {
      const other = inManifest.get(key);
      return typeof secret === "boolean" && other !== undefined && secret !== other;
    })
    .map(({ key }) => key);
}

/** The manifest's default of a setting, if config.ts has none. */
export function defaultInManifest(
  key: string,
  declared: readonly DeclaredSetting[],
  setup: SetupManifest | undefined,
): string | undefined {
  const inConfig = declared.find((setting) => setting.key === key)?.schema.default;
  if (textOf(inConfig) !== null) return undefined;
  return textOf(setup?.env_vars?.find((envVar) => envVar.key === key)?.default) ?? undefined;
}

function fromConfig({ key, schema }: DeclaredSetting, envVar: EnvVar | undefined): IntegrationSetting {
  const inSchema = schema.default === undefined ? undefined : textOf(schema.default);
  const fallback = inSchema ?? textOf(envVar?.default);
  const flags = [schema.secret, envVar?.secret].filter((flag) => typeof flag === "boolean");
  return {
    key,
    secret: flags.length > 0 ? flags.includes(true) : isSecretSetting(key, { ...schema, default: fallback }),
    schema,
    required:
      envVar?.required ?? (schema.default === undefined && fallback === null && !(OPTIONAL in schema)),
    description: envVar?.description ?? (typeof schema.description === "string" ? schema.description : null),
    default: fallback,
  };
}

function fromManifest(envVar: EnvVar): IntegrationSetting {
  const { key, required = false, description = null } = envVar;
  const secret = envVar.secret ?? isSecretSetting(key, { type: "string", default: envVar.default });
  return {
    key,
    secret,
    schema: { type: "string", ...(description && { description }) },
    required,
    description,
    default: textOf(envVar.default),
  };
}

const textOf = (value: unknown): string | null =>
  value === undefined || value === null || value === "" ? null : String(value);
