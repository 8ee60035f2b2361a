import type { Source } from "./source.ts";

/** The skills that the run may read, one line for each. */
export const skillIndex: Source = ({ onDemand }) => {
  if (onDemand.length === 0) return [];
  const lines = onDemand.map(
    ({ id, name, description }) => `- ${id}: ${name}${description === "" ? "" : `. ${description}`}`,
  );
  return [`Skills, which get_skill reads by id when the work calls for one:\n${lines.join("\n")}`];
};
