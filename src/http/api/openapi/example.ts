// Example bodies for routes of integrations whose authors have written none, so that a route's schema accepts what a test client
// sends first.

import { compileSchema } from "../../../schema/json-schema.ts";
import { isJson, type Json, openApiSchema } from "../../../schema/openapi-schema.ts";
import { hasFile } from "./operation.ts";

const MOST_ITEMS = 8;
const LONGEST = 1_000;

const OF_FORMAT: Record<string, string> = {
  date: "2026-01-31",
  "date-time": "2026-01-31T12:00:00Z",
  time: "12:00:00Z",
  email: "ada@example.com",
  hostname: "example.com",
  ipv4: "192.0.2.1",
  uri: "https://example.com/",
  url: "https://example.com/",
  uuid: "0198c0de-0000-7000-8000-000000000000",
};

const SAYS_WHAT_IT_IS = ["type", "anyOf", "oneOf", "allOf", "enum", "const", "default", "examples"];

/** The smallest value that the schema of a body accepts, with the properties' names for texts. Undefined if none was found. */
export function exampleOf(body: unknown): unknown {
  if (!isJson(body) || hasFile(body)) return undefined;
  try {
    // Elysia's numbers are also texts, which the document leaves out.
    const schema = openApiSchema(body, new Map());
    if (!SAYS_WHAT_IT_IS.some((key) => key in schema)) return undefined;
    const example = sampleOf(schema, "text");
    return compileSchema(schema)(example).length === 0 ? example : undefined;
  } catch {
    // An author's schema may refer to itself, or be none.
    return undefined;
  }
}

/** `name` is that of the property. */
function sampleOf(schema: Json, name: string): unknown {
  const { examples, anyOf, oneOf, allOf, type } = schema;
  if (schema.default !== undefined) return schema.default;
  if (schema.const !== undefined) return schema.const;
  for (const given of [examples, schema.enum]) if (Array.isArray(given) && given.length > 0) return given[0];
  const [choice] = [anyOf, oneOf].flatMap((one) => (Array.isArray(one) ? one.filter(isJson) : []));
  if (choice) return sampleOf(choice, name);
  if (Array.isArray(allOf))
    return Object.assign({}, ...allOf.filter(isJson).map((one) => sampleOf(one, name)));
  switch (Array.isArray(type) ? type[0] : type) {
    case "string":
      return textOf(schema, name);
    case "number":
    case "integer":
      return Number(schema.minimum ?? Math.min(1, Number(schema.maximum ?? 1)));
    case "boolean":
      return true;
    case "array":
      return itemsOf(schema, name);
    case "null":
      return null;
    default:
      return propertiesOf(schema);
  }
}

function textOf({ format, minLength = 0, maxLength = LONGEST }: Json, name: string): string {
  const known = OF_FORMAT[String(format)];
  if (known !== undefined) return known;
  return name.padEnd(Math.min(Number(minLength), LONGEST), ".").slice(0, Number(maxLength));
}

const itemsOf = ({ items, minItems = 1 }: Json, name: string): unknown[] =>
  isJson(items)
    ? Array.from({ length: Math.min(Number(minItems), MOST_ITEMS) }, () => sampleOf(items, name))
    : [];

function propertiesOf({ properties, required }: Json): Json {
  const names = Array.isArray(required) ? required.map(String) : [];
  const known = isJson(properties) ? properties : {};
  return Object.fromEntries(
    names.map((name) => [name, isJson(known[name]) ? sampleOf(known[name], name) : {}]),
  );
}
