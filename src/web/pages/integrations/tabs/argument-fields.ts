// Which arguments of a tool a plain form can hold: texts, numbers, choices and switches at the top of its schema.

import type { components } from "../../../api/openapi.gen.ts";

export interface ArgumentField {
  name: string;
  kind: "text" | "number" | "integer" | "boolean" | "choice";
  description: string | undefined;
  required: boolean;
  options: string[];
  /** How a switch stands where the argument is left out. */
  preset: boolean;
}

interface Property {
  type?: string | string[];
  description?: string;
  default?: unknown;
  enum?: unknown[];
  anyOf?: { const?: unknown; type?: string }[];
}

/** Undefined: an argument is an object or a list, so only JSON can hold them. */
export function fieldsOf({
  parameters,
}: Pick<components["schemas"]["Tool"], "parameters">): ArgumentField[] | undefined {
  const { properties = {}, required = [] } = parameters as {
    properties?: Record<string, Property>;
    required?: string[];
  };
  const fields: ArgumentField[] = [];
  for (const [name, property] of Object.entries(properties)) {
    const kind = kindOf(property);
    // If it is optional, it is left out rather than giving up the whole form.
    if (kind === undefined && required.includes(name)) return undefined;
    if (kind === undefined) continue;
    const { description } = property;
    const preset = property.default === true;
    const options = optionsOf(property);
    fields.push({ name, kind, description, required: required.includes(name), options, preset });
  }
  return fields;
}

/** A switch that nobody has touched says something all the same: what the tool requires is sent as it is shown. */
export const beginningOf = (fields: readonly ArgumentField[]): Record<string, boolean> =>
  Object.fromEntries(
    fields
      .filter(({ kind, required }) => kind === "boolean" && required)
      .map(({ name, preset }) => [name, preset]),
  );

function kindOf(property: Property): ArgumentField["kind"] | undefined {
  if (optionsOf(property).length > 0) return "choice";
  const types = [property.type, ...(property.anyOf ?? []).map(({ type }) => type)].flat();
  const [type, ...others] = types.filter((one) => one !== undefined && one !== "null");
  if (others.length > 0) return undefined;
  if (type === "string") return "text";
  return type === "number" || type === "integer" || type === "boolean" ? type : undefined;
}

function optionsOf({ enum: words, anyOf = [] }: Property): string[] {
  const all = words ?? anyOf.map((one) => one.const);
  return all.every((one) => typeof one === "string") ? all.map(String) : [];
}
