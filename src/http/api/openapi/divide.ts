// Divides the document: a part has the routes about certain things, and only the components that these use.

import { isJson, type Json } from "../../../schema/openapi-schema.ts";
import type { OpenApiDocument } from "./document.ts";

/** Returns the part of a document whose routes have a tag that is wanted. */
export function partOf(whole: OpenApiDocument, isWanted: (tag: string) => boolean): OpenApiDocument {
  const paths = Object.fromEntries(
    Object.entries(whole.paths).flatMap(([path, operations]) => {
      const wanted = Object.entries(operations).filter(([, { tags }]) => isWanted(firstOf(tags)));
      return wanted.length > 0 ? [[path, Object.fromEntries(wanted)]] : [];
    }),
  );
  return {
    ...whole,
    tags: whole.tags.filter(({ name }) => isWanted(name)),
    paths,
    components: usedOf(whole.components, paths),
  };
}

const firstOf = (tags: unknown): string => (Array.isArray(tags) ? String(tags[0]) : "");

const REFERENCE = "#/components/";

/** The components that are referred to from a value, directly or through other components, in their order. */
function usedOf(components: Json, from: unknown): Json {
  const used = new Set<string>();
  const kindOf = (kind: string): Json => (isJson(components[kind]) ? components[kind] : {});
  const follow = (value: unknown): void => {
    if (typeof value !== "object" || value === null) return;
    const reference = isJson(value) ? String(value.$ref ?? "") : "";
    if (reference.startsWith(REFERENCE) && !used.has(reference)) {
      used.add(reference);
      const [kind = "", name = ""] = reference.slice(REFERENCE.length).split("/");
      follow(kindOf(kind)[name]);
    }
    for (const inner of Object.values(value)) follow(inner);
  };
  follow(from);
  const { securitySchemes } = components;
  const kinds = Object.keys(components).filter((kind) => kind !== "securitySchemes");
  const kept = kinds.map((kind) => {
    const isUsed = ([name]: [string, unknown]) => used.has(`${REFERENCE}${kind}/${name}`);
    return [kind, Object.fromEntries(Object.entries(kindOf(kind)).filter(isUsed))];
  });
  return { ...Object.fromEntries(kept), securitySchemes };
}
