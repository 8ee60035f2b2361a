// How an answer is stored that the model's output limit cut, so that clients can tell it from a whole one.

/** In the metadata of the answer. */
export const CUT = { finish_reason: "length" } as const;

export const isCutAnswer = ({ metadata }: { metadata: Record<string, unknown> }): boolean =>
  metadata.finish_reason === CUT.finish_reason;
