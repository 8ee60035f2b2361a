// What makes embeddings, as the environment says. Without EMBEDDING_MODEL, Heddle makes them itself: no text leaves the
// machine unless somebody has said so.

import { HeddleError } from "../errors.ts";
import type { VariableReader } from "./read-variables.ts";

export interface EmbeddingSettings {
  readonly model: string;
  /** Undefined: the model's own. */
  readonly dimensions: number | undefined;
  /** A hit whose cosine similarity is lower is weak. */
  readonly weakBelow: number;
  /** Undefined: the model is one of a stored provider, named `provider/model`. */
  readonly endpoint:
    | {
        readonly apiKey: string | undefined;
        /** Undefined: OpenAI's own. */
        readonly baseUrl: string | undefined;
        /** Whether it was named for embeddings; else a stored provider of the model's first part comes first. */
        readonly isOwn: boolean;
      }
    | undefined;
}

const BUILTIN = "builtin";

/** Undefined: the embedder inside Heddle. OpenAI's key is sent only to OpenAI's own address or to OPENAI_BASE_URL. */
export function embeddingSettings(read: VariableReader): EmbeddingSettings | undefined {
  const model = read.text("EMBEDDING_MODEL");
  const ownUrl = read.endpointUrl("EMBEDDING_BASE_URL");
  const ownKey = read.secret("EMBEDDING_API_KEY");
  const dimensions = read.integer("EMBEDDING_DIMENSIONS", 0, 0, 4_000);
  const weakBelow = read.integer("EMBEDDING_WEAK_BELOW", 30, 0, 100) / 100;
  if (model === undefined || model === BUILTIN) return undefined;
  const baseUrl = ownUrl ?? read.endpointUrl("OPENAI_BASE_URL");
  const apiKey = ownKey ?? (ownUrl ? undefined : read.secret("OPENAI_API_KEY"));
  const isNamed = apiKey !== undefined || baseUrl !== undefined;
  if (!isNamed && !/.\/./s.test(model)) {
    throw new HeddleError(
      "config",
      "EMBEDDING_MODEL needs an endpoint: set EMBEDDING_API_KEY for OpenAI, or EMBEDDING_BASE_URL for another one; or name a model of a stored provider, as provider/model; or leave out EMBEDDING_MODEL to use the embeddings inside Heddle.",
      { field: "EMBEDDING_MODEL" },
    );
  }
  const isOwn = ownUrl !== undefined || ownKey !== undefined;
  return Object.freeze({
    model,
    dimensions: dimensions === 0 ? undefined : dimensions,
    weakBelow,
    endpoint: isNamed ? Object.freeze({ apiKey, baseUrl, isOwn }) : undefined,
  });
}
