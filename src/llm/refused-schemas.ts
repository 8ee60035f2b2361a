// Which schemas of answers an endpoint has refused. What it says of one says little of the next: a grammar becomes too large, or a word is
// unknown. Only an endpoint that has refused several, and taken none, takes none.

import { createHash } from "node:crypto";
import type { LlmRequest } from "./llm.ts";
import type { KnownQuirks } from "./quirks.ts";

/** Refused one after another, they are taken for all. */
const ENOUGH = 3;
/** Remembered of a model; the oldest is forgotten first. */
const MOST_SCHEMAS = 100;
const MOST_MODELS = 1_000;

interface Known {
  refused: Set<string>;
  hasTaken: boolean;
}

export type RefusedSchemas = ReturnType<typeof createRefusedSchemas>;

export function createRefusedSchemas(quirks: Pick<KnownQuirks, "add">) {
  const models = new Map<string, Known>();

  function knownOf(model: string): Known {
    const before = models.get(model);
    if (before) return before;
    const known: Known = { refused: new Set(), hasTaken: false };
    if (models.size >= MOST_MODELS) models.clear();
    models.set(model, known);
    return known;
  }

  return {
    /** The request as the model may get it: without a schema that its endpoint has refused. */
    allowed(model: string, request: LlmRequest): LlmRequest {
      const { refused } = models.get(model) ?? {};
      if (!request.outputSchema || !refused?.size || !refused.has(keyOf(request.outputSchema)))
        return request;
      return { ...request, outputSchema: undefined };
    },
    refuse(model: string, schema: Record<string, unknown>): void {
      const { refused, hasTaken } = knownOf(model);
      refused.add(keyOf(schema));
      if (!hasTaken && refused.size >= ENOUGH) quirks.add(model, { noOutputSchema: true });
      const [oldest] = refused;
      if (refused.size > MOST_SCHEMAS && oldest !== undefined) refused.delete(oldest);
    },
    take(model: string): void {
      knownOf(model).hasTaken = true;
    },
  };
}

const keyOf = (schema: Record<string, unknown>): string =>
  createHash("sha256").update(JSON.stringify(schema)).digest("base64");
