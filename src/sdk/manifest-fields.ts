// The kinds of fields of which the schema of a manifest consists.

import { type TProperties, type TSchema, Type } from "@sinclair/typebox";

/** An object without unknown keys: a misspelt key would silently have no effect. */
export const strict = <Properties extends TProperties>(properties: Properties, description: string) =>
  Type.Object(properties, { description, additionalProperties: false });

export const text = (description: string) => Type.String({ minLength: 1, description });
export const optional = (description: string) => Type.Optional(Type.String({ description }));
export const list = <Schema extends TSchema>(items: Schema, description: string) =>
  Type.Optional(Type.Array(items, { description }));
export const oneOf = <const Word extends string>(words: readonly Word[], description: string) =>
  Type.Unsafe<Word>({ type: "string", enum: words, description });

/** The name of an icon of lucide.dev; the UI shows unknown names as Plug. */
export const icon = (fallback: string) => optional(`Name of a lucide icon. Default: ${fallback}.`);

export const path = (description: string, pattern = "^/[^?#\\s]*$") => Type.String({ pattern, description });
