// Model endpoints take a tool's parameters only as one object, without `anyOf`, `oneOf`, `allOf`, `not` or `enum` at the top.

type Schema = Record<string, unknown>;

/**
 * Returns a schema for models that allows at least what `schema` allows: the parts of an intersection are joined, and the
 * variants of a union become optional properties. Calls are still checked against the original.
 * @throws Error when the schema is not of an object.
 */
export function flatObject(schema: Schema): Schema {
  const { allOf, anyOf, oneOf, not: _not, enum: _enum, const: _const, ...own } = schema;
  const parts = [...objectsOf(allOf).map(flatObject), ...unionsOf(anyOf), ...unionsOf(oneOf)];
  if (own.type !== "object" && (own.type !== undefined || parts.length === 0)) {
    throw new Error('the schema must have "type": "object"');
  }
  if (parts.length === 0) return own;
  // Each part may forbid the properties of the others.
  const { additionalProperties: _closed, unevaluatedProperties: _strict, ...open } = own;
  return {
    ...open,
    type: "object",
    properties: joined([own, ...parts].map(propertiesOf), "allOf"),
    required: [...new Set([own, ...parts].flatMap(requiredOf))],
  };
}

/** The variants of a union as one object: what all of them require is required. */
function unionsOf(variants: unknown): Schema[] {
  const flat = objectsOf(variants).map(flatObject);
  const [first, ...others] = flat;
  if (!first) return [];
  const required = requiredOf(first).filter((name) =>
    others.every((other) => requiredOf(other).includes(name)),
  );
  return [{ type: "object", properties: joined(flat.map(propertiesOf), "anyOf"), required }];
}

/** Joins properties by name; those that differ are combined with `keyword`. */
function joined(parts: Schema[], keyword: "allOf" | "anyOf"): Schema {
  const byName = new Map<string, unknown[]>();
  for (const [name, schema] of parts.flatMap(Object.entries)) {
    const known = byName.get(name) ?? [];
    const isKnown = known.some((one) => JSON.stringify(one) === JSON.stringify(schema));
    if (!isKnown) byName.set(name, [...known, schema]);
  }
  const entries = [...byName].map(([name, schemas]) => [
    name,
    schemas.length === 1 ? schemas[0] : { [keyword]: schemas },
  ]);
  return Object.fromEntries(entries);
}

const objectsOf = (list: unknown): Schema[] => (Array.isArray(list) ? list.filter(isObject) : []);
const propertiesOf = ({ properties }: Schema): Schema => (isObject(properties) ? properties : {});
const requiredOf = ({ required }: Schema): string[] => (Array.isArray(required) ? required : []);
const isObject = (value: unknown): value is Schema =>
  typeof value === "object" && value !== null && !Array.isArray(value);
