import { queryOptions } from "@tanstack/react-query";
import { ApiFailure } from "./failure.ts";

/** As much of a JSON Schema as is shown. */
export interface FieldSchema {
  type?: string | string[];
  description?: string;
  enum?: unknown[];
  items?: FieldSchema;
  anyOf?: FieldSchema[];
  properties?: Record<string, FieldSchema>;
  required?: string[];
  $ref?: string;
}

/** The schemas by which the API judges what it is sent, by their names in the OpenAPI document. */
export const schemas = queryOptions({
  queryKey: ["schemas"],
  queryFn: async () => {
    const answer = await fetch("/swagger/all/json");
    if (!answer.ok) throw await ApiFailure.of(answer);
    const document = (await answer.json()) as { components: { schemas: Record<string, FieldSchema> } };
    return document.components.schemas;
  },
  staleTime: Number.POSITIVE_INFINITY,
});
