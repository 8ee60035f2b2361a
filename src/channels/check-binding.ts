// Checks a binding against the `binding` of its integration's manifest: event names and fields.

import { HeddleError } from "../errors.ts";
import type { IntegrationMeta, JsonObject } from "../sdk/types.ts";

/** The parts of a manifest's `binding` that bindings are checked against. */
export interface BindingManifest {
  client_id_prefix?: string;
  client_id_placeholder?: string;
  client_id_description?: string;
  display_name_placeholder?: string;
  event_types?: Choice[];
  config_fields?: {
    key: string;
    type: "string" | "number" | "boolean" | "multiselect";
    label?: string;
    description?: string;
    default?: unknown;
    options?: Choice[];
  }[];
}

type Choice = string | { value: string; label?: string; description?: string };

/** An integration that channels can be bound to. */
export interface Bindable {
  integration_type: string;
  integration_id: string;
  prefix: string;
  binding: BindingManifest;
}

/** The part of an integration that is needed here. */
export interface IntegrationFacts {
  id: string;
  isLive: boolean;
  meta: Pick<IntegrationMeta, "integrationType" | "clientIdPrefix"> | null;
  setup: object | null;
}

/** The live integrations with a prefix of client ids, by their registered metadata, or by their ids and manifests. */
export const bindablesIn = (integrations: readonly IntegrationFacts[]): Bindable[] =>
  integrations.flatMap(({ id, isLive, meta, setup }) => {
    // The manifest was checked when it was loaded.
    const { binding = {} } = (setup ?? {}) as { binding?: BindingManifest };
    const prefix = meta?.clientIdPrefix ?? binding.client_id_prefix;
    if (!isLive || prefix === undefined) return [];
    return [{ integration_type: meta?.integrationType ?? id, integration_id: id, prefix, binding }];
  });

export interface CheckedFields {
  client_id: string;
  event_filter: string[] | null;
  config: JsonObject;
}

/** Returns the fields with defaults filled in. Throws `validation` with the field. */
export function checkBinding(
  { integration_type, prefix, binding }: Bindable,
  { client_id, event_filter, config }: CheckedFields,
): CheckedFields {
  if (!client_id.startsWith(prefix) || client_id.length === prefix.length) {
    throw invalid("client_id", `must begin with "${prefix}" and continue after it`);
  }
  const events = binding.event_types?.map(choiceOf);
  for (const [index, event] of (event_filter ?? []).entries()) {
    if (events && !events.includes(event)) {
      throw invalid(`event_filter.${index}`, `must be one of ${events.join(", ")}`);
    }
  }
  const fields = binding.config_fields ?? [];
  for (const key of Object.keys(config)) {
    if (fields.some((field) => field.key === key)) continue;
    const known = fields.map((field) => field.key).join(", ") || "none";
    throw invalid(
      `config.${key}`,
      `must be left out: it is not a field of ${integration_type}; its fields are: ${known}`,
    );
  }
  const filled: JsonObject = {};
  for (const field of fields) {
    const value = config[field.key] ?? field.default;
    if (value === undefined || value === null) continue;
    const problem = problemOf(field, value);
    if (problem) throw invalid(`config.${field.key}`, problem);
    filled[field.key] = value;
  }
  return { client_id, event_filter: event_filter?.length ? event_filter : null, config: filled };
}

type Field = NonNullable<BindingManifest["config_fields"]>[number];

function problemOf({ type, options }: Field, value: unknown): string | undefined {
  if (type !== "multiselect") return typeof value === type ? undefined : `must be a ${type}`;
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string")) {
    return "must be a list of strings";
  }
  const offered = options?.map(choiceOf);
  const other = offered && value.find((item) => !offered.includes(item));
  return other === undefined ? undefined : `must have only ${offered?.join(", ")}`;
}

const choiceOf = (option: Choice) => (typeof option === "string" ? option : option.value);

const invalid = (field: string, message: string) =>
  new HeddleError("validation", `${field} ${message}.`, { field });
