// Which arguments of a tool a plain form can hold: texts, numbers, choices and switches at the top of its schema.

import type { Schema } from "../../../api/client.ts";

export interface ArgumentField {
  name: string;
  kind: "text" | "number" | "integer" | "boolean" | "choice";
  description: string | undefined;
  required: boolean;
  options: string[];
}

interface Property {
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  anyOf?: { const?: unknown; type?: string }[];
}

/** Undefined: an argument is an object or a list, so only JSON can hold them. */
export function fieldsOf({ parameters }: Pick<Schema<"Tool">, "parameters">): ArgumentField[] | undefined {
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
    fields.push({ name, kind, description, required: required.includes(name), options: optionsOf(property) });
  }
  return fields;
}

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
