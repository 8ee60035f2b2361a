// What an integration's settings are: config.ts and the manifest's env_vars say it together, and either is enough.

import type { DeclaredSetting } from "../../sdk/backend.ts";
import type { SetupManifest } from "../../sdk/manifest.ts";
import { isSecretSetting } from "../../sdk/secret-setting.ts";

export interface IntegrationSetting extends DeclaredSetting {
  /** Without a value and without a default the integration does not work. */
  required: boolean;
  description: string | null;
  /** Text, as it would stand in the environment. */
  default: string | null;
}

type EnvVar = NonNullable<SetupManifest["env_vars"]>[number];

const OPTIONAL = Symbol.for("TypeBox.Optional");

/**
 * Those of config.ts first. Where both speak: it is secret if either says so, else not if either says that, else
 * its name and type decide; the default is that of config.ts, for the code reads that one; the description the manifest's.
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

/** Keys that one of config.ts and the manifest calls secret, and the other one not. */
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

/** Of `settings.<key>` when config.ts has no default of its own. */
export function defaultInManifest(
  key: string,
  declared: readonly DeclaredSetting[],
  setup: SetupManifest | undefined,
): string | undefined {
  const ofCode = declared.find((setting) => setting.key === key)?.schema.default;
  if (textOf(ofCode) !== null) return undefined;
  return textOf(setup?.env_vars?.find((envVar) => envVar.key === key)?.default) ?? undefined;
}

function fromConfig({ key, schema }: DeclaredSetting, envVar: EnvVar | undefined): IntegrationSetting {
  const inSchema = schema.default === undefined ? undefined : textOf(schema.default);
  const fallback = inSchema ?? textOf(envVar?.default);
  const said = [schema.secret, envVar?.secret].filter((word) => typeof word === "boolean");
  return {
    key,
    secret: said.length > 0 ? said.includes(true) : isSecretSetting(key, { ...schema, default: fallback }),
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
