import type { Static, TObject, TSchema } from "@sinclair/typebox";
import { HeddleError } from "../errors.ts";
import { isMultiple } from "../schema/multiple-of.ts";
import { nearest } from "../schema/nearest.ts";
import { isSecretName } from "../secrets/names.ts";
import { shown } from "./arguments.ts";
import type { DeclaredSetting, SdkBackend } from "./backend.ts";
import { MissingSetting } from "./errors.ts";
import { isSecretSetting } from "./secret-setting.ts";
import { expectation, type SettingSchema } from "./setting-expectation.ts";

/** TypeBox's mark of `t.Optional(…)`. */
const OPTIONAL = Symbol.for("TypeBox.Optional");
const NUMBER_TEXTS = ["integer", "numeric", "boolean"];
const TRUE = ["true", "1", "yes", "on"];
const FALSE = ["false", "0", "no", "off"];

/** The settings that `defineConfig` returns, typed by their schemas. */
export type Settings<Properties extends Record<string, TSchema>> = Readonly<Static<TObject<Properties>>>;

/**
 * Declares an integration's settings, each a string, number, integer, boolean or union of literals, and returns an
 * object that looks the value up at each access: the stored setting, otherwise the environment, otherwise `default`.
 * An empty text counts as not set. A setting with neither value nor default is undefined if it is `t.Optional(…)`;
 * otherwise reading it throws "unavailable". An invalid value throws "validation". A setting with `{ secret: true }`
 * is secret, and so is one that says nothing, unless its name or type is plainly harmless: see `isSecretSetting`.
 */
export type DefineConfig = <Properties extends Record<string, TSchema>>(
  properties: Properties,
) => Settings<Properties>;

export function createDefineConfig(
  backend: Pick<SdkBackend, "getSetting" | "declareSetting" | "addSecret">,
): DefineConfig {
  return (properties) => {
    if (typeof properties !== "object" || properties === null) {
      throw new HeddleError(
        "validation",
        `The argument of defineConfig() must be an object of schemas; got ${shown(properties)}.`,
      );
    }
    const settings: Record<string, unknown> = {};
    for (const [key, schema] of Object.entries(properties)) {
      checkSchema(key, schema);
      const secret = (schema as SettingSchema).secret ?? isSecretSetting(key, schema);
      const declared: DeclaredSetting = { key, secret, schema };
      backend.declareSetting(declared);
      const text = textReader(backend, declared);
      // Read once now, so that a secret is redacted in the first log line already. A setting that would be secret
      // only by default waits for the manifest, which may say otherwise.
      if ((schema as SettingSchema).secret ?? isSecretName(key)) text();
      Object.defineProperty(settings, key, {
        enumerable: true,
        get: () => readValue(declared, text()),
      });
    }
    return refusingUnknown(settings) as never;
  };
}

/** A setting is a text, as in the environment. A list or an object would be read as its text, whatever its type says. */
function checkSchema(key: string, schema: unknown): void {
  const isSchema = typeof schema === "object" && schema !== null && !Array.isArray(schema);
  if (isSchema && alternatives(schema).some(({ type }) => type === undefined || TYPES.includes(type))) return;
  const got = isSchema ? `one of the type ${(schema as SettingSchema).type}` : shown(schema);
  throw new HeddleError(
    "validation",
    `The schema of the setting ${key} must be t.String(), t.Number(), t.Integer(), t.Boolean() or a union of literals; got ${got}.`,
    { field: key },
  );
}

const TYPES = ["string", "number", "integer", "boolean"];

/** Properties that the language and test runners read on any object; none of them is the name of a setting. */
const ASKED_OF_EVERYTHING = ["then", "toJSON", "asymmetricMatch", "nodeType", "tagName", "inspect"];

/** Throws for unknown names, so that a misspelt name is not silently undefined. */
function refusingUnknown(settings: Record<string, unknown>): Record<string, unknown> {
  return new Proxy(settings, {
    get(target, key) {
      const isKnown =
        typeof key === "symbol" || key in target || key.startsWith("$$") || ASKED_OF_EVERYTHING.includes(key);
      if (!isKnown) throw unknownSetting(key, Object.keys(target));
      return Reflect.get(target, key);
    },
    set(target, key) {
      if (typeof key === "string" && !(key in target)) throw unknownSetting(key, Object.keys(target));
      throw new HeddleError(
        "internal",
        `The setting ${String(key)} must not be assigned: settings are read-only here.`,
        { field: String(key) },
      );
    },
  });
}

/** "internal", because the mistake is in the integration's code and not in a request. */
function unknownSetting(key: string, known: string[]): HeddleError {
  const meant = nearest(key, known);
  const hint =
    meant !== undefined
      ? `did you mean ${meant}?`
      : `declared are ${known.length === 0 ? "none" : known.join(", ")}.`;
  return new HeddleError("internal", `The setting ${key} is not declared with defineConfig(); ${hint}`, {
    field: key,
  });
}

function textReader(
  backend: Pick<SdkBackend, "getSetting" | "addSecret">,
  declared: DeclaredSetting,
): () => string | undefined {
  let reported: string | undefined;
  return () => {
    const text = backend.getSetting(declared.key);
    if (declared.secret && text && text !== reported) {
      reported = text;
      backend.addSecret(text);
    }
    return text === "" ? undefined : text;
  };
}

function readValue(declared: DeclaredSetting, text: string | undefined): unknown {
  if (text !== undefined) return parseSetting(declared, text);
  const { key, schema } = declared;
  if (schema.default !== undefined) return schema.default;
  if (OPTIONAL in schema) return undefined;
  throw new MissingSetting(key);
}

/** Returns the value in the declared type. Throws "validation", whose message never shows a secret. */
export function parseSetting({ key, schema, secret }: DeclaredSetting, given: string): unknown {
  const text = secret ? given.trim() : given;
  if (secret && isSecretName(key) && hasLines(text)) {
    throw new HeddleError(
      "validation",
      `The setting ${key} must be one line, a key in PEM, or JSON; got a value with a line break.`,
      { field: key },
    );
  }
  for (const alternative of alternatives(schema)) {
    const value = convert(alternative, text);
    if (value !== undefined && fits(alternative, value)) return value;
  }
  const got = secret ? "another value" : JSON.stringify(text);
  throw new HeddleError(
    "validation",
    `The setting ${key} must be ${expectation(schema, alternatives)}; got ${got}.`,
    {
      field: key,
    },
  );
}

/** A value with line breaks cannot be put into a header, and the resulting error looks like a network problem. */
const hasLines = (text: string): boolean =>
  /[\r\n]/.test(text) && !text.startsWith("-----BEGIN ") && !text.startsWith("{");

/** Elysia's `t.Integer()` also allows a text, which is what gets converted here. */
const alternatives = (schema: SettingSchema): SettingSchema[] =>
  schema.anyOf?.filter(({ format }) => format === undefined || !NUMBER_TEXTS.includes(format)) ?? [schema];

function convert(schema: SettingSchema, text: string): unknown {
  switch (schema.type) {
    case "number":
    case "integer": {
      const number = text.trim() === "" ? Number.NaN : Number(text);
      return Number.isFinite(number) && (schema.type === "number" || Number.isSafeInteger(number))
        ? number
        : undefined;
    }
    case "boolean":
      if (TRUE.includes(text.trim().toLowerCase())) return true;
      return FALSE.includes(text.trim().toLowerCase()) ? false : undefined;
    default:
      return text;
  }
}

function fits(schema: SettingSchema, value: unknown): boolean {
  if (schema.const !== undefined && value !== schema.const) return false;
  if (schema.enum !== undefined && !schema.enum.includes(value)) return false;
  if (typeof value === "number") return fitsNumber(schema, value);
  if (typeof value !== "string") return true;
  if (schema.pattern !== undefined && !new RegExp(schema.pattern).test(value)) return false;
  return value.length >= (schema.minLength ?? 0) && value.length <= (schema.maxLength ?? Infinity);
}

function fitsNumber(schema: SettingSchema, value: number): boolean {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema;
  if (multipleOf !== undefined && !isMultiple(value, multipleOf)) return false;
  return (
    value >= (minimum ?? -Infinity) &&
    value <= (maximum ?? Infinity) &&
    value > (exclusiveMinimum ?? -Infinity) &&
    value < (exclusiveMaximum ?? Infinity)
  );
}
