import type { Source } from "./source.ts";

/** How the answer must look, for a run with an output_schema. */
export const outputFormat: Source = ({ outputSchema }) =>
  outputSchema
    ? [
        `Your final answer must be one JSON value that matches this JSON Schema, and nothing else: no code block, no text around it.\n\n${JSON.stringify(outputSchema)}`,
      ]
    : [];
