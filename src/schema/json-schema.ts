// JSON Schema validation with messages that name the field.

import Ajv, { type ErrorObject, type Options, str } from "ajv";
import addFormats from "ajv-formats";
import { isMultiple } from "./multiple-of.ts";
import { nearest } from "./nearest.ts";
import { patternWords } from "./pattern-words.ts";

export interface Violation {
  /** The dotted path from the root; "" for the root itself. */
  field: string;
  message: string;
}

/** Returns at most MOST_VIOLATIONS, because a value with a hundred thousand faults is easily made. */
export type Validate = (value: unknown) => Violation[];

const MOST_VIOLATIONS = 50;

/** Checks schemas themselves. Shared, because compiling the meta-schema takes longer than compiling most schemas. */
const checker = new Ajv({ strict: false, verbose: true });

/** What a schema that passes its check may have, and still fail to compile; besides regular expressions. */
const MAY_NOT_COMPILE = /"(?:\$\w+|patternProperties|nullable|format\w+)":|"id":"|"enum":\[\]/;
const PATTERN = /"pattern":("(?:[^"\\]|\\.)*")/g;

/**
 * Checks a schema (TypeBox's are JSON Schema), and compiles it on first use, because a server has hundreds of them and uses few.
 * With `useDefaults`, validating puts each property's `default` where the value has none; inside of alternatives there are no
 * defaults. Throws if the schema itself is invalid.
 */
export function compileSchema(schema: object, { useDefaults = false } = {}): Validate {
  const plain = plainSchema(schema);
  const wrong = wrongIn(plain);
  if (wrong !== undefined) throw new Error(`It is not JSON Schema: ${wrong}`);
  const compile = () => compileWith(plain, { useDefaults, validateSchema: false, code: { optimize: false } });
  return mayNotCompile(JSON.stringify(plain)) ? compile() : onFirstUse(compile);
}

function mayNotCompile(schema: string): boolean {
  if (MAY_NOT_COMPILE.test(schema)) return true;
  try {
    for (const [, pattern = ""] of schema.matchAll(PATTERN)) new RegExp(JSON.parse(pattern), "u");
    return false;
  } catch {
    return true;
  }
}

/** What is wrong with a schema itself: "properties.room.type must be one of: …". Undefined: nothing. */
export function schemaProblem(schema: object): string | undefined {
  try {
    return wrongIn(plainSchema(schema));
  } catch {
    return "it must be plain JSON";
  }
}

function wrongIn(plain: Schema): string | undefined {
  if (checker.validateSchema(plain)) return undefined;
  const errors = checker.errors ?? [];
  // Of several alternatives each says what it lacks, and "anyOf" that none fits.
  const { field, message } = violation(
    (errors.find(({ keyword }) => keyword !== "anyOf") ?? errors[0]) as ErrorObject,
  );
  return `${field === "" ? "it" : field} ${message}`;
}

/**
 * Compiles a schema of Heddle's own, on first use and without checking or optimising it, which saves most of the time.
 * OpenAPI's keyword `discriminator` picks the variant to check; only here, because schemas from outside use it in ways
 * that Ajv refuses.
 */
export const compileOwnSchema = (schema: object): Validate =>
  onFirstUse(() =>
    compileWith(schema, { discriminator: true, validateSchema: false, code: { optimize: false } }),
  );

function onFirstUse(compile: () => Validate): Validate {
  let validate: Validate | undefined;
  return (value) => {
    validate ??= compile();
    return validate(value);
  };
}

/**
 * Compiles a schema that a stranger may have sent. Formats, whose expressions may take long, are not checked, and inherited
 * properties do not count.
 */
export function compileAnswerSchema(schema: object): Validate {
  if (!checker.validateSchema(schema)) {
    throw new Error(checker.errorsText(checker.errors, { dataVar: "schema" }));
  }
  const options = { validateFormats: false, ownProperties: true, validateSchema: false } as const;
  return validatorOf(new Ajv({ strict: false, allErrors: true, verbose: true, ...options }), schema);
}

function compileWith(schema: object, options: Options): Validate {
  // Nothing but a reference to the meta-schema needs it, and reading it takes longer than compiling most schemas.
  const meta = JSON.stringify(schema).includes("json-schema.org");
  const ajv = new Ajv({ strict: false, allErrors: true, verbose: true, meta, ...options });
  addFormats(ajv);
  return validatorOf(ajv, plainSchema(schema));
}

function validatorOf(ajv: Ajv, schema: object): Validate {
  const validate = countingAsPeopleDo(ajv).compile(schema);
  return (value) => (validate(value) ? [] : (validate.errors ?? []).slice(0, MOST_VIOLATIONS).map(violation));
}

function countingAsPeopleDo(ajv: Ajv): Ajv {
  return ajv.removeKeyword("multipleOf").addKeyword({
    keyword: "multipleOf",
    type: "number",
    schemaType: "number",
    validate: (of: number, value: number) => isMultiple(value, of),
    error: { message: ({ schemaCode }) => str`must be a multiple of ${schemaCode}` },
  });
}

function violation(error: ErrorObject): Violation {
  const path = error.instancePath.split("/").slice(1).map(unescapePointer);
  // Ajv names the parent of a missing or unknown property; the caller needs the property.
  const property = error.params.missingProperty ?? error.params.additionalProperty;
  if (typeof property === "string") path.push(property);
  const field = path.join(".");
  if (error.keyword === "required") return { field, message: "is missing" };
  if (error.keyword === "additionalProperties") {
    return { field, message: unknownProperty(String(property), error.parentSchema?.properties) };
  }
  return { field, message: explained(error) };
}

/** The value itself is not repeated, because it may be a secret. */
function explained({ keyword, params, data, message = "is invalid" }: ErrorObject): string {
  if (keyword === "enum") return `must be one of: ${params.allowedValues.join(", ")}`;
  const words = keyword === "pattern" ? patternWords(String(params.pattern)) : undefined;
  if (words !== undefined) return `must be a string ${words}`;
  if (keyword !== "type") return message;
  const types = [params.type].flat().flatMap((type: string) => type.split(","));
  return `must be ${types.map(called).join(" or ")}; got ${called(typeOf(data))}`;
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

const called = (type: string): string =>
  ["null", "undefined"].includes(type) ? type : `${/^[aeiou]/.test(type) ? "an" : "a"} ${type}`;

function unknownProperty(property: string, known: object = {}): string {
  const meant = nearest(property, Object.keys(known));
  return `is not known here${meant === undefined ? "" : `; did you mean "${meant}"?`}`;
}

const TEXT_FORMATS = ["integer", "numeric"];

type Schema = Record<string, unknown>;

/**
 * Returns the schema as plain JSON. Elysia's `t.Integer()` and `t.Numeric()` allow the number or its text in a query
 * string; in JSON, and for a model that reads the schema, only the number is meant.
 */
export function plainSchema(schema: object): Schema {
  return simplify(JSON.parse(JSON.stringify(schema))) as Schema;
}

function simplify(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(simplify);
  if (value === null || typeof value !== "object") return value;
  const schema = value as Schema;
  const variants = Array.isArray(schema.anyOf) ? (schema.anyOf as Schema[]) : [];
  // TypeBox writes "one of these words" as a union; as an `enum` it gives one violation instead of one per word.
  if (variants.length > 0 && variants.every(isBareWord)) {
    const { anyOf: _words, ...rest } = schema;
    return simplify({ ...rest, type: "string", enum: variants.map((variant) => variant.const) });
  }
  const [text, number, ...more] = variants;
  const isPair = text?.type === "string" && TEXT_FORMATS.includes(String(text.format)) && more.length === 0;
  if (isPair && number) {
    const { anyOf: _pair, ...rest } = schema;
    return simplify({ ...rest, ...number });
  }
  return Object.fromEntries(Object.entries(schema).map(([key, inner]) => [key, simplify(inner)]));
}

function isBareWord({ const: word, type: _type, ...rest }: Schema): boolean {
  return typeof word === "string" && Object.keys(rest).length === 0;
}

const unescapePointer = (part: string) => part.replaceAll("~1", "/").replaceAll("~0", "~");
