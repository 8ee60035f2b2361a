/** What turns texts into vectors. */
export interface Embedder {
  /** Identifies the vectors: those of different names cannot be compared. */
  readonly name: string;
  /** Undefined until the first answer of an endpoint shows it. */
  readonly dimensions: number | undefined;
  /** Whether it needs no endpoint: it is fast and never fails, so passages are stored together with their vectors. */
  readonly isLocal: boolean;
  /** How much a hit of these vectors counts in the fused ranking; one found by its words counts 1. */
  readonly weight: number;
  /** A hit whose cosine similarity is lower is weak. */
  readonly weakBelow: number;
  /**
   * Returns a vector for each text, or null for a text that has none, such as one of white space or emoji only.
   * @throws HeddleError "upstream" when an endpoint fails.
   */
  embed(texts: string[], signal?: AbortSignal): Promise<(Float32Array | null)[]>;
}

/** The embedder, for clients. */
export interface Embeddings extends Pick<Embedder, "embed"> {
  /** The name by which they ask for it. */
  model: string;
}
