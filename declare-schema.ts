// Writes a JSON Schema as a TypeScript type whose members have the schema's descriptions as comments. Types inferred from a
// schema have none, and an editor would show authors only the bare name.

interface Schema {
  type?: string | readonly string[];
  description?: string;
  properties?: Record<string, Schema>;
  required?: readonly string[];
  items?: Schema;
  enum?: readonly unknown[];
  const?: unknown;
  oneOf?: readonly Schema[];
  anyOf?: readonly Schema[];
  default?: unknown;
  pattern?: string;
  minimum?: number;
  maximum?: number;
}

/** Returns the exported declaration of a type. With `readonly`, a value may be `as const`. */
export function declareSchema(
  name: string,
  schema: object,
  { readonly = false }: { readonly?: boolean } = {},
): string {
  const writer = { indent: "", prefix: readonly ? "readonly " : "" };
  return `${commentOf(schema, "")}export type ${name} = ${typeOf(schema, writer)};\n`;
}

interface Writer {
  indent: string;
  /** Applies to arrays and members. */
  prefix: string;
}

function typeOf(schema: Schema, writer: Writer): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const alternatives = schema.oneOf ?? schema.anyOf;
  if (alternatives) return alternatives.map((one) => typeOf(one, writer)).join(" | ");
  if (typeof schema.type === "string") return simpleType(schema.type, schema, writer);
  const types = schema.type?.map((type) => simpleType(type, schema, writer)) ?? ["unknown"];
  return types.join(" | ");
}

function simpleType(type: string, schema: Schema, writer: Writer): string {
  switch (type) {
    case "integer":
      return "number";
    case "array":
      return `${writer.prefix}(${typeOf(schema.items ?? {}, writer)})[]`;
    case "object":
      return schema.properties
        ? objectType(schema, schema.properties, writer)
        : `{ ${writer.prefix}[key: string]: unknown }`;
    default:
      return type;
  }
}

function objectType(schema: Schema, properties: Record<string, Schema>, writer: Writer): string {
  const { indent, prefix } = writer;
  const inner = `${indent}  `;
  const members = Object.entries(properties).map(([name, property]) => {
    const mark = schema.required?.includes(name) ? "" : "?";
    const type = typeOf(property, { ...writer, indent: inner });
    return `${commentOf(property, inner)}${inner}${prefix}${name}${mark}: ${type};\n`;
  });
  return `{\n${members.join("")}${indent}}`;
}

function commentOf(schema: Schema, indent: string): string {
  const { description, minimum, maximum, pattern } = schema;
  const parts = [description];
  if (minimum !== undefined || maximum !== undefined) {
    parts.push(`Range: ${minimum ?? ""} to ${maximum ?? ""}.`);
  }
  if (pattern !== undefined) parts.push(`Pattern: \`${pattern}\`.`);
  const text = parts.filter((part) => part !== undefined).join(" ");
  return text === "" ? "" : `${indent}/** ${text.replaceAll("*/", "*\\/")} */\n`;
}
