// Embeddings in OpenAI's form, by the embedder that search uses.

import { HeddleError } from "../../errors.ts";
import type { Embeddings } from "../../search/embedder.ts";
import { invalid, objectIn, textIn } from "./fields.ts";

interface EmbeddingsRequest {
  model: string;
  texts: string[];
  isBase64: boolean;
}

const MOST_TEXTS = 256;

export function readEmbeddingsRequest(value: unknown): EmbeddingsRequest {
  const body = objectIn(value);
  const { input, encoding_format: format = "float", dimensions } = body;
  const texts = typeof input === "string" ? [input] : input;
  const isList = Array.isArray(texts) && texts.length > 0 && texts.length <= MOST_TEXTS;
  if (!isList || !texts.every((text) => typeof text === "string")) {
    throw invalid("input", `a text, or a list of 1 to ${MOST_TEXTS} texts; numbers of tokens are not taken`);
  }
  if (format !== "float" && format !== "base64") throw invalid("encoding_format", '"float" or "base64"');
  if (dimensions !== undefined && dimensions !== null) {
    throw invalid("dimensions", "left out: the server's setting EMBEDDING_DIMENSIONS decides");
  }
  return { model: textIn(body, "model"), texts, isBase64: format === "base64" };
}

export async function embeddingsAnswer(
  { model, texts, isBase64 }: EmbeddingsRequest,
  embeddings: Embeddings,
  signal: AbortSignal,
): Promise<object> {
  if (model !== embeddings.model) {
    const message = `There is no model "${model}" for embeddings; this server has "${embeddings.model}".`;
    throw new HeddleError("not_found", message, { field: "model" });
  }
  const vectors = await embeddings.embed(texts, signal);
  const data = vectors.map((vector, index) => {
    if (!vector) throw invalid(`input.${index}`, "a text with words, which this one has none of");
    return { object: "embedding", index, embedding: isBase64 ? base64(vector) : [...vector] };
  });
  // The embedder does not count tokens, and the form requires a number.
  return { object: "list", model, data, usage: { prompt_tokens: 0, total_tokens: 0 } };
}

/** Little-endian 32-bit floats. */
const base64 = (vector: Float32Array): string =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");
